"""Latency of every call over time, a row per subject."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seawall_reports.plots.rows import Scene, name_row, subject_rows
from seawall_reports.plots.style import INK, milliseconds_axis
from seawall_reports.wording import percent

ROW_IN = 1.18
ROLLING_SHARE = 1 / 10
ROLLING_CALLS_MIN = 3
ROLLING_POINTS = 500
_LEAST_MS = 0.1
# Wrong and unfinished calls must not hide among failed ones, nor depend on colour.
MARKS = {"failed": ("x", "failed"), "wrong": ("D", "wrong answer"), "unfinished": ("^", "unfinished")}


def timeline(scene: Scene) -> Figure:
    """Latency from the intended start: dots are calls, the line is the rolling median of those that are ok."""
    subjects = list(scene.result.subjects)
    title = "Latency of every call; the line is the rolling median"
    figure, rows = subject_rows(scene, title, [ROW_IN] * len(subjects))
    low_ms, high_ms = _range_ms(scene.calls)
    for row, subject in zip(rows, subjects, strict=True):
        calls = scene.calls[scene.calls["subject"] == subject].sort_values("intended_s")
        milliseconds_axis(row, "y", low_ms, high_ms)
        _dots(row, calls, scene.colours[subject], scene.end_s * ROLLING_SHARE)
        name_row(figure, row, scene, subject, remark(calls))
    return figure


def remark(calls: pd.DataFrame) -> str:
    """The few numbers that stand beside a row."""
    if calls.empty:
        return "no calls"
    counts = calls["status"].value_counts()
    bad = [f"{counts[status]} {MARKS[status][1]}" for status in MARKS if counts.get(status, 0)]
    p95_s = float(np.quantile(calls["latency_ms"].to_numpy(), 0.95)) / 1000
    share = percent(float(counts.get("ok", 0)) / len(calls))
    return "\n".join([f"{share} % ok", f"p95 {p95_s:.2f} s", *bad])


def _range_ms(calls: pd.DataFrame) -> tuple[float, float]:
    if calls.empty:
        return 10.0, 1000.0
    latency_ms = calls["latency_ms"].clip(lower=_LEAST_MS)
    return float(latency_ms.min()) / 1.5, float(latency_ms.max()) * 1.8


def _dots(row: Axes, calls: pd.DataFrame, colour: str, window_s: float) -> None:
    latency_ms = calls["latency_ms"].clip(lower=_LEAST_MS)
    ok = calls["status"] == "ok"
    row.scatter(
        calls["intended_s"][ok], latency_ms[ok], s=11, color=colour, alpha=0.5, linewidths=0, zorder=2
    )
    at_s, median_ms = rolling_median(calls[ok], window_s)
    row.plot(at_s, median_ms, color=colour, linewidth=1.6, zorder=3, solid_capstyle="round")
    for status, (marker, _) in MARKS.items():
        bad = calls["status"] == status
        row.scatter(
            calls["intended_s"][bad],
            latency_ms[bad],
            s=20,
            marker=marker,
            color=INK,
            linewidths=1.1,
            zorder=4,
        )


def rolling_median(calls: pd.DataFrame, window_s: float) -> tuple[list[float], list[float]]:
    """At calls in the order of their intended start, the median latency of those within a window around them.

    There is a gap (NaN) where calls are more than half a window apart, and nothing where a window holds few.
    """
    at_s = calls["intended_s"].to_numpy()
    latency_ms = calls["latency_ms"].to_numpy()
    first = np.searchsorted(at_s, at_s - window_s / 2, side="left")
    last = np.searchsorted(at_s, at_s + window_s / 2, side="right")
    every = max(1, len(at_s) // ROLLING_POINTS)
    x: list[float] = []
    y: list[float] = []
    for n in range(0, len(at_s), every):
        if n and at_s[n] - at_s[n - every] > window_s / 2:
            x.append(math.nan)
            y.append(math.nan)
        if last[n] - first[n] >= ROLLING_CALLS_MIN:
            x.append(float(at_s[n]))
            y.append(max(_LEAST_MS, float(np.median(latency_ms[first[n] : last[n]]))))
    return x, y
