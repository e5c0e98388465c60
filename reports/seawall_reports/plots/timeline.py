"""Latency of every call over time, a row per subject."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seawall_reports.plots.log_scale import duration, log_share, log_ticks
from seawall_reports.plots.rows import Row, board
from seawall_reports.plots.scene import Scene
from seawall_reports.plots.style import HAIRLINE, INK
from seawall_reports.wording import percent

ROW_IN = 1.18
ROLLING_SHARE = 1 / 10
ROLLING_CALLS_MIN = 3
ROLLING_POINTS = 500
# Wrong and unfinished calls must not hide among failed ones, nor depend on colour.
MARKS = {"failed": ("x", "failed"), "wrong": ("D", "wrong answer"), "unfinished": ("^", "unfinished")}
LEAST_MS = 0.1

Limits = tuple[float, float]


def timeline(scene: Scene) -> Figure:
    """Latency from the intended start: dots are calls, the line is the rolling median of those that are ok."""
    title = "Latency of every call; the line is the rolling median"
    heights = [(subject, ROW_IN) for subject in scene.result.subjects]
    made = board(scene, title, "intended start of the call, seconds into the scenario", heights)
    limits = _limits(scene.calls)
    for row in made.rows:
        calls = scene.calls_of(row.subject)
        for tick_ms in log_ticks(*limits):
            y_in = row.at(float(log_share(np.array(tick_ms), limits)))
            made.axes.plot([0, scene.end_s], [y_in] * 2, color=HAIRLINE, linewidth=0.6, zorder=1)
            made.tick(y_in, duration(tick_ms))
        _dots(made.axes, row, calls, limits, scene)
        made.name(row, remark(calls))
    return made.figure


def remark(calls: pd.DataFrame) -> str:
    """The few numbers that stand beside a row."""
    if calls.empty:
        return "no calls"
    counts = calls["status"].value_counts()
    bad = [f"{counts[status]} {MARKS[status][1]}" for status in MARKS if counts.get(status, 0)]
    p95_s = float(np.quantile(calls["latency_ms"].to_numpy(), 0.95)) / 1000
    share = percent(float(counts.get("ok", 0)) / len(calls))
    return "\n".join([f"{share} % ok", f"p95 {p95_s:.2f} s", *bad])


def _limits(calls: pd.DataFrame) -> Limits:
    if calls.empty:
        return 10.0, 1000.0
    latency_ms = calls["latency_ms"].clip(lower=LEAST_MS)
    return float(latency_ms.min()) / 1.5, float(latency_ms.max()) * 1.8


def _dots(axes: Axes, row: Row, calls: pd.DataFrame, limits: Limits, scene: Scene) -> None:
    def height(values_ms: npt.ArrayLike) -> npt.NDArray[np.floating]:
        shares = log_share(np.maximum(np.asarray(values_ms, dtype="float64"), LEAST_MS), limits)
        return row.bottom_in + shares * row.height_in

    colour = scene.colours[row.subject]
    at_s, y_in = calls["intended_s"].to_numpy(), height(calls["latency_ms"])
    ok = (calls["status"] == "ok").to_numpy()
    axes.plot(at_s[ok], y_in[ok], ".", color=colour, alpha=0.5, markersize=6.5, markeredgewidth=0, zorder=2)
    line_s, median_ms = rolling_median(calls[ok], scene.end_s * ROLLING_SHARE)
    axes.plot(line_s, height(median_ms), color=colour, linewidth=1.6, zorder=3, solid_capstyle="round")
    for status, (marker, _) in MARKS.items():
        bad = (calls["status"] == status).to_numpy()
        if bad.any():
            axes.plot(at_s[bad], y_in[bad], marker, color=INK, markersize=4.2, markeredgewidth=1.1, zorder=4)


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
            y.append(float(np.median(latency_ms[first[n] : last[n]])))
    return x, y
