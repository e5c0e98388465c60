"""The circuit breakers of a subject: a lane per provider, a tick per attempt."""

from __future__ import annotations

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seawall_reports.plots.legend import colour_key
from seawall_reports.plots.rows import board
from seawall_reports.plots.scene import Scene
from seawall_reports.plots.style import INK, QUIET

LANE_IN = 0.26
STATES = {"closed": "#0072b2", "half_open": "#cc8a00", "open": "#b3261e"}
OTHER = QUIET


def has_breakers(attempts: pd.DataFrame) -> bool:
    """Whether any attempt carries the state of a breaker."""
    return bool(attempts["breaker"].notna().any())


def breakers(scene: Scene) -> Figure:
    """Every attempt in the colour of its breaker's state; what failed is crossed; gaps are providers left alone."""
    known = scene.attempts[(scene.attempts["side"] == "client") & scene.attempts["breaker"].notna()]
    # "half-open" and "half_open" are one state.
    known = known.assign(breaker=known["breaker"].str.replace("-", "_"))
    lanes = list(scene.result.providers)
    subjects = [subject for subject in scene.result.subjects if (known["subject"] == subject).any()]
    heights = [(subject, LANE_IN * len(lanes)) for subject in subjects]
    title = "Attempts by the state of the breaker; x failed"
    made = board(scene, title, "start of the attempt, seconds into the scenario", heights)
    for row in made.rows:
        own = known[known["subject"] == row.subject]
        for number, lane in enumerate(lanes):
            middle_in = row.at(1) - LANE_IN * (number + 0.5)
            _lane(made.axes, own[own["provider"] == lane], middle_in)
            made.tick(middle_in, lane)
        made.name(row, "")
    found = list(dict.fromkeys([*(s for s in STATES if (known["breaker"] == s).any()), *known["breaker"]]))
    colour_key(made.figure, {state.replace("_", "-"): STATES.get(state, OTHER) for state in found})
    return made.figure


def _lane(axes: Axes, attempts: pd.DataFrame, middle_in: float) -> None:
    reach_in = LANE_IN * 0.32
    colours = [STATES.get(state, OTHER) for state in attempts["breaker"]]
    axes.vlines(
        attempts["started_s"], middle_in - reach_in, middle_in + reach_in, colors=colours, linewidth=1.4
    )
    failed_s = attempts.loc[attempts["outcome"] != "answered", "started_s"]
    if len(failed_s):
        axes.plot(failed_s, [middle_in] * len(failed_s), "x", color=INK, markersize=3.6, markeredgewidth=1)
