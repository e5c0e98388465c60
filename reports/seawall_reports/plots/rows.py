"""One row of axes per subject below a strip of faults, all on the time axis of the scenario."""

from __future__ import annotations

import dataclasses

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seawall_reports.plots.bands import fault_strip, shade
from seawall_reports.plots.style import INK, QUIET, drawable, new_figure
from seawall_reports.summary import ScenarioResult

WIDTH_IN = 9.6
STRIP_IN = 0.29
FOOT_IN = 0.42
HEAD_IN = 0.34
LEFT, RIGHT = 0.155, 0.985
GAP_IN = 0.13


@dataclasses.dataclass(frozen=True)
class Scene:
    """What pictures of one scenario are drawn from."""

    result: ScenarioResult
    calls: pd.DataFrame
    attempts: pd.DataFrame
    faults: pd.DataFrame
    colours: dict[str, str]

    @property
    def end_s(self) -> float:
        """Where the time axis ends: with the load."""
        return self.result.duration_s


def subject_rows(scene: Scene, title: str, row_in: list[float]) -> tuple[Figure, list[Axes]]:
    """A figure with a row of the given height for each entry of `row_in`, and the faults above."""
    strip_in = STRIP_IN * len(scene.result.faults)
    height_in = HEAD_IN + strip_in + sum(row_in) + GAP_IN * len(row_in) + FOOT_IN
    figure = new_figure(WIDTH_IN, height_in)
    figure.text(0.012, 1 - 0.2 / height_in, title, fontsize=10.5, fontweight="bold", va="center", color=INK)
    top_in = height_in - HEAD_IN
    if scene.result.faults:
        strip = _axes(figure, top_in, strip_in)
        strip.set_xlim(0, scene.end_s)
        fault_strip(strip, scene.result.faults, scene.faults, scene.end_s)
        figure.text(0.012, (top_in - 0.13) / height_in, "faults", va="center", color=QUIET, fontsize=8)
    top_in -= strip_in
    rows: list[Axes] = []
    for own_in in row_in:
        rows.append(_axes(figure, top_in - GAP_IN, own_in))
        top_in -= GAP_IN + own_in
    for number, row in enumerate(rows):
        row.set_xlim(0, scene.end_s)
        row.xaxis.set_visible(number == len(rows) - 1)
    if rows:
        rows[-1].set_xlabel("intended start of the call, seconds into the scenario", fontsize=8)
    return figure, rows


def _axes(figure: Figure, top_in: float, height_in: float) -> Axes:
    whole_in = figure.get_figheight()
    return figure.add_axes((LEFT, (top_in - height_in) / whole_in, RIGHT - LEFT, height_in / whole_in))


def name_row(figure: Figure, row: Axes, scene: Scene, subject: str, remark: str) -> None:
    """Put the subject's name, in its colour, and a remark beside its row, and shade its faults."""
    shade(row, scene.faults[scene.faults["subject"] == subject], scene.end_s)
    box = row.get_position()
    figure.text(
        0.012,
        box.y1 - 0.005,
        drawable(subject, 18),
        color=scene.colours[subject],
        fontweight="bold",
        va="top",
    )
    figure.text(0.012, box.y1 - 0.22 / figure.get_figheight(), remark, color=QUIET, fontsize=8, va="top")
