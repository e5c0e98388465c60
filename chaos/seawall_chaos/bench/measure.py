"""Measures one contender in a process of its own: `python -m seawall_chaos.bench.measure NAME BASE_URL MODEL WHAT`.

WHAT is `speed` or `growth`. It runs in the environments of rivals too, so it imports nothing but its like.
"""

from __future__ import annotations

import asyncio
import gc
import json
import sys
import time

from seawall_chaos.bench.contenders import CONTENDERS, Ask

# Calls, and seconds after which a slow contender has made enough of them to be measured.
WARM_UP = (300, 1.0)
SEQUENTIAL = (1500, 1.5)
CONCURRENT = (4000, 2.0)
GROWTH_CALLS, GROWTH_S = 10_000, 8.0
# The one contender that has a target for it makes all of those calls, however busy the machine.
OWN, OWN_GROWTH_S = "seawall", 60.0
CONCURRENCY = 64
_KIB = 1024
_BATCH = 50


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


async def sequential(ask: Ask, calls: int, limit_s: float) -> tuple[int, float]:
    """Calls one after the other, until there were so many or the time is up: how many, and the CPU time of one in µs."""
    cpu_s, end_s, made = time.process_time(), time.perf_counter() + limit_s, 0
    while made < calls and time.perf_counter() < end_s:
        for _ in range(min(_BATCH, calls - made)):
            made += 1
            await ask(f"How is the weather in harbor number {made}?")
    return made, 1e6 * (time.process_time() - cpu_s) / made


async def concurrent(ask: Ask, calls: int, limit_s: float) -> tuple[int, float]:
    """Calls of `CONCURRENCY` callers, each asking again as soon as it is answered: how many, and how many per second."""
    began_s, made = time.perf_counter(), 0

    async def caller() -> None:
        nonlocal made
        while made < calls and time.perf_counter() - began_s < limit_s:
            made += 1
            await ask(f"How is the weather in harbor number {made}?")

    await asyncio.gather(*(caller() for _ in range(CONCURRENCY)))
    return made, made / (time.perf_counter() - began_s)


async def speed(ask: Ask) -> dict[str, float]:
    """What a call costs: `cpu_us`, `rate_per_s`."""
    await sequential(ask, *WARM_UP)
    _, cpu_us = await sequential(ask, *SEQUENTIAL)
    _, rate_per_s = await concurrent(ask, *CONCURRENT)
    return {"cpu_us": cpu_us, "rate_per_s": rate_per_s}


async def growth(ask: Ask, limit_s: float) -> dict[str, float]:
    """What memory grows by: `growth_mb` over `growth_calls`, after a warm-up of both kinds."""
    await sequential(ask, *WARM_UP)
    await concurrent(ask, WARM_UP[0] * 4, WARM_UP[1])
    gc.collect()
    warm_mb = rss_mb()
    calls, _ = await concurrent(ask, GROWTH_CALLS, limit_s)
    await sequential(ask, WARM_UP[0], WARM_UP[1])
    gc.collect()
    return {"growth_mb": rss_mb() - warm_mb, "growth_calls": calls}


async def measure(name: str, base_url: str, model: str, what: str) -> dict[str, float]:
    """The figures of one contender."""
    async with CONTENDERS[name](base_url, model) as ask:
        if what == "speed":
            return await speed(ask)
        return await growth(ask, OWN_GROWTH_S if name == OWN else GROWTH_S)


if __name__ == "__main__":
    print(json.dumps(asyncio.run(measure(*sys.argv[1:5]))))  # noqa: T201
