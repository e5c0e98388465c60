"""Crowds: 2,000 calls at once on one event loop, and 64 threads on the sync client; does everything come back?

`python -m seawall_chaos.bench.scale` measures both against a fake provider and prints a line a figure. Each crowd is
a process of its own, which does everything five times: the allocator needs a round to find its size, and what it holds
then goes up and down by some megabytes, so the least of the last two rounds is compared with the least of the two before.
"""

from __future__ import annotations

import asyncio
import gc
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate
from pathlib import Path
from typing import NamedTuple

from seawall import LLMError, LLMManager, Settings, load_settings, sync
from seawall_chaos.bench.figures import ScaleRow
from seawall_chaos.bench.measure import rss_mb
from seawall_chaos.endpoints import ProviderSpec
from seawall_chaos.simulator_process import SimulatorProcess

CALLS = 2_000
THREADS = 64
CALLS_PER_THREAD = 10
CROWDS = ("loop", "threads")
GROWTH_MB_MAX = 4.0
_TIMEOUT_S = 180.0
_PAIR = 2
_CONNECT_S = 15.0


class Crowd(NamedTuple):
    """What became of one round."""

    failed: int
    tasks_left: int


def measure_scale(calls: int = CALLS) -> list[ScaleRow]:
    """Measure both crowds, that on the loop with so many calls at once.

    Takes half a minute with as many as there are by default. Raises `subprocess.SubprocessError` where a crowd's
    process fails.
    """
    _allow_files(3 * calls)
    return [row for crowd in CROWDS for row in asyncio.run(_measure(crowd, calls))]


async def _measure(crowd: str, calls: int) -> list[ScaleRow]:
    # On the loop long enough for all requests to be there at once.
    answer_ms = 500.0 + calls if crowd == "loop" else 20.0
    behaviour = {
        "tokens": 12,
        "first_token_ms": {"median": answer_ms},
        "inter_token_ms": {"median": 0},
    }
    spec = ProviderSpec("alpha", "openai", "m", behaviour=behaviour, api_key="bench")
    with tempfile.TemporaryDirectory() as folder:
        providers = await SimulatorProcess.start([spec], seed=1, log_dir=Path(folder))
        try:
            figures = await asyncio.to_thread(_in_process, crowd, providers.base_urls["alpha"], calls)
            rows = await providers.journal()
        finally:
            await providers.end()
    at_once = most_at_once((row["arrived_monotonic_s"], row["finished_monotonic_s"]) for row in rows)
    return _rows(crowd, calls, figures | {"at_once": at_once})


def _in_process(crowd: str, base_url: str, calls: int) -> dict[str, float]:
    command = [sys.executable, "-m", "seawall_chaos.bench.scale", crowd, base_url, str(calls)]
    done = subprocess.run(  # noqa: S603  (this very module)
        command, check=True, capture_output=True, text=True, timeout=_TIMEOUT_S
    )
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def _rows(crowd: str, calls: int, figures: dict[str, float]) -> list[ScaleRow]:
    if crowd == "loop":
        what, together, in_round = f"{calls:,} calls at once on one event loop", 0.9 * calls, calls
    else:
        what, together = f"{THREADS} threads, one sync client", 0.5 * THREADS
        in_round = THREADS * CALLS_PER_THREAD
    return [
        ScaleRow(
            what=f"{what}: at the provider at the same time",
            measured=figures["at_once"],
            relation="at_least",
            bound=together,
        ),
        ScaleRow(what=f"{what}: calls that failed", measured=figures["failed"], relation="at_most", bound=0),
        ScaleRow(
            what=f"{what}: tasks, threads and sockets left",
            measured=figures["left"],
            relation="at_most",
            bound=0,
        ),
        ScaleRow(
            what=f"{what}: Python objects that the last round left",
            measured=figures["growth_blocks"],
            relation="at_most",
            bound=in_round / 2,  # one that each call leaves would be twice as many
        ),
        ScaleRow(
            what=f"{what}: memory that the last two rounds took",
            unit="MB",
            measured=round(figures["growth_mb"], 2),
            relation="at_most",
            bound=GROWTH_MB_MAX,
        ),
    ]


