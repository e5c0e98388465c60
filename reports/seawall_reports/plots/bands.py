"""The stretches of time in which faults were in force."""

from __future__ import annotations

import pandas as pd

from seawall_reports.plots.style import drawable
from seawall_reports.summary import FaultResult

Span = tuple[float, float]
"""Begin and end, in seconds of the scenario."""


def in_force(faults: pd.DataFrame, end_s: float) -> list[Span]:
    """When any of these windows was in force, each stretch once; to the end where no healing was recorded."""
    applied = faults[faults["applied_s"].notna()]
    merged: list[Span] = []
    spans = zip(applied["applied_s"], applied["healed_s"].fillna(end_s), strict=True)
    for begin_s, finish_s in sorted((float(begin), float(finish)) for begin, finish in spans):
        if merged and begin_s <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(merged[-1][1], finish_s))
        else:
            merged.append((begin_s, finish_s))
    return merged


def fault_label(entry: FaultResult) -> str:
    """What an entry of the method did, in a few words."""
    params = f" ({entry.params})" if entry.params else ""
    fired = f"fired {entry.fired}x" if entry.fired else "never fired"
    return drawable(f"{entry.fault} on {entry.on}{params}, {fired}", 90)
