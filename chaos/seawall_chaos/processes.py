"""The processes of one stack, started side by side, watched, and ended whatever happens."""

import asyncio
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

from seawall_chaos.child_process import ChildProcess
from seawall_chaos.endpoints import PathName, ProviderSpec
from seawall_chaos.errors import StackError
from seawall_chaos.mitm.process import MitmproxyProcess
from seawall_chaos.provision import provision
from seawall_chaos.simulator_process import SimulatorProcess
from seawall_chaos.toxiproxy.server import ToxiproxyServer

LOOPBACK = "127.0.0.1"


class Endable(Protocol):
    """Something that runs until it is ended."""

    child: ChildProcess

    async def end(self) -> None:
        """Ends it."""


Process = TypeVar("Process", bound=Endable)


@dataclass(frozen=True, slots=True)
class Processes:
    """What runs, and the port each provider is entered by at each level."""

    simulator: SimulatorProcess
    toxiproxy: ToxiproxyServer | None
    mitmproxy: MitmproxyProcess | None
    simulator_ports: dict[str, int]
    mitmproxy_ports: dict[str, int]
    toxiproxy_ports: dict[str, int]

    @property
    def entry_ports(self) -> dict[str, int]:
        """The outermost port of each provider."""
        return self.toxiproxy_ports or self.simulator_ports

    @property
    def children(self) -> list[ChildProcess]:
        """All of them."""
        return [p.child for p in (self.simulator, self.toxiproxy, self.mitmproxy) if p is not None]


@asynccontextmanager
async def started(
    specs: Sequence[ProviderSpec], *, path: PathName, seed: int, log_dir: Path
) -> AsyncIterator[Processes]:
    """Runs the processes of `path`; every one is gone when this is left."""
    proxies = None if path == "direct" else await asyncio.to_thread(provision, retry=False)
    async with AsyncExitStack() as exits:

        async def keep(start: Coroutine[Any, Any, Process]) -> Process:
            process = await start
            exits.push_async_callback(process.end)
            return process

        try:
            async with asyncio.TaskGroup() as group:
                simulator = group.create_task(keep(SimulatorProcess.start(specs, seed=seed, log_dir=log_dir)))
                toxiproxy = mitmproxy = None
                if proxies is not None:
                    toxiproxy = group.create_task(
                        keep(ToxiproxyServer.start(proxies.toxiproxy, log_dir=log_dir, seed=seed))
                    )
                if proxies is not None and path == "full":
                    mitmproxy = group.create_task(
                        keep(MitmproxyProcess.start(proxies.mitmproxy, log_dir=log_dir))
                    )
        except* (StackError, OSError, TimeoutError) as failures:
            first = failures.exceptions[0]
            raise (
                first if isinstance(first, StackError) else StackError(f"a process did not start: {first!r}")
            ) from None
        yield await _connected(
            simulator.result(),
            toxiproxy.result() if toxiproxy is not None else None,
            mitmproxy.result() if mitmproxy is not None else None,
        )


async def _connected(
    simulator: SimulatorProcess, toxiproxy: ToxiproxyServer | None, mitmproxy: MitmproxyProcess | None
) -> Processes:
    """From the inside out: each level listens before the next one learns where."""
    simulator_ports = {name: urlsplit(url).port or 0 for name, url in simulator.base_urls.items()}
    mitmproxy_ports = await mitmproxy.listen(simulator_ports) if mitmproxy is not None else {}
    inner = mitmproxy_ports or simulator_ports
    toxiproxy_ports = await toxiproxy.open_proxies(inner) if toxiproxy is not None else {}
    return Processes(simulator, toxiproxy, mitmproxy, simulator_ports, mitmproxy_ports, toxiproxy_ports)


@asynccontextmanager
async def watched(children: Sequence[ChildProcess]) -> AsyncIterator["Watch"]:
    """Cancels the body if a child dies in it, and raises ChildDiedError from it instead."""
    watch = Watch(asyncio.current_task())
    watchers = [asyncio.create_task(watch.over(child)) for child in children]
    try:
        yield watch
    except asyncio.CancelledError:
        if watch.cancelled and (owner := asyncio.current_task()) is not None:
            owner.uncancel()
            watch.check()
        raise
    finally:
        for watcher in watchers:
            watcher.cancel()
        await asyncio.wait(watchers)
    watch.check()


class Watch:
    """Whether every child is still there."""

    def __init__(self, owner: asyncio.Task[Any] | None) -> None:
        self._owner = owner
        self._error: StackError | None = None
        self.cancelled = False

    async def over(self, child: ChildProcess) -> None:
        """Waits for the death that should not come."""
        error = await child.died()
        if self._error is None:
            self._error = error
            if self._owner is not None and not self._owner.done():
                self.cancelled = self._owner.cancel()

    def check(self) -> None:
        """Raises ChildDiedError if one is gone."""
        if self._error is not None:
            raise self._error
