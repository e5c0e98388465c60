"""Fake providers behind Toxiproxy and mitmproxy, as processes of their own, started and ended as one."""

from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

from seawall_chaos.endpoints import Endpoint, Firing, Injection, PathCost, PathName, ProviderSpec
from seawall_chaos.faults import Fault

__all__ = ["Endpoint", "Firing", "Injection", "PathCost", "PathName", "ProviderSpec", "Stack"]

# One row of the simulators' journal, as their control API gives it.
ProviderRequest = Mapping[str, Any]


class Stack:
    """A running stack. `start` is the only way to have one; leaving its `async with` ends every process.

    If a process of the stack dies in mid-run, the body of the `async with` is cancelled and `ChildDiedError`
    (a `StackError`) is raised from it, naming the process and its log file.
    """

    endpoints: Mapping[str, Endpoint]
    versions: Mapping[str, str]
    path: PathName

    @classmethod
    def start(
        cls, specs: Sequence[ProviderSpec], *, path: PathName = "full", seed: int = 0, log_dir: Path
    ) -> AbstractAsyncContextManager["Stack"]:
        """A stack for `specs`, ready when entered; logs of its processes go to `log_dir`."""
        raise NotImplementedError

    async def inject(self, injection_id: str, fault: Fault, on: str) -> Injection:
        """Puts `fault` in force on provider `on`; in force when this returns."""
        raise NotImplementedError

    async def heal(self, injection_id: str) -> Injection:
        """Ends an injection; idempotent. Raises KeyError for an id that was never injected."""
        raise NotImplementedError

    async def heal_all(self) -> None:
        """Ends every injection."""
        raise NotImplementedError

    def is_healed(self) -> bool:
        """Whether no injection is in force."""
        raise NotImplementedError

    async def firings(self, injection_id: str) -> list[Firing]:
        """How often an injection really acted so far, oldest first; also after it was healed."""
        raise NotImplementedError

    async def journal(self) -> list[ProviderRequest]:
        """What the providers saw since the start or the last `reset`, oldest first, without canaries."""
        raise NotImplementedError

    async def reset(self) -> None:
        """Between scenarios: heals, forgets journals and rate limits, drops every open connection."""
        raise NotImplementedError

    async def path_cost(self) -> PathCost:
        """What the proxies add: median per request, direct, through Toxiproxy, through both."""
        raise NotImplementedError
