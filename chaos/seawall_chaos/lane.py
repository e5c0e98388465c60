"""One subject's side of a run: its worker, and a stack of its own."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from seawall_chaos.endpoints import Endpoint, PathName, ProviderSpec
from seawall_chaos.errors import StackError
from seawall_chaos.halt import Halt
from seawall_chaos.scenario import Scenario
from seawall_chaos.stack import Stack
from seawall_chaos.worker_process import WorkerProcess


@dataclasses.dataclass(frozen=True, slots=True)
class Traits:
    """What a worker says of its subject: wires it speaks (None: all), and whether it uses but one provider."""

    wires: frozenset[str] | None
    one_provider: bool
    versions: dict[str, str]


class Lane:
    """Everything that one subject needs, started once and made ready for each scenario."""

    def __init__(
        self, subject: str, *, seed: int, logs: Path, halt: Halt, argv: Sequence[str] | None = None
    ) -> None:
        """Log files go to the folder `logs`; `halt` is set when a process of the lane dies.

        `argv` is the subject's own worker, None where it is one of ours.
        """
        self.subject = subject
        self.worker = WorkerProcess(subject, logs / f"{subject}-worker.log", halt.set, argv)
        self._seed = seed
        self._logs = logs / subject
        self._halt = halt
        self._traits: Traits | None = None
        self._stack: Stack | None = None
        self._wanted: tuple[tuple[ProviderSpec, ...], PathName] | None = None
        self._hosting: asyncio.Task[None] | None = None
        self._leave = asyncio.Event()

    @property
    def stack(self) -> Stack:
        """The stack that is up."""
        if self._stack is None:
            raise StackError(f"the stack of {self.subject} is not up")
        return self._stack

    @property
    def versions(self) -> dict[str, str]:
        """The versions of what the subject is made of and of its stack."""
        own = self._traits.versions if self._traits else {}
        return {**own, **(self._stack.versions if self._stack else {})}

    @property
    def endpoints(self) -> list[Endpoint]:
        """The subject's providers in the order of preference."""
        names = [spec.name for spec in self._wanted[0]] if self._wanted else []
        return [self.stack.endpoints[name] for name in names]

    async def start_worker(self) -> None:
        """Start the subject's process, which imports what it is made of."""
        ready = await self.worker.start()
        wires = None if ready["wires"] is None else frozenset(ready["wires"])
        self._traits = Traits(wires, ready["one_provider"], ready["versions"])

    def specs(self, scenario: Scenario) -> tuple[ProviderSpec, ...]:
        """Those of the scenario's providers that the subject can use; none, and it has no part in it."""
        traits = self._traits
        specs = [
            ProviderSpec(name, p.wire, p.model or f"{name}-1", p.behaviour.model_dump(mode="json"))
            for name, p in scenario.providers.items()
            if traits is None or traits.wires is None or p.wire in traits.wires
        ]
        return tuple(specs[:1] if traits and traits.one_provider else specs)

    async def prepare(self, scenario: Scenario) -> None:
        """A clean stack of the scenario's providers, and a fresh client that knows their endpoints."""
        wanted = (self.specs(scenario), scenario.path)
        if wanted == self._wanted:
            await self.stack.reset()
        else:
            await self._end_stack()
            await self._start_stack(*wanted)
            await self.worker.warm_up(self.endpoints)
            await self.stack.reset()
        await self.worker.open(self.endpoints)

    async def _start_stack(self, specs: Sequence[ProviderSpec], path: PathName) -> None:
        self._wanted = (tuple(specs), path)
        self._leave.clear()
        up: asyncio.Future[Stack] = asyncio.get_running_loop().create_future()
        self._hosting = asyncio.create_task(self._host(specs, path, up))
        self._hosting.add_done_callback(self._note_end)
        waiting: set[asyncio.Future[Any]] = {self._hosting, up}
        await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        if not up.done():
            self._hosting.result()
        self._stack = up.result()

    async def _host(self, specs: Sequence[ProviderSpec], path: PathName, up: asyncio.Future[Stack]) -> None:
        """Keep a stack up. A task of its own, since it is the one that is told when a process dies."""
        self._logs.mkdir(parents=True, exist_ok=True)
        async with Stack.start(specs, path=path, seed=self._seed, log_dir=self._logs) as stack:
            up.set_result(stack)
            await self._leave.wait()

    def _note_end(self, hosting: asyncio.Task[None]) -> None:
        error = None if hosting.cancelled() else hosting.exception()
        if error is not None:
            self._halt.set(str(error))

    async def _end_stack(self) -> None:
        self._stack = self._wanted = None
        self._leave.set()
        if self._hosting is not None:
            await asyncio.wait({self._hosting})
            self._hosting = None

    async def aclose(self) -> None:
        """End every process of the lane."""
        if self._hosting is not None and self._stack is None:
            self._hosting.cancel()
        await asyncio.gather(self._end_stack(), self.worker.aclose())
