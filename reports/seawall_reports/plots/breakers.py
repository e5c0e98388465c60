"""The circuit breakers of a subject: a lane per provider, a tick per attempt."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seawall_reports.plots.legend import colour_key
from seawall_reports.plots.rows import Scene, name_row, subject_rows
from seawall_reports.plots.style import INK, QUIET

LANE_IN = 0.26
STATES = {"closed": "#0072b2", "half_open": "#e69f00", "open": "#b3261e", "forced_open": "#7a1a14"}
OTHER = QUIET


def has_breakers(attempts: pd.DataFrame) -> bool:
    """Whether any attempt carries the state of a breaker."""
    return bool(attempts["breaker"].notna().any())


def breakers(scene: Scene) -> Figure:
    """Every attempt in the colour of its breaker's state; what failed is crossed; gaps are providers left alone."""
    known = scene.attempts[(scene.attempts["side"] == "client") & scene.attempts["breaker"].notna()]
    subjects = [subject for subject in scene.result.subjects if (known["subject"] == subject).any()]
    lanes = list(scene.result.providers)
    title = "Attempts by the state of the breaker; x failed"
    figure, rows = subject_rows(scene, title, [LANE_IN * len(lanes)] * len(subjects))
    for row, subject in zip(rows, subjects, strict=True):
        _lanes(row, known[known["subject"] == subject], lanes)
        name_row(figure, row, scene, subject, "")
    if rows:
        rows[-1].set_xlabel("start of the attempt, seconds into the scenario", fontsize=8)
    states = known["breaker"].unique()
    found = {state: STATES.get(state, OTHER) for state in [*STATES, *states] if state in set(states)}
    colour_key(figure, {state.replace("_", "-"): colour for state, colour in found.items()})
    return figure


def _lanes(row: Axes, attempts: pd.DataFrame, lanes: list[str]) -> None:
    row.set_ylim(len(lanes) - 0.5, -0.5)
    row.set_yticks(range(len(lanes)), labels=lanes)
    row.tick_params(axis="y", length=0)
    row.spines["left"].set_visible(False)
    for number, lane in enumerate(lanes):
        own = attempts[attempts["provider"] == lane]
        row.axhline(number, color="white", linewidth=0.8, zorder=1)
        colours = [STATES.get(state, OTHER) for state in own["breaker"]]
        row.vlines(own["started_s"], number - 0.32, number + 0.32, colors=colours, linewidth=1.4, zorder=2)
        failed = own[own["outcome"] != "answered"]
        row.scatter(
            failed["started_s"], [number] * len(failed), s=13, marker="x", color=INK, linewidths=1, zorder=3
        )
