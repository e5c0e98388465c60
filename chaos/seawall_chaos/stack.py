"""Fake providers behind Toxiproxy and mitmproxy, as processes of their own, started and ended as one."""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from seawall_chaos.canary import Entrance
from seawall_chaos.carriers import (
    CarrierProcess,
    MitmproxyCarrier,
    SimulatorCarrier,
    ToxiproxyCarrier,
    wires_of,
    without_canaries,
)
from seawall_chaos.endpoints import Carrier, Endpoint, Firing, Injection, PathName, ProviderSpec
from seawall_chaos.faults import Fault
from seawall_chaos.processes import LOOPBACK, Processes, Watch, started, watched
from seawall_chaos.true_resets import TrueResets

__all__ = ["Endpoint", "Firing", "Injection", "PathName", "ProviderSpec", "Stack"]

# One row of the simulators' journal, as their control API gives it.
ProviderRequest = Mapping[str, Any]
CANARY_PATH = "/seawall-canary"


class Stack:
    """A running stack. `start` is the only way to have one; leaving its `async with` ends every process.

    If a process of the stack dies in mid-run, the body of the `async with` is cancelled and `ChildDiedError`
    (a `StackError`) is raised from it, naming the process and its log file.
    """

    def __init__(
        self, specs: Sequence[ProviderSpec], path: PathName, seed: int, processes: Processes, watch: Watch
    ) -> None:
        self.path: PathName = path
        self.endpoints: Mapping[str, Endpoint] = MappingProxyType(
            {spec.name: _endpoint(spec, processes) for spec in specs}
        )
        self.versions: Mapping[str, str] = MappingProxyType(_versions(processes))
        self._processes = processes
        self._watch = watch
        self._injections: dict[str, Injection] = {}
        self._toxiproxy: ToxiproxyCarrier | None = None
        true_resets = TrueResets(processes.toxiproxy, processes.mitmproxy)
        self._carriers: dict[Carrier, CarrierProcess] = {
            "simulator": SimulatorCarrier(processes.simulator, true_resets, self.journal)
        }
        if processes.toxiproxy is not None:
            entrances = {
                name: Entrance(LOOPBACK, port, CANARY_PATH, answers=processes.mitmproxy is not None)
                for name, port in processes.toxiproxy_ports.items()
            }
            self._toxiproxy = ToxiproxyCarrier(
                processes.toxiproxy, processes.mitmproxy, entrances, self.journal
            )
            self._carriers["toxiproxy"] = self._toxiproxy
        if processes.mitmproxy is not None:
            self._carriers["mitmproxy"] = MitmproxyCarrier(
                processes.mitmproxy, true_resets, wires_of(specs), seed
            )

    @classmethod
    @asynccontextmanager
    async def start(
        cls, specs: Sequence[ProviderSpec], *, path: PathName = "full", seed: int = 0, log_dir: Path
    ) -> AsyncIterator["Stack"]:
        """A stack for `specs`, ready when entered; logs of its processes go to `log_dir`."""
        await asyncio.to_thread(log_dir.mkdir, parents=True, exist_ok=True)
        async with (
            started(specs, path=path, seed=seed, log_dir=log_dir) as processes,
            watched(processes.children) as watch,
        ):
            stack = cls(specs, path, seed, processes, watch)
            try:
                yield stack
            finally:
                if stack._toxiproxy is not None:
                    await stack._toxiproxy.end()

    async def inject(self, injection_id: str, fault: Fault, on: str) -> Injection:
        """Puts `fault` in force on provider `on`; in force when this returns.

        Raises KeyError for a provider that is not there, ValueError for an id that was used before (since the last
        `reset`: firings are counted by it), FaultError for a fault that nothing on this path can carry out.
        """
        self._watch.check()
        if injection_id in self._injections:
            raise ValueError(f"injection {injection_id!r} was used before")
        if on not in self.endpoints:
            raise KeyError(on)
        carrier = fault.carried_by(self.path)
        injection = Injection(injection_id, fault.name, on, carrier, time.monotonic())
        self._injections[injection_id] = injection
        await self._carriers[carrier].inject(injection, fault)
        # What came before the fault was in force has not met it.
        self._injections[injection_id] = replace(injection, applied_monotonic_s=time.monotonic())
        return self._injections[injection_id]

    async def heal(self, injection_id: str) -> Injection:
        """Ends an injection; idempotent. Raises KeyError for an id that was never injected."""
        self._watch.check()
        injection = self._injections[injection_id]
        if injection.healed_monotonic_s is None:
            await self._carriers[injection.carrier].heal(injection)
            self._injections[injection_id] = replace(injection, healed_monotonic_s=time.monotonic())
        return self._injections[injection_id]

    async def heal_all(self) -> None:
        """Ends every injection."""
        for injection_id in list(self._injections):
            await self.heal(injection_id)

    def is_healed(self) -> bool:
        """Whether no injection is in force."""
        return all(i.healed_monotonic_s is not None for i in self._injections.values())

    async def firings(self, injection_id: str) -> list[Firing]:
        """How often an injection really acted so far, oldest first; also after it was healed.

        Raises EngineFaultError if a proxy failed at its own work meanwhile: then nothing it did can be trusted.
        """
        self._watch.check()
        injection = self._injections[injection_id]
        if self._processes.mitmproxy is not None:
            self._processes.mitmproxy.check()
        return await self._carriers[injection.carrier].firings(injection)

    async def journal(self) -> list[ProviderRequest]:
        """What the providers saw since the start or the last `reset`, oldest first, without canaries."""
        self._watch.check()
        rows = without_canaries(await self._processes.simulator.journal())
        return sorted(rows, key=lambda row: row["arrived_monotonic_s"])

    async def reset(self) -> None:
        """Between scenarios: heals, forgets journals and rate limits, drops every open connection."""
        await self.heal_all()
        if self._processes.mitmproxy is not None:
            await self._processes.mitmproxy.drop()
        if self._processes.toxiproxy is not None:
            for name in self.endpoints:
                await self._processes.toxiproxy.drop_connections(name)
        if self._toxiproxy is not None:
            await self._toxiproxy.end()
        await self._processes.simulator.reset()
        for carrier in self._carriers.values():
            carrier.forget()
        self._injections.clear()


def _endpoint(spec: ProviderSpec, processes: Processes) -> Endpoint:
    inside = urlsplit(processes.simulator.base_urls[spec.name])
    url = urlunsplit(inside._replace(netloc=f"{LOOPBACK}:{processes.entry_ports[spec.name]}"))
    return Endpoint(spec.name, spec.wire, spec.model, url, spec.api_key or f"key-of-{spec.name}")


def _versions(processes: Processes) -> dict[str, str]:
    versions = {"simulators": metadata.version("seawall-harness")}
    if processes.toxiproxy is not None:
        versions["toxiproxy"] = str(processes.toxiproxy.toxiproxy)
    if processes.mitmproxy is not None:
        versions["mitmproxy"] = processes.mitmproxy.version
    return versions
