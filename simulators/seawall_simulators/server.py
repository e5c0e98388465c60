"""Providers and their control API on their listeners."""

import asyncio
import os
from collections.abc import Mapping
from itertools import count
from time import monotonic
from typing import Any, Self

import msgspec

from seawall_simulators.config import Config
from seawall_simulators.connection import Connection
from seawall_simulators.control import Control
from seawall_simulators.exchange import Exchange, Receiver
from seawall_simulators.journal import Journal
from seawall_simulators.provider import Provider
from seawall_simulators.script import whole
from seawall_simulators.site import Client, Site, Target
from seawall_simulators.turn import Turn

LOOPBACK = "127.0.0.1"
_BACKLOG = 4096
_SWEEP_S = 5.0


class ListenError(Exception):
    """A listener that cannot be had: the message names host, port and reason."""


class OwnListener:
    """A site with one provider and no prefix."""

    def __init__(self, provider: Provider, connections: set[Client]) -> None:
        self.connections = connections
        self.targets: dict[bytes, Target] = {}
        self._provider = provider

    def route(self, path: str) -> tuple[Receiver, str]:
        """Everything is the one provider's."""
        return self._provider.receive, path


class SharedListener:
    """A site with many providers, each under its name as a prefix."""

    def __init__(self, providers: Mapping[str, Provider], connections: set[Client]) -> None:
        self.connections = connections
        self.targets: dict[bytes, Target] = {}
        self._providers = providers

    def route(self, path: str) -> tuple[Receiver, str]:
        """The provider that the first part of the path names."""
        name, _, rest = path[1:].partition("/")
        provider = self._providers.get(name)
        return (self._unknown, path) if provider is None else (provider.receive, "/" + rest)

    def _unknown(self, exchange: Exchange) -> None:
        message = f"no provider at this path; there are /{', /'.join(self._providers)}"
        exchange.play(whole(404, (), msgspec.json.encode({"error": message})))


class Simulators:
    """All providers of a configuration, listening between `async with` and its end."""

    def __init__(self, config: Config, *, host: str = LOOPBACK, token: str | None = None) -> None:
        self._config = config
        self._host = host
        self._token = token
        self._journal = Journal(config.journal_rows)
        self._providers = {
            name: Provider(name, config.seed, provider, self._journal, config.journal_body_chars)
            for name, provider in config.providers.items()
        }
        self._connections: set[Client] = set()
        self._control_connections: set[Client] = set()
        self._numbers = count(1)
        self._servers: list[asyncio.Server] = []
        self._sweeper: asyncio.TimerHandle | None = None
        self.base_urls: dict[str, str] = {}
        self.control_url = ""

    async def __aenter__(self) -> Self:
        self._turn = Turn(asyncio.get_running_loop())
        try:
            await self._listen()
        except ListenError:
            await self._close()
            raise
        self._sweep()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._close()

    def description(self) -> dict[str, Any]:
        """Where everything is: the control URL, and per provider its wire and base URL as SDKs take it."""
        wires = {name: provider.document.wire for name, provider in self._providers.items()}
        providers = {name: {"wire": wires[name], "base_url": url} for name, url in self.base_urls.items()}
        return {"control": self.control_url, "providers": providers}

    def reset(self) -> None:
        """As freshly started: no connection, no fault, nothing journalled, full allowances."""
        for connection in list(self._connections):
            connection.drop()
        for provider in self._providers.values():
            provider.reset()
        self._journal.clear()

    async def _listen(self) -> None:
        shared = {n: p for n, p in self._providers.items() if self._config.providers[n].port is None}
        root = ""
        if shared:
            root = await self._serve(SharedListener(shared, self._connections), self._config.port)
        for name, provider in self._providers.items():
            port = self._config.providers[name].port
            if port is None:
                url = f"{root}/{name}"
            else:
                url = await self._serve(OwnListener(provider, self._connections), port)
            self.base_urls[name] = url + provider.base_path
        control = Control(self._providers, self._journal, self._token, self.reset)
        self._control_connections = control.connections
        self.control_url = await self._serve(control, self._config.control_port)

    async def _serve(self, site: Site, port: int) -> str:
        turn = self._turn
        try:
            server = await turn.loop.create_server(
                lambda: Connection(site, turn, next(self._numbers)), self._host, port, backlog=_BACKLOG
            )
        except OSError as error:
            reason = os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)
            raise ListenError(f"cannot listen on {self._host}:{port}: {reason}") from None
        self._servers.append(server)
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"http://{host}:{server.sockets[0].getsockname()[1]}"

    def _sweep(self) -> None:
        """Now and then, refuses requests that never finish arriving."""
        now_s = monotonic()
        for connection in [*self._connections, *self._control_connections]:
            connection.expire(now_s)
        self._sweeper = asyncio.get_running_loop().call_later(_SWEEP_S, self._sweep)

    async def _close(self) -> None:
        if self._sweeper is not None:
            self._sweeper.cancel()
        for server in self._servers:
            server.close()
        for connection in [*self._connections, *self._control_connections]:
            connection.drop()
        for server in self._servers:
            await server.wait_closed()
