"""What the fake providers sustain, beside the floor of this machine: `python -m seawall_simulators.bench`."""

import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import click

from seawall_simulators.load import Load, Round, chat_requests
from seawall_simulators.loop import run_loop

CONNECTIONS = 16
TOKENS = 10
_WARM_UP_S = 0.5
_UTIME, _STIME = 11, 12  # of what /proc/PID/stat says after the name
_LAST_CHUNK = b"\r\n0\r\n\r\n"


def measure(base_url: str, model: str, *, stream: bool, rounds: int, round_s: float) -> list[Round]:
    """Rounds of load on one provider, one after the other."""
    url = urlsplit(base_url)
    requests = chat_requests(base_url, model, stream=stream)
    end, host, port = _LAST_CHUNK if stream else None, str(url.hostname), int(url.port or 80)
    return [run_loop(Load(requests, end, round_s).run(host, port, CONNECTIONS)) for _ in range(rounds)]


def wrk(base_url: str, model: str, *, stream: bool, round_s: float) -> float | None:
    """Requests per second by wrk, None where it is not installed or what it got were no answers."""
    program = shutil.which("wrk")
    if program is None:
        return None
    body = chat_requests(base_url, model, stream=stream)[0].partition(b"\r\n\r\n")[2].decode()
    headers = {"Content-Type": "application/json", "Authorization": "Bearer none"}
    script = [f"wrk.headers[{json.dumps(name)}] = {json.dumps(value)}" for name, value in headers.items()]
    script += ['wrk.method = "POST"', f"wrk.body = {json.dumps(body)}", ""]
    with tempfile.NamedTemporaryFile("w", suffix=".lua") as file:
        file.write("\n".join(script))
        file.flush()
        options = ["-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(round_s))}s", "-s", file.name]
        command = [program, *options, f"{base_url}/chat/completions"]
        run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)  # noqa: S603
    if run.returncode or "Non-2xx" in run.stdout:
        return None
    return float(run.stdout.partition("Requests/sec:")[2].split()[0])


class Server:
    """A server as a process of its own: by default a fake provider without latency, `floor` a bare protocol."""

    def __init__(self, *, floor: bool = False) -> None:
        self._floor = floor

    def __enter__(self) -> Self:
        behaviour = {"tokens": TOKENS, "first_token_ms": {"median": 0}, "inter_token_ms": {"median": 0}}
        provider = {"wire": "openai", "models": ["m"], "port": 0, "behaviour": behaviour}
        with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
            json.dump({"providers": {"alpha": provider}}, file)
            file.flush()
            serve = ["seawall_simulators", "serve", "--parent", "--config", file.name]
            command = [sys.executable, "-m", *(["seawall_simulators.floor"] if self._floor else serve)]
            self._process = subprocess.Popen(  # noqa: S603  (this very package)
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
            )
            ready = self._process.stdout.readline() if self._process.stdout is not None else ""
        if not ready:
            raise RuntimeError("the server did not start")
        self.base_url: str = json.loads(ready)["providers"]["alpha"]["base_url"]
        return self

    def cpu_s(self) -> float | None:
        """CPU time the server has used so far, in seconds; None where /proc does not tell."""
        try:
            fields = (
                Path(f"/proc/{self._process.pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
            )
        except OSError:
            return None
        return (int(fields[_UTIME]) + int(fields[_STIME])) / os.sysconf("SC_CLK_TCK")

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
    for what, stream, floor in (("floor", False, True), ("chat", False, False), ("stream", True, False)):
        with Server(floor=floor) as server:
            url = server.base_url
            measure(url, "m", stream=stream, rounds=1, round_s=_WARM_UP_S)
            before_s = server.cpu_s()
            measured = measure(url, "m", stream=stream, rounds=rounds, round_s=round_s)
            after_s = server.cpu_s()
            by_wrk = wrk(url, "m", stream=stream, round_s=round_s)
        used_s = None if before_s is None or after_s is None else after_s - before_s
        answers = sum(each.answers for each in measured)
        cpu_us = None if used_s is None else round(1e6 * used_s / answers, 1)
        results.append(summarise(what, measured) | {"wrk_per_s": by_wrk, "cpu_us": cpu_us})
        click.echo(json.dumps(results[-1]))
    click.echo(f"\n{'':8}{'per second':>12}{'p50 ms':>10}{'p99 ms':>10}{'by wrk':>10}{'CPU us each':>13}")
    for result in results:
        wrk_rate = "-" if result["wrk_per_s"] is None else f"{result['wrk_per_s']:.0f}"
        rate, p50, p99, cpu = (result[name] for name in ("rate_per_s", "p50_ms", "p99_ms", "cpu_us"))
        click.echo(f"{result['what']:8}{rate:>12}{p50:>10}{p99:>10}{wrk_rate:>10}{cpu or '-':>13}")
    click.echo(
        f"\n{CONNECTIONS} connections; a stream has {TOKENS} tokens; the floor answers without a thought"
    )


if __name__ == "__main__":
    main()
