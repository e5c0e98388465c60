"""A raw client: what really arrives on a socket, when, and how it ends."""

import asyncio
import json
import socket
import time
from dataclasses import dataclass, field

import pytest


@dataclass
class Seen:
    """What a client saw of one exchange: the bytes, when each read returned, and the end."""

    data: bytes = b""
    at_s: list[float] = field(default_factory=list)
    end: str = "open"

    @property
    def status(self):
        return int(self.data.split(b" ", 2)[1]) if self.data else None

    @property
    def head(self):
        return self.data.partition(b"\r\n\r\n")[0].lower()

    @property
    def body(self):
        """The body without its chunk framing; `whole` says whether it ended as HTTP has it."""
        return self._unframed()[0]

    @property
    def whole(self):
        return self._unframed()[1]

    def _unframed(self):
        raw = self.data.partition(b"\r\n\r\n")[2]
        if b"transfer-encoding: chunked" not in self.head:
            lengths = [
                int(line[15:]) for line in self.head.split(b"\r\n") if line.startswith(b"content-length:")
            ]
            return raw, bool(lengths) and len(raw) == lengths[0]
        body = b""
        while raw:
            size, found, rest = raw.partition(b"\r\n")
            if not found or len(rest) < int(size, 16) + 2:
                return body + rest, False
            if int(size, 16) == 0:
                return body, True
            body += rest[: int(size, 16)]
            raw = rest[int(size, 16) + 2 :]
        return body, False


async def _connect(port):
    sock = socket.socket()
    sock.setblocking(False)
    try:
        await asyncio.get_running_loop().sock_connect(sock, ("127.0.0.1", port))
    except OSError:
        sock.close()
        raise
    return sock


async def _read(sock, *, until=None, timeout_s=5.0, seen=None):
    """Reads until `until(seen)`, the end, or the time is up (then `end` stays "open")."""
    loop, seen = asyncio.get_running_loop(), seen or Seen()
    began = time.monotonic()
    try:
        async with asyncio.timeout(timeout_s):
            while until is None or not until(seen):
                data = await loop.sock_recv(sock, 65536)
                if not data:
                    seen.end = "fin"
                    break
                seen.data += data
                seen.at_s.append(time.monotonic() - began)
    except ConnectionResetError:
        seen.end = "rst"
    except TimeoutError:
        pass
    return seen


class Raw:
    """Sockets without any library between the test and the bytes."""

    Seen = Seen
    connect = staticmethod(_connect)
    read = staticmethod(_read)

    @staticmethod
    async def send(sock, data):
        await asyncio.get_running_loop().sock_sendall(sock, data)

    async def exchange(self, port, request, *, until=None, timeout_s=5.0):
        """One connection, one request."""
        try:
            sock = await self.connect(port)
        except ConnectionRefusedError:
            return Seen(end="refused")
        try:
            await self.send(sock, request)
            return await self.read(sock, until=until, timeout_s=timeout_s)
        except ConnectionResetError:
            return Seen(end="rst")
        finally:
            sock.close()

    def request(self, path, document, *, request_id="test-1", close=False):
        """A POST of JSON."""
        body = json.dumps(document).encode()
        head = [
            f"POST {path} HTTP/1.1",
            "host: provider",
            "content-type: application/json",
            "anthropic-version: 2023-06-01",
            f"x-client-request-id: {request_id}",
            f"content-length: {len(body)}",
        ]
        return "\r\n".join([*head, *(["connection: close"] if close else []), "", ""]).encode() + body


@pytest.fixture(scope="session")
def raw():
    """A raw client."""
    return Raw()


@pytest.fixture(scope="session")
def whole():
    """Stops reading when a response is complete."""
    return lambda seen: seen.whole
