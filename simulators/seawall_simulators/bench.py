"""What the fake providers sustain: a load generator of bare sockets, and `python -m seawall_simulators.bench`."""

import asyncio
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
from time import perf_counter
from typing import Any, Self
from urllib.parse import urlsplit

import click
from msgspec import Struct

from seawall_simulators.loop import run_loop

CONNECTIONS = 16
TOKENS = 10
DISTINCT_BODIES = 512
_ANSWER_S_MAX = 10.0


class Round(Struct, frozen=True):
    """What one round of load came to. Latencies in milliseconds."""

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


def measure(base_url: str, model: str, *, stream: bool, rounds: int, round_s: float) -> list[Round]:
    """Rounds of load on one provider, after a short one to warm up."""
    url = urlsplit(base_url)
    requests = chat_requests(base_url, model, stream=stream)
    measured = []
    for number in range(rounds + 1):
        load = Load(requests, b"\r\n0\r\n\r\n" if stream else None, round_s if number else min(round_s, 0.5))
        measured.append(run_loop(load.run(str(url.hostname), int(url.port or 80), CONNECTIONS)))
    return measured[1:]


def wrk(base_url: str, model: str, *, stream: bool, round_s: float) -> float | None:
    """Requests per second by wrk, None where it is not installed."""
    program = shutil.which("wrk")
    if program is None:
        return None
    head, _, body = chat_requests(base_url, model, stream=stream)[0].partition(b"\r\n\r\n")
    del head
    script = (
        'wrk.method = "POST"\nwrk.headers["Content-Type"] = "application/json"\n'
        f'wrk.headers["Authorization"] = "Bearer none"\nwrk.body = {json.dumps(body.decode())}\n'
    )
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write(script)
        file.flush()
        seconds = f"{max(1, round(round_s))}s"
        command = [
            program,
            "-t1",
            f"-c{CONNECTIONS}",
            f"-d{seconds}",
            "-s",
            file.name,
            f"{base_url}/chat/completions",
        ]
        output = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout  # noqa: S603
    return float(output.partition("Requests/sec:")[2].split()[0])


class Server:
    """A fake provider without latency, as a process of its own."""

    def __enter__(self) -> Self:
        behaviour = {"tokens": TOKENS, "first_token_ms": {"median": 0}, "inter_token_ms": {"median": 0}}
        config = {
            "providers": {"alpha": {"wire": "openai", "models": ["m"], "port": 0, "behaviour": behaviour}}
        }
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump(config, file)
            file.flush()
            command = [sys.executable, "-m", "seawall_simulators", "serve", "--parent", "--config", file.name]
            self._process = subprocess.Popen(  # noqa: S603  (this very package)
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            assert self._process.stdout is not None  # noqa: S101
            ready = self._process.stdout.readline()
        if not ready:
            raise RuntimeError("the fake provider did not start")
        self.base_url = json.loads(ready)["providers"]["alpha"]["base_url"]
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.communicate()


def summarise(what: str, rounds: list[Round]) -> dict[str, Any]:
    """The median of the rounds, as one line of the report."""
    return {
        "what": what,
        "rate_per_s": round(statistics.median(each.rate_per_s for each in rounds)),
        "p50_ms": round(statistics.median(each.p50_ms for each in rounds), 3),
        "p99_ms": round(statistics.median(each.p99_ms for each in rounds), 3),
        "rounds": len(rounds),
    }


@click.command()
@click.option("--rounds", type=click.IntRange(1, 20), default=5, show_default=True)
@click.option("--round-s", type=click.FloatRange(0.2, 30), default=2.0, show_default=True)
def main(rounds: int, round_s: float) -> None:
    """Measures requests and streams per second on 16 keep-alive connections; prints JSON lines, then a table."""
    results = []
    with Server() as server:
        for what, stream in (("chat", False), ("stream of 10 chunks", True)):
            result = summarise(
                what, measure(server.base_url, "m", stream=stream, rounds=rounds, round_s=round_s)
            )
            results.append(result | {"wrk_per_s": wrk(server.base_url, "m", stream=stream, round_s=round_s)})
            click.echo(json.dumps(results[-1]))
    click.echo(f"\n{'':24}{'per second':>12}{'p50 ms':>10}{'p99 ms':>10}{'by wrk':>12}")
    for result in results:
        by_wrk = f"{result['wrk_per_s']:.0f}" if result["wrk_per_s"] else "-"
        click.echo(
            f"{result['what']:24}{result['rate_per_s']:>12}{result['p50_ms']:>10}{result['p99_ms']:>10}{by_wrk:>12}"
        )


if __name__ == "__main__":
    main()
