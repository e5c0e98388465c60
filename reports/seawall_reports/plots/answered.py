"""Which provider answered, over time, a row per subject."""

from __future__ import annotations

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seawall_reports.plots.legend import colour_key
from seawall_reports.plots.rows import Scene, name_row, subject_rows
from seawall_reports.plots.style import NOBODY, provider_colours

ROW_IN = 0.62
BINS = 32
NO_ANSWER = "no answer"


def answered(scene: Scene) -> Figure:
    """Stacked counts of calls by the provider that answered, in equal stretches of time."""
    subjects = list(scene.result.subjects)
    figure, rows = subject_rows(scene, "Who answered", [ROW_IN] * len(subjects))
    providers = list(scene.result.providers)
    colours = provider_colours(providers) | {NO_ANSWER: NOBODY}
    edges = np.linspace(0, scene.end_s, BINS + 1)
    most = 1
    for row, subject in zip(rows, subjects, strict=True):
        calls = scene.calls[scene.calls["subject"] == subject]
        most = max(most, _stack(row, calls, edges, colours))
        name_row(figure, row, scene, subject, shares(calls, providers))
    for row in rows:
        row.set_ylim(0, most * 1.05)
        row.set_yticks([])
        row.spines["left"].set_visible(False)
    colour_key(figure, {name: colours[name] for name in [*providers, NO_ANSWER]}, hatched={NO_ANSWER})
    return figure


def shares(calls: pd.DataFrame, providers: list[str]) -> str:
    """How many calls each provider answered, for the margin."""
    counts = calls["provider"].value_counts()
    parts = [f"{name} {counts[name]}" for name in providers if counts.get(name, 0)]
    nobody = int(calls["provider"].isna().sum())
    parts += [f"none {nobody}"] if nobody else []
    lines = [", ".join(parts[n : n + 2]) for n in range(0, len(parts), 2)]
    return "\n".join(lines) or "no calls"


def _stack(row: Axes, calls: pd.DataFrame, edges: np.ndarray, colours: dict[str, str]) -> int:
    """Draw one row; return its highest stack."""
    by = calls["provider"].fillna(NO_ANSWER)
    bottom = np.zeros(len(edges) - 1)
    for name, colour in colours.items():
        heights, _ = np.histogram(calls.loc[by == name, "intended_s"].to_numpy(), bins=edges)
        hatch = "////" if name == NO_ANSWER else None
        top = bottom + heights
        row.stairs(
            top,
            edges,
            baseline=bottom,
            fill=True,
            facecolor=colour,
            edgecolor="white",
            linewidth=0,
            hatch=hatch,
        )
        bottom = top
    return int(bottom.max(initial=0))
