"""Who carries out a fault: the fake providers, mitmproxy or Toxiproxy; and what each can prove of it."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from seawall_chaos.canary import CANARY_ID, Canary, Entrance
from seawall_chaos.endpoints import Firing, Injection, ProviderSpec
from seawall_chaos.faults import Fault
from seawall_chaos.faults.fault import MitmproxyRule, ToxiproxyPlan
from seawall_chaos.mitm.process import MitmproxyProcess
from seawall_chaos.simulator_process import Row, SimulatorProcess
from seawall_chaos.toxiproxy.server import ToxiproxyServer
from seawall_chaos.true_resets import SETTLE_S, TrueResets

# What a canary meets at once is waited for: then the fault is not only asked for but seen when it is in force.
AT_ONCE = frozenset({"refused", "reset"})
AT_ONCE_S = 1.0
Journal = Callable[[], Awaitable[Sequence[Row]]]


class CarrierProcess(Protocol):
    """Puts faults in force, takes them back, counts what they did."""

    async def inject(self, injection: Injection, fault: Fault) -> None:
        """In force when this returns."""

    async def heal(self, injection: Injection) -> None:
        """No longer in force when this returns."""

    async def firings(self, injection: Injection) -> list[Firing]:
        """What it did so far."""
        ...

    def forget(self) -> None:
        """Forgets everything that was healed."""


class SimulatorCarrier:
    """The fake provider misbehaves itself, byte by byte."""

    def __init__(self, simulator: SimulatorProcess, true_resets: TrueResets, journal: Journal) -> None:
        self._simulator = simulator
        self._true_resets = true_resets
        self._journal = journal
        self._faults: dict[str, dict[str, Mapping[str, Any]]] = {}
        self._resetting: set[str] = set()

    async def inject(self, injection: Injection, fault: Fault) -> None:
        """Adds the fault to those the provider has."""
        if fault.resets:
            self._resetting.add(injection.id)
            await self._true_resets.want(injection.on)
        document = {
            **fault.type.carriers["simulator"](fault.params),
            "probability": fault.probability,
            "seed": fault.seed,
            "model": fault.model,
            "id": injection.id,
        }
        self._faults.setdefault(injection.on, {})[injection.id] = document
        await self._tell(injection.on)

    async def heal(self, injection: Injection) -> None:
        """Leaves the provider the other faults it has."""
        self._faults[injection.on].pop(injection.id)
        await self._tell(injection.on)
        if injection.id in self._resetting:
            self._resetting.remove(injection.id)
            await self._true_resets.done(injection.on)

    async def firings(self, injection: Injection) -> list[Firing]:
        """The journal's rows that this fault marked."""
        marked = [
            row for row in await self._journal() if any(mark["id"] == injection.id for mark in row["faults"])
        ]
        return [
            Firing(
                row["first_byte_monotonic_s"] or row["finished_monotonic_s"] or row["arrived_monotonic_s"],
                row["client_request_id"],
                f"provider's journal: {injection.fault} on {row['request_id']}",
            )
            for row in marked
        ]

    def forget(self) -> None:
        """The journal is the provider's."""
        self._faults.clear()

    async def _tell(self, provider: str) -> None:
        await self._simulator.set_faults(provider, list(self._faults[provider].values()))


class MitmproxyCarrier:
    """mitmproxy answers, delays, cuts or rewrites by a rule."""

    def __init__(
        self,
        mitmproxy: MitmproxyProcess,
        true_resets: TrueResets,
        wires: Mapping[str, str],
        seed: int,
    ) -> None:
        self._mitmproxy = mitmproxy
        self._true_resets = true_resets
        self._wires = wires
        self._seed = seed
        self._resetting: set[str] = set()

    async def inject(self, injection: Injection, fault: Fault) -> None:
        """Adds a rule."""
        rule: MitmproxyRule = fault.type.carriers["mitmproxy"](fault.params, self._wires[injection.on])
        if fault.resets:
            self._resetting.add(injection.id)
            await self._true_resets.want(injection.on)
        await self._mitmproxy.add_rule(
            {
                "id": injection.id,
                "provider": injection.on,
                "action": rule.action,
                "probability": fault.probability,
                "seed": (self._seed << 32) ^ fault.seed,
                "model": fault.model,
                "params": rule.params,
            }
        )

    async def heal(self, injection: Injection) -> None:
        """Removes the rule."""
        await self._mitmproxy.remove_rule(injection.id)
        if injection.id in self._resetting:
            self._resetting.remove(injection.id)
            await self._true_resets.done(injection.on)

    async def firings(self, injection: Injection) -> list[Firing]:
        """What the addon reported as it did it."""
        return await self._mitmproxy.firings(injection.id)

    def forget(self) -> None:
        """Forgets firings."""
        self._mitmproxy.forget()


