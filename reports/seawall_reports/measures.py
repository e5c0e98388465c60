"""What is measured of a set of calls. The names of the metrics are those that gates use."""

from __future__ import annotations

import math
from typing import Annotated

import pydantic

DECIMALS = 6


def _finite(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else round(value, DECIMALS)


Number = Annotated[
    float | None, pydantic.PlainSerializer(_finite, return_type=float | None, when_used="json")
]
"""A float; NaN (nothing to measure) and infinity (it never came) are null in JSON."""


class Interval(pydantic.BaseModel):
    """A 95 % confidence interval, in the unit of what was measured.

    `open_above` says that there were too few values to bound it from above: `high` is then only the highest that the
    sample can show, and the truth may lie beyond.
    """

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    low: float
    high: float
    open_above: bool = False


class Measures(pydantic.BaseModel):
    """What a set of calls of one subject came to.

    Latencies are milliseconds from the intended start to the end of the call, failed and unfinished calls included.
    Times to first token are of the streams that had one. `intervals` holds 95 % confidence intervals by metric.
    """

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    calls: int
    ok_calls: int
    failed_calls: int
    wrong_calls: int
    unfinished_calls: int
    success_rate: Number
    p50_ms: Number
    p95_ms: Number
    p99_ms: Number
    p999_ms: Number
    max_ms: Number
    first_tokens: int
    first_token_p50_ms: Number
    first_token_p95_ms: Number
    first_token_p99_ms: Number
    attempts_per_call: Number
    provider_requests_per_call: Number
    tokens_sent: int
    wasted_tokens: int
    wasted_tokens_per_call: Number
    restarts: int
    recovery_s: Number
    deadline_overshoot_p99_ms: Number
    intervals: dict[str, Interval]
