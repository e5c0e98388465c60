"""From figures to rows: what was measured, what it was to be, and whether it is."""

from __future__ import annotations

from typing import Any

# The targets of the project; ratios where another machine would give another figure.
_CPU_RATIO_MAX = 1.8
_RATE_RATIO_MIN = 0.45
_RATE_HTTPX2_RATIO_MIN = 2.0
_IMPORT_RATIO_MAX = 0.5
_IMPORT_MB_MAX = 40.0
_GROWTH_MB_MAX = 2.0
_CHAT_PER_S_MIN = 20_000
_STREAMS_PER_S_MIN = 4_000


def rows(results: dict[str, Any]) -> list[dict[str, Any]]:
    """One row per target: `what`, `measured`, `target` (text) and `met`."""
    seawall, aiohttp, httpx2, openai = (
        results["contenders"][name] for name in ("seawall", "aiohttp", "httpx2", "openai")
    )
    chat, streams = (each["rate_per_s"] for each in results["simulators"])

    def at_most(what: str, measured: float, limit: float) -> dict[str, Any]:
        return {
            "what": what,
            "measured": round(measured, 3),
            "target": f"≤ {limit:g}",
            "met": measured <= limit,
        }

    def at_least(what: str, measured: float, limit: float) -> dict[str, Any]:
        return {
            "what": what,
            "measured": round(measured, 3),
            "target": f"≥ {limit:g}",
            "met": measured >= limit,
        }

    return [
        at_most("CPU per call ÷ bare aiohttp", seawall["cpu_us"] / aiohttp["cpu_us"], _CPU_RATIO_MAX),
        at_most("CPU per call ÷ bare httpx2", seawall["cpu_us"] / httpx2["cpu_us"], 1.0),
        at_least(
            "calls/s at 64 ÷ bare aiohttp", seawall["rate_per_s"] / aiohttp["rate_per_s"], _RATE_RATIO_MIN
        ),
        at_least(
            "calls/s at 64 ÷ bare httpx2",
            seawall["rate_per_s"] / httpx2["rate_per_s"],
            _RATE_HTTPX2_RATIO_MIN,
        ),
        at_most("import time ÷ import openai", seawall["import_ms"] / openai["import_ms"], _IMPORT_RATIO_MAX),
        at_most("memory after import, MB", seawall["import_mb"], _IMPORT_MB_MAX),
        at_most("memory growth over 5,800 calls, MB", seawall["growth_mb"], _GROWTH_MB_MAX),
        at_least("fake provider, chat answers/s", chat, _CHAT_PER_S_MIN),
        at_least("fake provider, streams/s of 10 chunks", streams, _STREAMS_PER_S_MIN),
    ]


def markdown(results: dict[str, Any]) -> str:
    """The tables for people."""
    lines = ["| | measured | target | |", "|---|---:|---:|---|"]
    lines += [
        f"| {row['what']} | {row['measured']:g} | {row['target']} | {'met' if row['met'] else '**missed**'} |"
        for row in results["rows"]
    ]
    lines += [
        "",
        "| contender | CPU µs/call | calls/s at 64 | import ms | MB after import |",
        "|---|---:|---:|---:|---:|",
    ]
    lines += [
        f"| {name} | {each['cpu_us']:.0f} | {each['rate_per_s']:.0f} | {each['import_ms']:.0f} | {each['import_mb']:.0f} |"
        for name, each in results["contenders"].items()
    ]
    lines += ["", f"Medians of {results['rounds']} rounds; contenders take turns within a round."]
    return "\n".join(lines) + "\n"
