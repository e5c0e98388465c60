"""One picture of all faults: how long the callers of each subject waited, and how many of them were answered."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullLocator

from seawall_reports.bench.document import Cell, Fault
from seawall_reports.plots.log_scale import duration
from seawall_reports.plots.style import (
    HAIRLINE,
    INK,
    QUIET,
    drawable,
    in_style,
    new_figure,
    save,
    subject_colours,
)
from seawall_reports.wording import percent

COLUMNS = 2
WIDTH_IN, ROW_IN, HEAD_IN, FOOT_IN = 9.6, 0.21, 0.5, 0.42
LOW_MS, HIGH_MS = 30.0, 20_000.0
TICKS_MS = (50, 150, 500, 2000, 10_000)
LATE_MS = 500


def draw(faults: Sequence[Fault], path: Path) -> None:
    """Write the picture: p50 as a ring, p99 as a dot with its interval, the longest call as a tick."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with in_style():
        save(_figure(faults), path)


def _figure(faults: Sequence[Fault]) -> Figure:
    lines = max(len(fault.cells) for fault in faults)
    panel_in = HEAD_IN + ROW_IN * lines + FOOT_IN
    rows = math.ceil(len(faults) / COLUMNS)
    height_in = panel_in * rows
    figure = new_figure(WIDTH_IN, height_in)
    for number, fault in enumerate(faults):
        row, column = divmod(number, COLUMNS)
        left = (column + 0.2) / COLUMNS
        bottom = 1 - (row + 1) * panel_in / height_in + FOOT_IN / height_in
        axes = figure.add_axes((left, bottom, 0.66 / COLUMNS, ROW_IN * lines / height_in))
        _panel(axes, fault, lines)
    return figure


def _panel(axes: Axes, fault: Fault, lines: int) -> None:
    title = f"{fault.name}: {fault.title}"
    axes.set_title(drawable(title, 62), loc="left", fontsize=9, fontweight="bold", color=INK, x=-0.28)
    axes.set_xscale("log")
    axes.set_xlim(LOW_MS, HIGH_MS)
    axes.set_ylim(-0.6, lines - 0.4)
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(TICKS_MS, labels=[duration(tick) for tick in TICKS_MS], fontsize=6.5)
    axes.set_yticks([])
    axes.grid(visible=True, axis="x")
    axes.axvline(LATE_MS, color=QUIET, linewidth=0.9, linestyle=(0, (3, 2)))
    colours = subject_colours(list(fault.cells))
    for place, (subject, cell) in enumerate(reversed(fault.cells.items()), lines - len(fault.cells)):
        _line(axes, subject, cell, place, colours[subject])


def _line(axes: Axes, subject: str, cell: Cell, place: int, colour: str) -> None:
    beside = axes.get_yaxis_transform()
    axes.plot([LOW_MS, HIGH_MS], [place] * 2, color=HAIRLINE, linewidth=0.5, zorder=0)
    axes.text(
        -0.02,
        place,
        drawable(subject, 16),
        transform=beside,
        ha="right",
        va="center",
        fontsize=7.5,
        color=colour,
    )
    if cell.p50_ms is None or cell.p99_ms is None or cell.max_ms is None or not math.isfinite(cell.p99_ms):
        return
    found = cell.intervals.get("p99_ms")
    if found is not None:
        axes.plot([found.low, found.high], [place] * 2, color=colour, linewidth=2.6, alpha=0.45)
    axes.plot([cell.p50_ms, cell.p99_ms], [place] * 2, color=colour, linewidth=0.8)
    axes.plot(cell.p50_ms, place, "o", markersize=4, markerfacecolor="white", markeredgecolor=colour)
    axes.plot(cell.p99_ms, place, "o", markersize=4.5, color=colour)
    axes.plot(cell.max_ms, place, "|", markersize=6, color=colour)
    share = cell.success_rate or 0.0
    words = f"{percent(share)} % ok"
    axes.text(
        1.02,
        place,
        words,
        transform=beside,
        va="center",
        fontsize=7,
        color=QUIET if share == 1 else INK,
        fontweight="normal" if share == 1 else "bold",
    )
