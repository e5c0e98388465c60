"""One scenario, carried out for all subjects side by side."""

from __future__ import annotations

import asyncio
import dataclasses
import hashlib
import time
from collections.abc import Callable, Sequence

from seawall_chaos.endpoints import Firing, Injection
from seawall_chaos.errors import StackError
from seawall_chaos.evidence import Evidence, InjectedWindow, success_rate
from seawall_chaos.halt import Halt, HaltedError
from seawall_chaos.lane import Lane
from seawall_chaos.load import LoadShape, PlannedCall, plan_calls
from seawall_chaos.loader import ScenarioFile
from seawall_chaos.recording import LoadCount, SteadyState
from seawall_chaos.stack import ProviderRequest
from seawall_chaos.subject import Outage
from seawall_chaos.timeline import Step, Window, expand, steps

# From "go" to the first call: the orders must have reached every worker by then.
LEAD_S = 0.05
# What ends a call after its deadline: the worker's grace, and the news of it.
DRAIN_S = 3.0
COLLECT_S_MAX = 10.0


@dataclasses.dataclass(frozen=True)
class TrialResult:
    """What a scenario gave, by subject; `partial` says why it did not come to its end."""

    evidence: dict[str, Evidence]
    steady_state: dict[str, SteadyState]
    load_count: dict[str, LoadCount]
    partial: str | None


@dataclasses.dataclass(frozen=True)
class Span:
    """Calls that were to be made from `start_s` of the monotonic clock on."""

    plan: Sequence[PlannedCall]
    start_s: float


