"""The faults that clients are compared under: one scenario each, calls at constant intervals, no proxy in the path."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any, NamedTuple

from seawall_chaos.loader import ScenarioFile
from seawall_chaos.scenario import Scenario

RATE_PER_S = 20
DURATION_S = 30
QUICK_DURATION_S = 6
DEADLINE_S = 10
SERVICE_MS = 50
INTER_TOKEN_MS = 10
TOKENS = 10
SLOW_FOR_S = 10
FIRST = "alpha"
PROVIDERS = (FIRST, "beta", "gamma")


class Cell(NamedTuple):
    """A fault on the first provider, or on all; `for_s` None: from the first call to the last."""

    title: str
    fault: dict[str, Any] | None = None
    stream: bool = False
    for_s: float | None = None
    everywhere: bool = False
    deadline_s: float = DEADLINE_S


CELLS = {
    "healthy": Cell("Nothing is wrong"),
    "503": Cell("503 always", {"fault": "http_status", "status": 503}),
    "429": Cell(
        "429 with Retry-After 20",
        {"fault": "http_status", "status": 429, "retry_after": "20"},
    ),
    "hang": Cell("It never answers", {"fault": "blackhole"}),
    "slow": Cell(
        "10 times as slow for 10 s, then well", {"fault": "delayed_head", "delay_s": 0.45}, for_s=SLOW_FOR_S
    ),
    "stall": Cell("Streams stall after 3 tokens", {"fault": "stall", "after_tokens": 3}, stream=True),
    "cut": Cell("Streams are reset after 3 tokens", {"fault": "cut", "after_tokens": 3}, stream=True),
    "truncated": Cell(
        "Streams end early, without their terminal event",
        {"fault": "truncation", "after_tokens": 3},
        stream=True,
    ),
    "all-hang": Cell(
        "No provider ever answers; the caller waits for 1 s",
        {"fault": "blackhole"},
        everywhere=True,
        deadline_s=1,
    ),
}


def scenario_of(name: str, *, quick: bool) -> ScenarioFile:
    """The cell as a scenario; a quick one is too short to prove anything."""
    cell = CELLS[name]
    duration_s = QUICK_DURATION_S if quick else DURATION_S
    document = _document(cell, duration_s)
    text = json.dumps(document, sort_keys=True)
    digest = hashlib.sha256(text.encode()).hexdigest()
    return ScenarioFile(name, Path(__file__), digest, Scenario.model_validate(document))


def _document(cell: Cell, duration_s: float) -> dict[str, Any]:
    behaviour = {
        "tokens": TOKENS,
        "first_token_ms": {"median": SERVICE_MS, "sigma": 0},
        "inter_token_ms": {"median": INTER_TOKEN_MS if cell.stream else 0, "sigma": 0},
    }
    for_s = min(cell.for_s or duration_s, duration_s)
    afflicted = PROVIDERS if cell.everywhere else (FIRST,)
    return {
        "title": cell.title,
        "path": "direct",
        "duration_s": duration_s,
        "load": {
            "rate_per_s": RATE_PER_S,
            "arrivals": "constant",
            "stream_share": 1 if cell.stream else 0,
            "deadline_s": cell.deadline_s,
            "outstanding_max": 2000,
        },
        "providers": {name: {"wire": "openai", "behaviour": behaviour} for name in PROVIDERS},
        "steady_state": {"success_rate": {"at_least": 0.9}, "for_s": 1},
        "method": [
            {"at": "0s", "for": f"{for_s}s", "on": name, **cell.fault} for name in afflicted if cell.fault
        ],
    }
