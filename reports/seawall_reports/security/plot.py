"""One picture of the firewall: true against false positives, a curve for each channel and source of texts."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from matplotlib.axes import Axes

from seawall_reports.plots.style import QUIET, drawable, in_style, new_figure, provider_colours, save
from seawall_reports.security.document import Curve

WIDTH_IN, HEIGHT_IN = 9.6, 4.0
LOW = 0.001
TICKS = (0.001, 0.01, 0.1, 1.0)


def draw(curves: Mapping[str, Curve], path: Path) -> None:
    """Write the picture: on the left all of it, on the right few false positives, on a logarithmic scale."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with in_style():
        figure = new_figure(WIDTH_IN, HEIGHT_IN)
        whole = figure.add_axes((0.07, 0.13, 0.37, 0.8))
        few = figure.add_axes((0.53, 0.13, 0.37, 0.8))
        for axes in (whole, few):
            _panel(axes, curves)
        few.set_xscale("log")
        few.set_xlim(LOW, 1)
        few.set_xticks(TICKS, labels=["0.1 %", "1 %", "10 %", "100 %"])
        few.axvline(0.01, color=QUIET, linewidth=0.9, linestyle=(0, (3, 2)))
        whole.plot([0, 1], [0, 1], color=QUIET, linewidth=0.9, linestyle=(0, (3, 2)))
        whole.set_xticks((0, 0.5, 1), labels=["0 %", "50 %", "100 %"])
        whole.legend(loc="lower right", frameon=False, fontsize=8)
        save(figure, path)


def _panel(axes: Axes, curves: Mapping[str, Curve]) -> None:
    colours = provider_colours(list(curves))
    for name, curve in curves.items():
        false, true = zip(*curve.points, strict=True)
        label = drawable(f"{name}: AUC {curve.auc:.3f}")
        axes.plot(
            [max(each, LOW / 2) for each in false], true, color=colours[name], linewidth=1.5, label=label
        )
        x, y = curve.at_threshold
        axes.plot(max(x, LOW), y, "o", markersize=6, color=colours[name], markeredgecolor="white")
    axes.set_ylim(0, 1.02)
    axes.set_yticks((0, 0.25, 0.5, 0.75, 1), labels=["0 %", "25 %", "50 %", "75 %", "100 %"])
    axes.grid(visible=True)
    axes.set_xlabel("harmless texts that score as high")
    axes.set_ylabel("attacks that score as high")
