"""Listeners and client connections of this proxy: opened, found, ended.

`Proxyserver.connections`, `handler.transports` and `ServerInstance` are internals of the two pinned versions.
"""

# pyright: reportMissingImports=false

import asyncio
from collections import defaultdict
from typing import Any

from mitmproxy import connection, http
from mitmproxy.addons.proxyserver import Proxyserver
from mitmproxy.proxy.mode_servers import ServerInstance

from .gate import Gate

# How long after its response a connection may need until mitmproxy has written the end of it.
SETTLE_S = 0.05


class Connections:
    """Who is connected to which provider's listener, and how many requests of theirs are under way."""

    def __init__(self, proxyserver: Proxyserver) -> None:
        self._proxyserver = proxyserver
        self._providers: dict[int, str] = {}
        self._servers: list[ServerInstance[Any]] = []
        self._busy: dict[str, set[str]] = defaultdict(set)
        self._leaving: set[str] = set()
        self._gates: dict[str, Gate] = {}

    async def listen(self, upstreams: dict[str, int]) -> dict[str, int]:
        """One listener on a free loopback port for each provider, by the port the provider listens on."""
        for name, upstream in upstreams.items():
            spec = f"reverse:http://127.0.0.1:{upstream}@127.0.0.1:0"
            server = ServerInstance.make(spec, self._proxyserver)
            await server.start()
            self._servers.append(server)
            self._providers[server.listen_addrs[0][1]] = name
        return {name: port for port, name in self._providers.items()}

    def provider_of(self, flow: http.HTTPFlow) -> str:
        """The provider whose listener a request came to."""
        sockname = flow.client_conn.sockname
        return self._providers[sockname[1]]

    def gate_of(self, flow: http.HTTPFlow) -> Gate:
        """What stands before the client's socket."""
        client = flow.client_conn
        if client.id not in self._gates:
            self._gates[client.id] = Gate(self._proxyserver.connections[client.id].transports[client])
        return self._gates[client.id]

    def begin(self, flow: http.HTTPFlow) -> None:
        """A request is under way."""
        self._busy[flow.client_conn.id].add(flow.id)

    def end(self, flow: http.HTTPFlow) -> None:
        """A request is no longer under way."""
        self._busy[flow.client_conn.id].discard(flow.id)
        if flow.client_conn.id in self._leaving:
            asyncio.get_running_loop().call_later(SETTLE_S, self._close_idle, flow.client_conn.id)

    def forget(self, client: connection.Client) -> None:
        """A client has left."""
        self._busy.pop(client.id, None)
        self._gates.pop(client.id, None)
        self._leaving.discard(client.id)

    async def drain(self, provider: str, *, busy: bool) -> None:
        """Ends the provider's idle connections now; with `busy`, the others after the response under way."""
        for handler in list(self._proxyserver.connections.values()):
            sockname = handler.client.sockname
            if self._providers.get(sockname[1]) == provider:
                if busy:
                    self._leaving.add(handler.client.id)
                self._close_idle(handler.client.id)
        await asyncio.sleep(0)

    async def drop(self) -> None:
        """Ends every client connection now."""
        for client_id in list(self._proxyserver.connections):
            self._close(client_id)

    def _close_idle(self, client_id: str) -> None:
        if not self._busy.get(client_id):
            self._close(client_id)

    def _close(self, client_id: str) -> None:
        handler = self._proxyserver.connections.get(client_id)
        transport = handler.transports.get(handler.client) if handler is not None else None
        if transport is not None and transport.handler is not None:
            transport.handler.cancel("closed by the harness")
