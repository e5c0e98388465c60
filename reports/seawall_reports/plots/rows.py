"""A row per subject below a strip of faults, all on the time axis of the scenario.

It is one set of axes, with seconds to the right and inches upwards: axes are what costs time to draw.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from seawall_reports.plots.bands import Span, fault_label, in_force
from seawall_reports.plots.scene import Scene
from seawall_reports.plots.style import BAND, BAND_EDGE, HAIRLINE, INK, QUIET, drawable, new_figure

WIDTH_IN = 9.6
HEAD_IN, STRIP_IN, GAP_IN, FOOT_IN = 0.34, 0.29, 0.13, 0.42
LEFT, RIGHT = 0.155, 0.985
MARGIN_CHARS = 24
# Where the margin's text begins, as a share of the width of the axes.
MARGIN = (0.012 - LEFT) / (RIGHT - LEFT)


@dataclasses.dataclass(frozen=True)
class Row:
    """The place of one subject, in inches from the bottom of the axes."""

    subject: str
    bottom_in: float
    height_in: float

    def at(self, share: float) -> float:
        """The height of a share (0 bottom, 1 top) of the row."""
        return self.bottom_in + share * self.height_in


@dataclasses.dataclass(frozen=True)
class Board:
    """A figure with its axes and rows."""

    scene: Scene
    figure: Figure
    axes: Axes
    rows: list[Row]

    def name(self, row: Row, remark: str) -> None:
        """Put the subject's name, in its colour, and a remark beside its row."""
        colour = self.scene.colours[row.subject]
        self.margin(row.at(1) - 0.02, row.subject, color=colour, fontweight="bold")
        self.margin(row.at(1) - 0.2, remark, color=QUIET, fontsize=8)

    def margin(self, y_in: float, text: str, **style: str | float) -> None:
        """Text at the left of the axes."""
        place = self.axes.get_yaxis_transform()
        shown = "\n".join(drawable(line, MARGIN_CHARS) for line in text.split("\n"))
        self.axes.text(MARGIN, y_in, shown, transform=place, va="top", **style)  # type: ignore[arg-type]

    def tick(self, y_in: float, text: str) -> None:
        """The label of a height."""
        place = self.axes.get_yaxis_transform()
        self.axes.text(
            -0.012,
            y_in,
            drawable(text, MARGIN_CHARS),
            transform=place,
            ha="right",
            va="center",
            fontsize=8,
            color=QUIET,
        )


def board(scene: Scene, title: str, x_label: str, heights_in: Sequence[tuple[str, float]]) -> Board:
    """A figure with faults on top and a row of the given height for each subject, its faults shaded."""
    faults = scene.result.faults
    axes_in = STRIP_IN * len(faults) + sum(GAP_IN + height_in for _, height_in in heights_in)
    whole_in = HEAD_IN + axes_in + FOOT_IN
    figure = new_figure(WIDTH_IN, whole_in)
    figure.text(0.012, 1 - 0.2 / whole_in, title, fontsize=10.5, fontweight="bold", va="center", color=INK)
    axes = figure.add_axes((LEFT, FOOT_IN / whole_in, RIGHT - LEFT, axes_in / whole_in))
    axes.set_xlim(0, scene.end_s)
    axes.set_ylim(0, axes_in)
    axes.yaxis.set_visible(False)
    axes.spines["left"].set_visible(False)
    axes.set_xlabel(x_label, fontsize=8)
    rows: list[Row] = []
    top_in = axes_in - STRIP_IN * len(faults)
    for subject, height_in in heights_in:
        top_in -= GAP_IN + height_in
        rows.append(Row(subject, top_in, height_in))
    made = Board(scene, figure, axes, rows)
    _strip(made, axes_in)
    for row in rows:
        _ground(made, row)
    return made


def _strip(board: Board, top_in: float) -> None:
    """One line per entry of the method: what it is, and a bar below for each window."""
    scene, axes = board.scene, board.axes
    for number, entry in enumerate(scene.result.faults):
        line_in = top_in - STRIP_IN * (number + 1)
        # Subjects have stacks of their own, whose faults come milliseconds apart: one bar for all of them.
        spans = in_force(scene.faults[scene.faults["entry"] == entry.entry], scene.end_s)
        _bars(axes, spans, line_in + 0.03, 0.05, BAND_EDGE)
        begin_s = spans[0][0] if spans else 0.0
        late = begin_s > scene.end_s / 2
        axes.text(
            scene.end_s if late else begin_s,
            line_in + 0.17,
            fault_label(entry),
            ha="right" if late else "left",
            va="center",
            fontsize=8,
            color=INK,
        )
    if scene.result.faults:
        board.margin(top_in - 0.06, "faults", color=QUIET, fontsize=8)


def _ground(board: Board, row: Row) -> None:
    scene = board.scene
    own = scene.faults[scene.faults["subject"] == row.subject]
    _bars(board.axes, in_force(own, scene.end_s), row.bottom_in, row.height_in, BAND)
    board.axes.plot([0, scene.end_s], [row.bottom_in] * 2, color=HAIRLINE, linewidth=0.8, clip_on=False)


def _bars(axes: Axes, spans: Sequence[Span], bottom_in: float, height_in: float, colour: str) -> None:
    places = [(begin_s, finish_s - begin_s) for begin_s, finish_s in spans]
    axes.broken_barh(places, (bottom_in, height_in), color=colour, linewidth=0, zorder=0)
