"""From calls to measures."""

from __future__ import annotations

import math
import zlib

import pandas as pd

from seawall_reports.intervals import Floats, quantile_intervals, quantiles, wilson
from seawall_reports.measures import Interval, Measures
from seawall_reports.recovery import Disturbance, recovery_s

COLUMNS = (
    "kind",
    "status",
    "intended_s",
    "finished_s",
    "latency_ms",
    "first_token_ms",
    "restarts",
    "requests",
    "provider_requests",
    "tokens",
    "wasted_tokens",
    "failed_early",
)


def measure(calls: pd.DataFrame, *, deadline_s: float, disturbed: Disturbance | None, seed: int) -> Measures:
    """Measure calls that carry the columns of `with_upstream`; `seed` is that of the confidence intervals."""
    n = len(calls)
    status = calls["status"].value_counts()
    ok = int(status.get("ok", 0))
    latency_ms = calls["latency_ms"]
    overshoot_ms = (latency_ms - deadline_s * 1000).clip(lower=0)
    streams = calls.loc[calls["kind"] == "stream", "first_token_ms"]
    latency, latency_intervals = _percentiles(latency_ms, "{}_ms", seed)
    first_token, first_token_intervals = _percentiles(streams, "first_token_{}_ms", seed)
    shares = {"success_rate": wilson(ok, n)}
    intervals = {**shares, **latency_intervals, **first_token_intervals}
    return Measures(
        calls=n,
        ok_calls=ok,
        failed_calls=int(status.get("failed", 0)),
        wrong_calls=int(status.get("wrong", 0)),
        unfinished_calls=int(status.get("unfinished", 0)),
        success_rate=ok / n if n else math.nan,
        **latency,
        p999_ms=quantiles(latency_ms.to_numpy(dtype="float64"), [0.999])[0],
        max_ms=float(latency_ms.max()) if n else math.nan,
        first_tokens=int(streams.notna().sum()),
        **first_token,
        attempts_per_call=_mean(calls["requests"]),
        provider_requests_per_call=_mean(calls["provider_requests"]),
        tokens_sent=int(calls["tokens"].sum()),
        wasted_tokens=int(calls["wasted_tokens"].sum()),
        wasted_tokens_per_call=_mean(calls["wasted_tokens"]),
        restarts=int(calls["restarts"].sum()),
        recovery_s=recovery_s(calls, disturbed),
        deadline_overshoot_p99_ms=quantiles(overshoot_ms.to_numpy(dtype="float64"), [0.99])[0],
        intervals={metric: interval for metric, interval in intervals.items() if interval is not None},
    )


_PERCENTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}


def _percentiles(
    column: pd.Series[float], pattern: str, seed: int
) -> tuple[dict[str, float], dict[str, Interval | None]]:
    """p50, p95 and p99 of what is known, and their intervals; infinite where values were due and none came."""
    known: Floats = column.dropna().to_numpy(dtype="float64")
    names = [pattern.format(name) for name in _PERCENTILES]
    if known.size == 0 and len(column):
        return dict.fromkeys(names, math.inf), {}
    probabilities = list(_PERCENTILES.values())
    # Each interval of a report comes from a stream of its own, so that adding a metric changes no other number.
    own_seed = zlib.crc32(f"{seed}\x00{pattern}".encode())
    intervals = quantile_intervals(known, probabilities, seed=own_seed)
    return (
        dict(zip(names, quantiles(known, probabilities), strict=True)),
        dict(zip(names, intervals, strict=True)),
    )


def _mean(column: pd.Series[int]) -> float:
    return float(column.mean()) if len(column) else math.nan
