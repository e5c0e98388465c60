"""Which provider answered, over time, a row per subject."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from matplotlib.figure import Figure

from seawall_reports.plots.legend import colour_key
from seawall_reports.plots.rows import board
from seawall_reports.plots.scene import Scene
from seawall_reports.plots.style import NOBODY, provider_colours

ROW_IN = 0.62
BINS = 32
NO_ANSWER = "no answer"

Counts = dict[str, npt.NDArray[np.intp]]


def answered(scene: Scene) -> Figure:
    """Stacked counts of calls by the provider that answered, in equal stretches of time."""
    heights = [(subject, ROW_IN) for subject in scene.result.subjects]
    made = board(scene, "Who answered", "intended start of the call, seconds into the scenario", heights)
    providers = list(scene.result.providers)
    colours = provider_colours(providers) | {NO_ANSWER: NOBODY}
    edges = np.linspace(0, scene.end_s, BINS + 1)
    counts = {row.subject: counted(scene.calls_of(row.subject), list(colours), edges) for row in made.rows}
    stacks = [np.sum(list(each.values()), axis=0).max() for each in counts.values()]
    most = max([1, *map(int, stacks)])
    for row in made.rows:
        bottom = np.full(BINS, row.bottom_in)
        for name, heights_in in counts[row.subject].items():
            top = bottom + heights_in * (row.height_in / most)
            made.axes.stairs(
                top,
                edges,
                baseline=bottom,
                fill=True,
                facecolor=colours[name],
                edgecolor="white",
                linewidth=0,
                hatch="////" if name == NO_ANSWER else None,
            )
            bottom = top
        made.name(row, shares(scene.calls_of(row.subject), providers))
    colour_key(made.figure, {name: colours[name] for name in [*providers, NO_ANSWER]}, hatched={NO_ANSWER})
    return made.figure


def counted(calls: pd.DataFrame, names: list[str], edges: npt.NDArray[np.floating]) -> Counts:
    """How many calls each provider answered in each stretch of time."""
    by = calls["provider"].fillna(NO_ANSWER).to_numpy()
    intended_s = calls["intended_s"].to_numpy()
    return {name: np.histogram(intended_s[by == name], bins=edges)[0] for name in names}


def shares(calls: pd.DataFrame, providers: list[str]) -> str:
    """How many calls each provider answered, for the margin."""
    counts = calls["provider"].value_counts()
    parts = [f"{name} {counts[name]}" for name in providers if counts.get(name, 0)]
    nobody = int(calls["provider"].isna().sum())
    parts += [f"none {nobody}"] if nobody else []
    lines = [", ".join(parts[n : n + 2]) for n in range(0, len(parts), 2)]
    return "\n".join(lines) or "no calls"
