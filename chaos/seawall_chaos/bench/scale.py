"""Crowds: 2,000 calls at once on one event loop, and 64 threads on the sync client; does everything come back?

`python -m seawall_chaos.bench.scale` measures both against a fake provider and prints a line a figure. Each crowd is
a process of its own, which does everything twice: the first round sets the mark, the second must not go beyond it.
"""

from __future__ import annotations

import asyncio
import gc
import json
import resource
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import accumulate
from pathlib import Path
from typing import Any

from seawall import LLMError, LLMManager, Settings, load_settings, sync
from seawall_chaos.bench.figures import ScaleRow
from seawall_chaos.bench.measure import rss_mb
from seawall_chaos.endpoints import ProviderSpec
from seawall_chaos.simulator_process import SimulatorProcess

CALLS = 2_000
THREADS = 64
CALLS_PER_THREAD = 20
ANSWER_MS = {"loop": 2_500.0, "threads": 20.0}  # for the loop, long enough for all requests to be there at once
GROWTH_MB_MAX = 4.0
_FILES = 3 * CALLS
_TIMEOUT_S = 180.0
_WHAT = {"loop": f"{CALLS:,} calls at once on one event loop", "threads": f"{THREADS} threads, one sync client"}


def measure_scale() -> list[ScaleRow]:
    """Measure both crowds; takes about half a minute."""
    _allow_files()
    return [row for crowd in ANSWER_MS for row in asyncio.run(_measure(crowd))]


async def _measure(crowd: str) -> list[ScaleRow]:
    behaviour = {"tokens": 12, "first_token_ms": {"median": ANSWER_MS[crowd]}, "inter_token_ms": {"median": 0}}
    spec = ProviderSpec("alpha", "openai", "m", behaviour=behaviour, api_key="bench")
    with tempfile.TemporaryDirectory() as folder:
        providers = await SimulatorProcess.start([spec], seed=1, log_dir=Path(folder))
        try:
            figures = await asyncio.to_thread(_in_process, crowd, providers.base_urls["alpha"])
            rows = await providers.journal()
        finally:
            await providers.end()
    at_once = most_at_once((row["arrived_monotonic_s"], row["finished_monotonic_s"]) for row in rows)
    return _rows(crowd, figures | {"at_once": at_once})


def _in_process(crowd: str, base_url: str) -> dict[str, float]:
    command = [sys.executable, "-m", "seawall_chaos.bench.scale", crowd, base_url]
    done = subprocess.run(  # noqa: S603  (this very module)
        command, check=True, capture_output=True, text=True, timeout=_TIMEOUT_S
    )
    figures: dict[str, float] = json.loads(done.stdout)
    return figures


def _rows(crowd: str, figures: dict[str, float]) -> list[ScaleRow]:
    what = _WHAT[crowd]
    together = 0.9 * CALLS if crowd == "loop" else 0.5 * THREADS
    return [
        ScaleRow(what=f"{what}: at the provider at the same time", measured=figures["at_once"], relation="at_least", bound=together),
        ScaleRow(what=f"{what}: calls that failed", measured=figures["failed"], relation="at_most", bound=0),
        ScaleRow(what=f"{what}: tasks, threads and sockets left", measured=figures["left"], relation="at_most", bound=0),
        ScaleRow(what=f"{what}: memory growth of a second round", unit="MB", measured=round(figures["growth_mb"], 2), relation="at_most", bound=GROWTH_MB_MAX),
    ]


def most_at_once(spans: Iterable[tuple[float, float]]) -> int:
    """How many of these spans of time overlapped at most."""
    changes = sorted(change for start, end in spans for change in ((start, 1), (end, -1)))
    return max(accumulate(step for _, step in changes), default=0)


async def crowd_on_loop(settings: Settings) -> int:
    """All calls at once on the running loop; returns how many failed, tasks left over included."""
    async with LLMManager(settings) as llm:
        calls = (llm.complete(f"question {number}") for number in range(CALLS))
        results = await asyncio.gather(*calls, return_exceptions=True)
    return sum(isinstance(result, BaseException) for result in results)


def crowd_of_threads(settings: Settings) -> int:
    """Each thread asks one question after the other; returns how many calls failed."""

    def ask(number: int) -> int:
        failed = 0
        for question in range(CALLS_PER_THREAD):
            try:
                llm.complete(f"question {question} of {number}")
            except LLMError:
                failed += 1
        return failed

    with sync.LLMManager(settings) as llm, ThreadPoolExecutor(THREADS) as pool:
        return sum(pool.map(ask, range(THREADS)))


def twice(crowd: Callable[[], int]) -> dict[str, float]:
    """Run a crowd twice; what failed in all, and what the second round left that the first did not."""
    failed = crowd()
    before, mark_mb = held(), settled_mb()
    failed += crowd()
    return {"failed": failed, "left": held() - before + held() - 1, "growth_mb": settled_mb() - mark_mb}


def held() -> int:
    """Threads and sockets of this process."""
    sockets = [file for file in Path("/proc/self/fd").iterdir() if "socket:" in _target(file)]
    return threading.active_count() + len(sockets)
