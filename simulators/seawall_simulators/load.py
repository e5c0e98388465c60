"""Closed-loop load by bare sockets: what a server answers at most on a few keep-alive connections."""

import asyncio
import json
from time import perf_counter
from urllib.parse import urlsplit

from msgspec import Struct

DISTINCT_BODIES = 512
_ANSWER_S_MAX = 10.0


class Round(Struct, frozen=True):
    """What one round of load came to. Latencies in milliseconds."""

    answers: int
    rate_per_s: float
    p50_ms: float
    p99_ms: float


class Load:
    """As many requests as the server answers, on a fixed number of keep-alive connections, for a fixed time."""

    def __init__(self, requests: list[bytes], end_of_answer: bytes | None, duration_s: float) -> None:
        self.latencies_s: list[float] = []
        self.bad = 0
        self._requests = requests
        self._end_of_answer = end_of_answer
        self._duration_s = duration_s
        self._sent = 0
        self._until_s = 0.0

    def next_request(self) -> bytes | None:
        """The bytes to send next; None when the time is over."""
        if perf_counter() >= self._until_s:
            return None
        self._sent += 1
        return self._requests[self._sent % len(self._requests)]

    def is_complete(self, answer: bytes) -> bool:
        """Whether these bytes are one whole answer."""
        if self._end_of_answer is not None:
            return answer.endswith(self._end_of_answer)
        head, found, body = answer.partition(b"\r\n\r\n")
        return bool(found) and len(body) >= int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])

    async def run(self, host: str, port: int, connections: int) -> Round:
        """Runs the load."""
        loop = asyncio.get_running_loop()
        begun_s = perf_counter()
        self._until_s = begun_s + self._duration_s
        clients = [
            (await loop.create_connection(lambda: _Client(self), host, port))[1] for _ in range(connections)
        ]
        await asyncio.wait_for(
            asyncio.gather(*(client.finished for client in clients)), self._duration_s + _ANSWER_S_MAX
        )
        took_s = perf_counter() - begun_s
        if self.bad:
            raise RuntimeError(f"{self.bad} answers were not 200")
        ordered = sorted(self.latencies_s)
        return Round(
            answers=len(ordered),
            rate_per_s=len(ordered) / took_s,
            p50_ms=1000 * ordered[len(ordered) // 2],
            p99_ms=1000 * ordered[len(ordered) * 99 // 100],
        )


class _Client(asyncio.Protocol):
    """One connection: sends the next request when the last is answered."""

    def __init__(self, load: Load) -> None:
        self._load = load
        self._received = b""
        self._sent_s = 0.0
        self.finished = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self._transport = transport
        self._send()

    def data_received(self, data: bytes) -> None:
        self._received = received = self._received + data if self._received else data
        if not self._load.is_complete(received):
            return
        self._load.latencies_s.append(perf_counter() - self._sent_s)
        if not received.startswith(b"HTTP/1.1 200 "):
            self._load.bad += 1
        self._received = b""
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        if not self.finished.done():
            self.finished.set_exception(ConnectionError("the server closed the connection"))

    def _send(self) -> None:
        request = self._load.next_request()
        self._sent_s = perf_counter()
        if request is not None:
            self._transport.write(request)
        elif not self.finished.done():
            self.finished.set_result(None)
            self._transport.close()


def chat_requests(base_url: str, model: str, *, stream: bool) -> list[bytes]:
    """Chat requests as an SDK sends them, each with another body."""
    url = urlsplit(base_url)
    requests = []
    for number in range(DISTINCT_BODIES):
        message = {"role": "user", "content": f"How is the weather in harbor number {number}?"}
        body = json.dumps({"messages": [message], "model": model, "stream": stream}).encode()
        head = (
            f"POST {url.path}/chat/completions HTTP/1.1\r\nHost: {url.netloc}\r\n"
            "Accept: application/json\r\nContent-Type: application/json\r\nUser-Agent: bench\r\n"
            f"Authorization: Bearer none\r\nX-Client-Request-Id: bench-{number}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        requests.append(head.encode() + body)
    return requests