@dataclass(slots=True)
class _Action:
    """What Toxiproxy was told for one injection, and the canary sent after it."""

    plan: ToxiproxyPlan
    canary: Canary
    toxics: list[str] = field(default_factory=list)
    flight: asyncio.Task[None] | None = None


class ToxiproxyCarrier:
    """Toxiproxy treats connections by toxics, or listens no more."""

    def __init__(
        self,
        toxiproxy: ToxiproxyServer,
        mitmproxy: MitmproxyProcess | None,
        entrances: Mapping[str, Entrance],
        journal: Journal,
    ) -> None:
        self._toxiproxy = toxiproxy
        self._mitmproxy = mitmproxy
        self._entrances = entrances
        self._journal = journal
        self._actions: dict[str, _Action] = {}
        self._down: Counter[str] = Counter()
        self._number = 0

    async def inject(self, injection: Injection, fault: Fault) -> None:
        """Adds toxics or takes the listener down, and sends a canary to see the effect."""
        plan: ToxiproxyPlan = fault.type.carriers["toxiproxy"](fault.params)
        self._number += 1
        canary = Canary(self._entrances[injection.on], plan.symptom, self._number)
        action = self._actions[injection.id] = _Action(plan, canary)
        client = self._toxiproxy.client
        for toxic in plan.toxics:
            self._number += 1
            action.toxics.append(f"toxic-{self._number}")
            await client.add_toxic(injection.on, action.toxics[-1], toxic)
        if plan.ended != "none" and self._mitmproxy is not None:
            await self._mitmproxy.drain(injection.on, busy=plan.ended == "all")
            await asyncio.sleep(SETTLE_S)
        elif plan.ended == "all":
            # Nothing behind this Toxiproxy knows which connections are idle.
            await self._toxiproxy.drop_connections(injection.on)
        if plan.down:
            self._down[injection.on] += 1
            await client.disable(injection.on)
        action.flight = asyncio.create_task(canary.fly())
        if plan.symptom.kind in AT_ONCE:
            await asyncio.wait([action.flight], timeout=AT_ONCE_S)

    async def heal(self, injection: Injection) -> None:
        """Removes the toxics, or listens again on the same port."""
        action = self._actions[injection.id]
        if action.flight is not None and not action.flight.done():
            action.flight.cancel()
            await asyncio.wait([action.flight])
        for name in action.toxics:
            await self._toxiproxy.client.remove_toxic(injection.on, name)
        if action.plan.down:
            self._down[injection.on] -= 1
            if not self._down[injection.on]:
                await self._toxiproxy.client.enable(injection.on)

    async def firings(self, injection: Injection) -> list[Firing]:
        """The canary, and what met the fault; nothing at all if the canary did not feel it."""
        action = self._actions[injection.id]
        if action.canary.firing is None:
            return []
        met = [action.canary.firing]
        if action.plan.firings == "connections":
            met += self._connections(injection, action.canary.address)
        elif action.plan.firings == "requests":
            met += await self._requests(injection)
        return sorted(met, key=lambda firing: firing.at_monotonic_s)

    def forget(self) -> None:
        """Forgets connections and canaries."""
        self._toxiproxy.forget()
        self._actions.clear()

    async def end(self) -> None:
        """Ends canaries that are still under way."""
        flights = [action.flight for action in self._actions.values() if action.flight is not None]
        for flight in flights:
            flight.cancel()
        if flights:
            await asyncio.wait(flights)

    def _connections(self, injection: Injection, canary: str) -> list[Firing]:
        until = injection.healed_monotonic_s or float("inf")
        return [
            Firing(at, None, f"{self._toxiproxy.evidence}: {injection.fault} on the connection from {client}")
            for at, client in self._toxiproxy.accepted(injection.on)
            if injection.applied_monotonic_s <= at <= until and client != canary
        ]

    async def _requests(self, injection: Injection) -> list[Firing]:
        until = injection.healed_monotonic_s or float("inf")
        return [
            Firing(
                row["arrived_monotonic_s"],
                row["client_request_id"],
                f"provider's journal: {row['request_id']} passed Toxiproxy under {injection.fault}",
            )
            for row in await self._journal()
            if row["provider"] == injection.on
            and row["arrived_monotonic_s"] <= until
            and (row["finished_monotonic_s"] or float("inf")) >= injection.applied_monotonic_s
        ]


def without_canaries(rows: Sequence[Row]) -> list[Row]:
    """The rows that are somebody's requests."""
    return [row for row in rows if not (row["client_request_id"] or "").startswith(CANARY_ID)]


def wires_of(specs: Sequence[ProviderSpec]) -> dict[str, str]:
    """The wire of each provider."""
    return {spec.name: spec.wire for spec in specs}
