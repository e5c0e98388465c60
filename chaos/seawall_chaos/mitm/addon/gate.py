"""The last step before a client's socket: it can hold back, speak in between, end early.

mitmproxy's stream callables are synchronous and cannot wait, and `flow.kill()` inside one has no effect until the
provider has said everything. What a client meets, and when, is therefore decided here, where mitmproxy hands bytes
to the connection's writer. The attributes used (`ConnectionIO.reader`, `.writer`) are internals of the two pinned
versions; the tests of this proxy notice when they change.
"""

import asyncio
import socket
import struct
from collections.abc import Callable
from typing import Any, Protocol

HELD_BYTES_MAX = 64 * 2**20
RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class ConnectionIO(Protocol):
    """mitmproxy's record of one connection."""

    reader: asyncio.StreamReader
    writer: Any


class Gate:
    """Stands in for the writer of one client connection."""

    def __init__(self, io: ConnectionIO) -> None:
        self._reader = io.reader
        self._writer: asyncio.StreamWriter = io.writer
        self._held: list[bytes] | None = None
        self._held_bytes = 0
        self._then: Callable[[], None] | None = None
        self._close_later: asyncio.Task[None] | None = None
        self.ended = False
        io.writer = self

    def __getattr__(self, name: str) -> Any:
        return getattr(self._writer, name)

    def write(self, data: bytes) -> None:
        """Called by mitmproxy, once for a response's head and once per piece of its body."""
        if self.ended:
            return
        if self._held is not None:
            self._held_bytes += len(data)
            if self._held_bytes > HELD_BYTES_MAX:
                raise BufferError(f"more than {HELD_BYTES_MAX} bytes held back on one connection")
            self._held.append(data)
            return
        self._writer.write(data)
        then, self._then = self._then, None
        if then is not None:
            then()

    def is_closing(self) -> bool:
        """Whether writing is pointless."""
        return self.ended or self._writer.is_closing()

    def close(self) -> None:
        """Called by mitmproxy; what is held back keeps its turn as long as the client is there to read it."""
        if self._held is None or self._reader.at_eof():
            self._writer.close()
        elif self._close_later is None:
            self._close_later = asyncio.create_task(self._close_when_client_leaves())

    def after_next_write(self, then: Callable[[], None]) -> None:
        """Does `then` as soon as mitmproxy's next piece is on its way."""
        self._then = then

    def hold(self, for_s: float | None) -> None:
        """Holds back everything from now on; None: as long as the client stays."""
        if self._held is None:
            self._held = []
        if for_s is not None:
            asyncio.get_running_loop().call_later(for_s, self.release)

    def release(self) -> None:
        """Sends what was held back and goes on."""
        held, self._held, self._held_bytes = self._held or [], None, 0
        for data in held:
            self.write(data)
        if self._close_later is not None:
            self._close_later.cancel()
            self._writer.close()

    def say_every(self, data: bytes, every_s: float) -> None:
        """Says `data` again and again while everything else is held back."""
        loop = asyncio.get_running_loop()

        def say() -> None:
            if self._held is not None and not self.is_closing():
                self._writer.write(data)
                loop.call_later(every_s, say)

        loop.call_later(every_s, say)

    def finish(self, last: bytes) -> None:
        """Sends `last` and closes in order; whatever mitmproxy still has to say is lost."""
        if not self.ended:
            self.ended = True
            self._writer.write(last)
            self._writer.close()

    def reset(self) -> None:
        """Closes by a TCP reset; what was written before is on its way already."""
        if not self.ended:
            self.ended = True
            sock: socket.socket = self._writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
            self._writer.transport.abort()

    async def _close_when_client_leaves(self) -> None:
        while not self._reader.at_eof():
            await self._reader.read(65536)
        self._writer.close()
