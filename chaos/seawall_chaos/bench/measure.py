"""Measures one contender in a process of its own: `python -m seawall_chaos.bench.measure NAME BASE_URL MODEL`."""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time

from seawall_chaos.bench.contenders import CONTENDERS, Ask

WARM_UP_CALLS = 300
SEQUENTIAL_CALLS = 1500
CONCURRENT_CALLS = 4000
CONCURRENCY = 64
_KIB = 1024


def rss_mb() -> float:
    """Resident memory of this process, in MB of 2**20 bytes; 0 where the system does not tell."""
    try:
        with open("/proc/self/status", encoding="ascii") as status:  # noqa: PTH123  (no import that would count)
            for line in status:
                if line.startswith("VmRSS"):
                    return int(line.split()[1]) / _KIB
    except OSError:
        pass
    return 0.0


async def sequential(ask: Ask, calls: int) -> float:
    """CPU time of this process for a call, in microseconds, one call after the other."""
    before = time.process_time()
    for number in range(calls):
        await ask(f"How is the weather in harbor number {number}?")
    return 1e6 * (time.process_time() - before) / calls


async def concurrent(ask: Ask, calls: int) -> float:
    """Calls per second with `CONCURRENCY` callers, each asking again as soon as it is answered."""
    numbers = iter(range(calls))

    async def caller() -> None:
        for number in numbers:
            await ask(f"How is the weather in harbor number {number}?")

    before = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(CONCURRENCY)))
    return calls / (time.perf_counter() - before)


async def measure(name: str, base_url: str, model: str) -> dict[str, float]:
    """All figures of one contender."""
    imported_mb = rss_mb()
    async with CONTENDERS[name](base_url, model) as ask:
        await sequential(ask, WARM_UP_CALLS)
        gc.collect()
        warm_mb = rss_mb()
        cpu_us = await sequential(ask, SEQUENTIAL_CALLS)
        rate_per_s = await concurrent(ask, CONCURRENT_CALLS)
        await sequential(ask, WARM_UP_CALLS)
        gc.collect()
        return {
            "cpu_us": cpu_us,
            "rate_per_s": rate_per_s,
            "start_mb": imported_mb,
            "growth_mb": rss_mb() - warm_mb,
        }


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure(*sys.argv[1:4]))))  # noqa: T201
