"""The stretches of time in which faults were in force, drawn behind what happened meanwhile."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes

from seawall_reports.plots.style import BAND, BAND_EDGE, INK, drawable
from seawall_reports.summary import FaultResult

LABEL_MIDDLE, BAR_TOP, BAR_HEIGHT = 0.4, 0.74, 0.16


def in_force(faults: pd.DataFrame, end_s: float) -> pd.DataFrame:
    """The windows that were applied, with `healed_s` at the end of the picture where none was recorded."""
    applied = faults[faults["applied_s"].notna()]
    return applied.assign(healed_s=applied["healed_s"].fillna(end_s))


def shade(axes: Axes, faults: pd.DataFrame, end_s: float) -> None:
    """Shade the windows of one subject, each stretch once however many faults overlap in it."""
    spans = sorted(in_force(faults, end_s)[["applied_s", "healed_s"]].itertuples(index=False, name=None))
    merged: list[list[float]] = []
    for begin_s, finish_s in spans:
        if merged and begin_s <= merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], finish_s)
        else:
            merged.append([begin_s, finish_s])
    for begin_s, finish_s in merged:
        axes.axvspan(begin_s, finish_s, color=BAND, linewidth=0, zorder=0)


def fault_strip(axes: Axes, entries: list[FaultResult], faults: pd.DataFrame, end_s: float) -> None:
    """One line per entry of the method: the fault and its target, and a bar below for each window."""
    axes.set_ylim(len(entries), 0)
    axes.set_axis_off()
    for line, entry in enumerate(entries):
        windows = in_force(faults[faults["entry"] == entry.entry], end_s)
        # Subjects have stacks of their own, whose faults come milliseconds apart: one bar for all of them.
        bars = windows.groupby("window").agg(applied_s=("applied_s", "min"), healed_s=("healed_s", "max"))
        spans = [(float(begin_s), float(finish_s - begin_s)) for begin_s, finish_s in bars.to_numpy()]
        axes.broken_barh(spans, (line + BAR_TOP, BAR_HEIGHT), color=BAND_EDGE, linewidth=0)
        begin_s = spans[0][0] if spans else 0.0
        late = begin_s > end_s / 2
        axes.text(
            end_s if late else begin_s,
            line + LABEL_MIDDLE,
            _label(entry),
            ha="right" if late else "left",
            va="center",
            fontsize=8,
            color=INK,
        )


def _label(entry: FaultResult) -> str:
    params = f" ({entry.params})" if entry.params else ""
    fired = f"fired {entry.fired}x" if entry.fired else "never fired"
    return drawable(f"{entry.fault} on {entry.on}{params}, {fired}", 90)
