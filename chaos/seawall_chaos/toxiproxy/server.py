"""A Toxiproxy process of this stack, the real one or the embedded engine, and what its log proves."""

import asyncio
import json
import os
import secrets
import socket
import sys
import time
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from seawall_chaos.child_process import ChildProcess
from seawall_chaos.errors import ChildDiedError, StackError
from seawall_chaos.toxiproxy.client import ToxiproxyClient, ToxiproxyError
from seawall_chaos.toxiproxy.provision import Toxiproxy

LOOPBACK = "127.0.0.1"
START_TIMEOUT_S = 15.0
PORT_TRIES = 8
POLL_S = 0.01


class PortTakenError(StackError):
    """Somebody else got the port between its choice and its use."""


class ToxiproxyServer:
    """A running server. Its log is read as it is written: each accepted connection gets the time it was seen."""

    def __init__(self, toxiproxy: Toxiproxy, child: ChildProcess, client: ToxiproxyClient, mark: str) -> None:
        self.toxiproxy = toxiproxy
        self.child = child
        self.client = client
        self.version = ""
        self._mark = mark
        self._accepted: dict[str, list[tuple[float, str]]] = defaultdict(list)
        self._reader = asyncio.create_task(self._read_log())
        self._bind_error: str | None = None
        self._reserved: list[socket.socket] = []

    @classmethod
    async def start(cls, toxiproxy: Toxiproxy, *, log_dir: Path, seed: int = 0) -> Self:
        """Starts a server on a free loopback port; its API answers when this returns."""
        for _ in range(PORT_TRIES):
            server = await cls._launch(toxiproxy, log_dir, seed)
            try:
                return await server.ready()
            except PortTakenError:
                await server.end()
            except BaseException:
                await server.end()
                raise
        raise StackError(f"Toxiproxy found no free port in {PORT_TRIES} tries; its log is in {log_dir}")

    @classmethod
    async def _launch(cls, toxiproxy: Toxiproxy, log_dir: Path, seed: int) -> Self:
        with socket.create_server((LOOPBACK, 0)) as probe:
            port = int(probe.getsockname()[1])
        # Toxiproxy does not say that its port is another server's. A proxy that nobody else has proves whose it is.
        config, mark = log_dir / "toxiproxy.json", f"mark-{secrets.token_hex(8)}"
        proxy = {"name": mark, "listen": f"{LOOPBACK}:0", "upstream": f"{LOOPBACK}:1", "enabled": False}
        config.write_text(json.dumps([proxy]), encoding="utf-8")
        embedded = (sys.executable, "-m", "seawall_chaos.toxiproxy.embedded")
        program = (str(toxiproxy.binary),) if toxiproxy.binary is not None else embedded
        options = ("-host", LOOPBACK, "-port", str(port), "-config", str(config), "-seed", str(seed))
        child = await ChildProcess.start(
            "toxiproxy",
            (*program, *options),
            log=log_dir / "toxiproxy.log",
            env={**os.environ, "LOG_LEVEL": "info"},
        )
        return cls(toxiproxy, child, ToxiproxyClient(LOOPBACK, port), mark)

    async def open_proxies(self, upstreams: Mapping[str, int]) -> dict[str, int]:
        """A proxy on a free loopback port for each name, by the port behind it."""
        proxies = [
            {"name": name, "listen": self._reserve(), "upstream": f"{LOOPBACK}:{port}", "enabled": True}
            for name, port in upstreams.items()
        ]
        listening = await self.client.populate(proxies)
        return {name: int(address.rpartition(":")[2]) for name, address in listening.items()}

    @property
    def evidence(self) -> str:
        """Whose log it is that tells of connections."""
        return "Toxiproxy's log" if self.toxiproxy.binary is not None else "the embedded engine's log"

    def accepted(self, proxy: str) -> list[tuple[float, str]]:
        """Connections its log says it accepted for a proxy: `time.monotonic()` and the client's address."""
        return list(self._accepted[proxy])

    def forget(self) -> None:
        """Forgets what it accepted."""
        self._accepted.clear()

    async def drop_connections(self, proxy: str) -> None:
        """Ends every connection of a proxy; it listens again, on the same port, when this returns."""
        await self.client.disable(proxy)
        await self.client.enable(proxy)

    async def end(self) -> None:
        """Ends the process; idempotent."""
        await self.client.__aexit__()
        await self.child.end()
        for sock in self._reserved:
            sock.close()
        self._reader.cancel()
        await asyncio.wait([self._reader])

    async def ready(self) -> Self:
        """Itself, once its API answers; PortTakenError if somebody else's does."""
        give_up = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < give_up:
            if self._bind_error is not None:
                raise PortTakenError(self._bind_error)
            if self._reader.done():
                raise await self.child.died()
            try:
                await self.client.remove(self._mark)
            except ToxiproxyError:
                await asyncio.sleep(POLL_S)
            else:
                self.version = await self.client.version()
                return self
        raise StackError(
            f"Toxiproxy did not answer within {START_TIMEOUT_S:g} s; its log is {self.child.log}"
        )

    def _reserve(self) -> str:
        """An address to listen on that nobody else is given while the proxy is down.

        On Linux a socket that is bound but does not listen leaves the port to another one that may share it, as
        listeners of both engines may; the kernel gives it to nobody, and connections to it are refused.
        """
        if sys.platform != "linux":
            return f"{LOOPBACK}:0"
        sock = socket.socket()
        self._reserved.append(sock)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind((LOOPBACK, 0))
        return f"{LOOPBACK}:{sock.getsockname()[1]}"

    async def _read_log(self) -> None:
        with self.child.log.open("ab") as log:
            while True:
                try:
                    line = await self.child.read_line()
                except ChildDiedError:
                    return
                seen_at = time.monotonic()
                log.write(line)
                log.flush()
                self._note(line, seen_at)

    def _note(self, line: bytes, seen_at: float) -> None:
        try:
            entry = json.loads(line)
        except ValueError:
            return
        if entry.get("message") == "Accepted client":
            self._accepted[entry["name"]].append((seen_at, entry["client"]))
        elif entry.get("message") == "Server finished with error":
            self._bind_error = str(entry.get("error"))
