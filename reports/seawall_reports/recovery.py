"""How long after the last fault a subject was itself again."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pandas as pd

RUN_OF_GOOD_CALLS = 5
SLOW_FACTOR = 2.0


@dataclasses.dataclass(frozen=True, slots=True)
class Disturbance:
    """From when the first fault was applied until the last one was healed, in seconds of the scenario."""

    applied_s: float
    healed_s: float


def disturbance(faults: pd.DataFrame) -> Disturbance | None:
    """The disturbance that these fault windows make up; None where none was applied and healed."""
    whole = faults.dropna(subset=["applied_s", "healed_s"])
    if whole.empty:
        return None
    return Disturbance(float(whole["applied_s"].min()), float(whole["healed_s"].max()))


def recovery_s(calls: pd.DataFrame, disturbed: Disturbance | None) -> float:
    """Seconds from healing until the first of five calls in a row that are good.

    A good call is ok and takes at most twice the p95 of the calls before the first fault. Zero if the first five
    calls after healing are good, infinite if no five are, NaN if fewer than five were made or there was no fault.
    """
    if disturbed is None:
        return math.nan
    after = calls[calls["intended_s"] >= disturbed.healed_s].sort_values("intended_s", kind="stable")
    if len(after) < RUN_OF_GOOD_CALLS:
        return math.nan
    before = calls.loc[calls["finished_s"] <= disturbed.applied_s, "latency_ms"].to_numpy()
    limit_ms = SLOW_FACTOR * float(np.quantile(before, 0.95)) if before.size else math.inf
    good = ((after["status"] == "ok") & (after["latency_ms"] <= limit_ms)).to_numpy()
    runs = np.convolve(good, np.ones(RUN_OF_GOOD_CALLS), mode="valid") >= RUN_OF_GOOD_CALLS
    if not runs.any():
        return math.inf
    first = int(np.argmax(runs))
    return 0.0 if first == 0 else float(after["intended_s"].iloc[first]) - disturbed.healed_s
