"""One proxy: a listener, its connections, its toxics."""

import asyncio
import json
import random
import socket
import struct
import sys
from typing import Any

from seawall_chaos.toxiproxy.embedded.link import Link
from seawall_chaos.toxiproxy.embedded.toxics import STREAMS, Toxic

RESET_ON_CLOSE = struct.pack("ii", 1, 0)


def log(**entry: Any) -> None:
    """One JSON line on standard output, as Toxiproxy writes them."""
    sys.stdout.write(json.dumps({"level": "info", **entry}) + "\n")
    sys.stdout.flush()


class Proxy:
    """Listens while it is enabled; each connection is linked to `upstream` both ways."""

    def __init__(self, name: str, listen: str, upstream: str, seed: int) -> None:
        self.name = name
        self.listen = listen
        self.upstream = upstream
        self.toxics: list[Toxic] = []
        self._seed = seed
        self._server: asyncio.Server | None = None
        self._links: dict[str, set[Link]] = {stream: set() for stream in STREAMS}
        self._connections: dict[asyncio.Task[Any], list[asyncio.StreamWriter]] = {}
        self._accepted = 0

    @property
    def enabled(self) -> bool:
        """Whether it listens."""
        return self._server is not None

    def document(self) -> dict[str, Any]:
        """As the API shows it."""
        return {
            "name": self.name,
            "listen": self.listen,
            "upstream": self.upstream,
            "enabled": self.enabled,
            "toxics": [toxic.document() for toxic in self.toxics],
        }

    async def start(self) -> None:
        """Listens; on the port it had before, if it had one."""
        if self._server is None:
            host, _, port = self.listen.rpartition(":")
            self._server = await asyncio.start_server(self._serve, host or None, int(port))
            host, port = self._server.sockets[0].getsockname()[:2]
            self.listen = f"{host}:{port}"

    async def stop(self) -> None:
        """Listens no more and ends every connection."""
        if self._server is None:
            return
        self._server.close()
        self._server = None
        for writers in list(self._connections.values()):
            for writer in writers:
                writer.transport.abort()
        if self._connections:
            await asyncio.wait(list(self._connections))

    def change(self, toxics: list[Toxic]) -> None:
        """Replaces the toxics; open connections feel it at once."""
        self.toxics = toxics
        for stream, links in self._links.items():
            for link in list(links):
                link.use([toxic for toxic in toxics if toxic.stream == stream])

    def redraw(self, name: str) -> None:
        """Draws anew which connections a changed toxic acts on."""
        for links in self._links.values():
            for link in links:
                link.redraw(name)
        self.change(list(self.toxics))

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task is None:
            return
        self._accepted += 1
        number, client = self._accepted, "{}:{}".format(*writer.get_extra_info("peername")[:2])
        self._connections[task] = [writer]
        log(
            name=self.name,
            listen=self.listen,
            upstream=self.upstream,
            client=client,
            message="Accepted client",
        )
        host, _, port = self.upstream.rpartition(":")
        try:
            far_reader, far_writer = await asyncio.open_connection(host, int(port))
        except OSError as error:
            log(
                name=self.name,
                client=client,
                error=str(error),
                message="Unable to open connection to upstream",
            )
            writer.close()
        else:
            self._connections[task].append(far_writer)
            await self._link(number, (reader, writer), (far_reader, far_writer))
        finally:
            del self._connections[task]

    async def _link(
        self,
        number: int,
        near: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        far: tuple[asyncio.StreamReader, asyncio.StreamWriter],
    ) -> None:
        links = {
            "upstream": Link(near[0], far[1], self._draws(number, "upstream")),
            "downstream": Link(far[0], near[1], self._draws(number, "downstream")),
        }
        # As Toxiproxy does, and whatever the toxicity: what is opened under this toxic ends by RST.
        if any(toxic.type == "reset_peer" for toxic in self.toxics):
            for _, writer in (near, far):
                sock = writer.get_extra_info("socket")
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
        for stream, link in links.items():
            link.use([toxic for toxic in self.toxics if toxic.stream == stream])
            self._links[stream].add(link)
        try:
            await asyncio.gather(*(link.run() for link in links.values()))
        finally:
            for stream, link in links.items():
                self._links[stream].discard(link)

    def _draws(self, number: int, stream: str) -> Any:
        return lambda toxic: random.Random(f"{self._seed}|{self.name}|{number}|{stream}|{toxic}")  # noqa: S311
