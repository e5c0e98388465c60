"""How many of the calls were answered, and within what time."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator, PercentFormatter

from seawall_reports.plots.log_scale import duration, log_ticks
from seawall_reports.plots.scene import Scene
from seawall_reports.plots.style import INK, QUIET, drawable, new_figure
from seawall_reports.wording import percent

SIZE_IN = (4.7, 3.5)
LABEL_GAP = 0.062
_LEAST_MS = 0.1
_BEYOND_MS = 1e12


def ecdf(scene: Scene) -> Figure:
    """The cumulated share of calls that were ok within a latency; calls that were not ok never count."""
    figure = new_figure(*SIZE_IN)
    axes = figure.add_axes((0.115, 0.135, 0.64, 0.745))
    title = "Share of calls answered within a time"
    figure.text(0.025, 0.955, title, fontsize=10.5, fontweight="bold", color=INK)
    latency_ms = scene.calls["latency_ms"].clip(lower=_LEAST_MS)
    low_ms, high_ms = min(100.0, latency_ms.min()), max(300.0, latency_ms.max())
    _time_axis(axes, low_ms / 1.3, high_ms * 1.5)
    axes.set_ylim(-0.02, 1.03)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.grid(visible=True, axis="y")
    axes.set_xlabel("latency from the intended start", fontsize=8)
    reached = {
        subject: _line(axes, scene.calls_of(subject), scene.colours[subject])
        for subject in scene.result.subjects
        if len(scene.calls_of(subject))
    }
    _labels(axes, reached, scene.colours)
    return figure


def _time_axis(axes: Axes, low_ms: float, high_ms: float) -> None:
    axes.set_xscale("log")
    axes.set_xlim(low_ms, high_ms)
    ticks_ms = log_ticks(low_ms, high_ms)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(ticks_ms, labels=[duration(tick_ms) for tick_ms in ticks_ms])
    axes.grid(visible=True, axis="x")


def _line(axes: Axes, calls: pd.DataFrame, colour: str) -> float:
    """Draw one subject's line; return the share it ends at."""
    times_ms = np.sort(calls.loc[calls["status"] == "ok", "latency_ms"].clip(lower=_LEAST_MS).to_numpy())
    shares = np.arange(times_ms.size + 1) / len(calls)
    x, y = [_LEAST_MS / 10, *times_ms, _BEYOND_MS], [*shares, shares[-1]]
    axes.step(x, y, where="post", color=colour, linewidth=1.8)
    return float(shares[-1])


def _labels(axes: Axes, reached: dict[str, float], colours: dict[str, str]) -> None:
    """Name every line where it ends."""
    ends = sorted(reached.items(), key=lambda end: end[1])
    place = axes.get_yaxis_transform()
    for (subject, share), height in zip(ends, spread([share for _, share in ends]), strict=True):
        axes.text(
            1.03,
            height,
            drawable(subject, 14),
            transform=place,
            va="bottom",
            fontsize=8.5,
            fontweight="bold",
            color=colours[subject],
        )
        axes.text(1.03, height, f"{percent(share)} % ok", transform=place, va="top", fontsize=8, color=QUIET)


def spread(heights: list[float]) -> list[float]:
    """Rising heights of labels moved apart by twice the gap, and below the top."""
    placed = list(heights)
    for n in range(1, len(placed)):
        placed[n] = max(placed[n], placed[n - 1] + 2 * LABEL_GAP)
    ceiling = 1.0 - LABEL_GAP / 2
    for n in range(len(placed) - 1, -1, -1):
        placed[n] = min(placed[n], ceiling)
        ceiling = placed[n] - 2 * LABEL_GAP
    return placed