class Trial:
    """Steady state, then the method under load, then everything healed and both sides' journals joined."""

    def __init__(
        self,
        file: ScenarioFile,
        lanes: Sequence[Lane],
        *,
        seed: int,
        halt: Halt,
        tick: Callable[[Trial], None],
    ) -> None:
        """`tick` is called a few times a second, to show how far it is."""
        self.file = file
        self.scenario = file.scenario
        self.lanes = [lane for lane in lanes if lane.specs(file.scenario)]
        self.windows = expand(file.scenario)
        self.plan = plan_calls(self._shape("", file.scenario.run_s, seed))
        self.start_s: float | None = None
        self._seed = seed
        self._halt = halt
        self._tick = tick
        self._steady: dict[str, SteadyState] = {}
        self._injections: dict[tuple[str, str], Injection] = {}
        self._faults = {
            number: entry.parse(seed=_entry_seed(seed, file.name, number))
            for number, entry in enumerate(file.scenario.method, 1)
        }

    async def run(self) -> TrialResult:
        """Carry it out. A run that is stopped still gives what was seen until then."""
        partial = None
        try:
            await self._halt.unless_halted(self._prepare())
            await self._halt.unless_halted(self._check_steady_state())
            await self._halt.unless_halted(self._carry_out())
        except (HaltedError, StackError) as error:
            partial = str(error)
        if partial is not None:
            await asyncio.gather(*map(self._give_up, self.lanes))
        found = await asyncio.gather(*(self._collect(lane) for lane in self.lanes))
        trouble = partial or next((trouble for _, trouble in found if trouble), None)
        return TrialResult(
            {evidence.subject: evidence for evidence, _ in found},
            self._steady,
            {e.subject: LoadCount(intended=len(e.plan), sent=len(e.started)) for e, _ in found},
            trouble,
        )

    def _shape(self, suffix: str, duration_s: float, seed: int) -> LoadShape:
        load = self.scenario.load
        return LoadShape(
            name=self.file.name + suffix,
            seed=seed,
            duration_s=duration_s,
            rate_per_s=load.rate_per_s,
            arrivals=load.arrivals,
            stream_share=load.stream_share,
        )

    async def _prepare(self) -> None:
        if not self.lanes:
            raise StackError(f"no subject of this run speaks a wire of {self.file.name}")
        await asyncio.gather(*(lane.prepare(self.scenario) for lane in self.lanes))

    async def _make_calls(self, shape: LoadShape, start_s: float, windows: Sequence[Window] = ()) -> None:
        load = self.scenario.load
        orders = (
            lane.worker.make_calls(
                shape,
                start_s=start_s + self._delay_s(lane),
                deadline_s=load.deadline_s,
                outstanding_max=load.outstanding_max,
                outages=[Outage(w.on, start_s + w.start_s, start_s + w.end_s) for w in windows],
            )
            for lane in self.lanes
        )
        await asyncio.gather(*orders)

    def _delay_s(self, lane: Lane) -> float:
        """How much later than planned a lane's calls are made.

        Calls at constant intervals would come to all subjects in the same instant, and each would measure the others'
        work: the lanes are spread over one interval. Random arrivals need no such thing.
        """
        load = self.scenario.load
        if load.arrivals != "constant":
            return 0.0
        return self.lanes.index(lane) / len(self.lanes) / load.rate_per_s

    async def _check_steady_state(self) -> None:
        rule = self.scenario.steady_state
        shape = self._shape(".steady", rule.for_s, self._seed)
        span = Span(plan_calls(shape), time.monotonic() + LEAD_S)
        await self._make_calls(shape, span.start_s)
        await self._finish(rule.for_s + self.scenario.load.deadline_s + DRAIN_S)
        for lane in self.lanes:
            rate = success_rate(self._evidence(lane, span, await lane.stack.journal(), ()))
            at_least = rule.success_rate.at_least
            self._steady[lane.subject] = SteadyState(
                met=bool(span.plan) and rate >= at_least,
                calls=len(span.plan),
                success_rate=rate,
                at_least=at_least,
            )

    async def _carry_out(self) -> None:
        plan = self._steps()
        # What is to be in force from the start is so before the first call.
        await self._take_all([step for step in plan if step.at_s <= 0])
        self.start_s = time.monotonic() + LEAD_S
        await self._make_calls(self._shape("", self.scenario.run_s, self._seed), self.start_s, self.windows)
        showing = asyncio.create_task(self._show())
        try:
            for step in plan:
                if step.at_s > 0:
                    await asyncio.sleep(max(0.0, self.start_s + step.at_s - time.monotonic()))
                    await self._take_all([step])
            limit_s = self.scenario.load.deadline_s + DRAIN_S + self.start_s + self.scenario.run_s
            await self._finish(limit_s - time.monotonic())
        finally:
            showing.cancel()

    async def _take_all(self, changes: Sequence[Step]) -> None:
        for step in changes:
            await asyncio.gather(*(self._take(step, lane) for lane in self.lanes))

    def _steps(self) -> list[Step]:
        """What to do when.

        A fault that lasts to the end of the load is healed when the last call has ended: it spares nobody who waits.
        """
        end_s = self.scenario.run_s
        return [step for step in steps(self.windows) if step.action == "inject" or step.at_s < end_s]

    async def _finish(self, timeout_s: float) -> None:
        await asyncio.gather(*(lane.worker.finish(timeout_s) for lane in self.lanes))

    async def _show(self) -> None:
        while True:
            self._tick(self)
            await asyncio.sleep(0.25)

    async def _take(self, step: Step, lane: Lane) -> None:
        window = step.window
        if window.on not in lane.stack.endpoints:
            return
        if step.action == "inject":
            fault = self._faults[window.entry]
            injection = await lane.stack.inject(window.injection_id, fault, window.on)
        else:
            injection = await lane.stack.heal(window.injection_id)
        self._injections[lane.subject, window.injection_id] = injection

    async def _give_up(self, lane: Lane) -> None:
        try:
            await lane.worker.stop()
        except StackError:
            return  # it is gone; what it reported until then is kept

    async def _collect(self, lane: Lane) -> tuple[Evidence, str | None]:
        """Heal, then fetch what both sides saw; if the stack is gone, what is left, and why."""
        span = Span(self.plan, self.start_s) if self.start_s is not None else Span([], time.monotonic())
        journal: Sequence[ProviderRequest] | None = None
        windows: list[InjectedWindow] = []
        trouble: str | None = None
        try:
            async with asyncio.timeout(COLLECT_S_MAX):
                await self._heal(lane)
                journal = await lane.stack.journal()
                for window in self.windows:
                    windows += await self._window(lane, window)
                await lane.worker.close_client()
        except (StackError, TimeoutError) as error:
            trouble = str(error) or f"the stack of {lane.subject} did not answer in {COLLECT_S_MAX:g}s"
        return self._evidence(lane, span, journal, windows), trouble

    async def _heal(self, lane: Lane) -> None:
        await lane.stack.heal_all()
        if not lane.stack.is_healed():
            raise StackError(f"the stack of {lane.subject} is not healed after the scenario")

    async def _window(self, lane: Lane, window: Window) -> list[InjectedWindow]:
        if window.on not in lane.stack.endpoints:
            return []
        fault = self._faults[window.entry]
        injection = self._injections.get((lane.subject, window.injection_id))
        firings: list[Firing] = []
        if injection is not None:
            injection = await lane.stack.heal(window.injection_id)
            firings = await lane.stack.firings(window.injection_id)
        carrier = fault.carried_by(self.scenario.path)
        return [
            InjectedWindow(window=window, fault=fault, carrier=carrier, injection=injection, firings=firings)
        ]

    def _evidence(
        self,
        lane: Lane,
        span: Span,
        journal: Sequence[ProviderRequest] | None,
        windows: Sequence[InjectedWindow],
    ) -> Evidence:
        delay_s = self._delay_s(lane)
        return Evidence(
            scenario=self.file.name,
            subject=lane.subject,
            start_s=span.start_s,
            end_s=time.monotonic(),
            plan=[dataclasses.replace(call, intended_s=call.intended_s + delay_s) for call in span.plan],
            started=dict(lane.worker.started),
            outcomes=dict(lane.worker.outcomes),
            journal=journal,
            windows=windows,
        )


def _entry_seed(seed: int, scenario: str, entry: int) -> int:
    digest = hashlib.sha256(f"{seed}\x00{scenario}\x00{entry}".encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1