def most_at_once(spans: Iterable[tuple[float, float]]) -> int:
    """How many of these spans of time overlapped at most."""
    changes = sorted(change for start, end in spans for change in ((start, 1), (end, -1)))
    return max(accumulate(step for _, step in changes), default=0)


async def crowd_on_loop(settings: Settings, calls: int) -> Crowd:
    """All calls at once on the running loop."""
    async with LLMManager(settings) as llm:
        asked = (llm.complete(f"question {number}") for number in range(calls))
        results = await asyncio.gather(*asked, return_exceptions=True)
    for _ in range(20):  # what was cancelled ends within a few turns of the loop
        await asyncio.sleep(0)
    failed = sum(isinstance(result, BaseException) for result in results)
    return Crowd(failed, len(asyncio.all_tasks()) - 1)


def crowd_of_threads(settings: Settings) -> Crowd:
    """Each thread asks one question after the other."""

    def ask(number: int) -> int:
        failed = 0
        for question in range(CALLS_PER_THREAD):
            try:
                llm.complete(f"question {question} of {number}")
            except LLMError:
                failed += 1
        return failed

    with sync.LLMManager(settings) as llm, ThreadPoolExecutor(THREADS) as pool:
        return Crowd(sum(pool.map(ask, range(THREADS))), 0)


def repeated(crowd: Callable[[], Crowd]) -> dict[str, float]:
    """Run a crowd again and again: what failed in all, what is left of it, and what the last rounds took."""
    empty = held()
    rounds = [crowd()]
    held_mb: list[float] = []
    blocks: list[int] = []
    for _ in range(2 * _PAIR):
        rounds.append(crowd())
        held_mb.append(settled_mb())
        blocks.append(sys.getallocatedblocks())
    growth_mb = min(held_mb[_PAIR:]) - min(held_mb[:_PAIR])
    growth_blocks = blocks[-1] - blocks[-2]
    left = held() - empty + sum(each.tasks_left for each in rounds)
    failed = sum(each.failed for each in rounds)
    return {"failed": failed, "left": left, "growth_mb": growth_mb, "growth_blocks": growth_blocks}


def held() -> int:
    """Threads and sockets of this process."""
    files = (str(file.readlink()) for file in Path("/proc/self/fd").iterdir() if file.is_symlink())
    return threading.active_count() + sum(file.startswith("socket:") for file in files)


def settled_mb() -> float:
    """Resident memory once nothing is left to be collected."""
    gc.collect()
    return rss_mb()


def _allow_files(files: int) -> None:
    """Let this process and its children have a socket for each call and for its other end."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = files if hard == resource.RLIM_INFINITY else min(files, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def _run(crowd: str, base_url: str, calls: int) -> dict[str, float]:
    provider = {
        "name": "alpha",
        "wire": "openai_chat",
        "model": "m",
        "base_url": base_url,
        "api_key": "bench",
        "max_concurrent": calls,  # there is no other provider to take a share
    }
    # All connect in one turn of the loop, on a machine that may have other things to do.
    overrides = {"providers": [provider], "timeouts": {"connect_s": _CONNECT_S}}
    settings = load_settings(environ={}, overrides=overrides, dotenv=os.devnull)
    if crowd == "loop":
        return repeated(lambda: asyncio.run(crowd_on_loop(settings, calls)))
    return repeated(lambda: crowd_of_threads(settings))


def main(arguments: Sequence[str]) -> None:
    """Measure everything; with a crowd's name, an address and a number of calls, only that, in this process."""
    if arguments:
        crowd, base_url, calls = arguments
        print(json.dumps(_run(crowd, base_url, int(calls))))  # noqa: T201
        return
    for row in measure_scale():
        kept = row.measured <= row.bound if row.relation == "at_most" else row.measured >= row.bound
        verdict = "met" if kept else f"MISSED, {row.relation} {row.bound:g}"
        print(f"{row.what}: {row.measured:g} {row.unit} ({verdict})")  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1:])
