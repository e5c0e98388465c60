"""A key of colours in the head of a figure."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from matplotlib.figure import Figure
from matplotlib.patches import Patch

from seawall_reports.plots.style import drawable


def colour_key(figure: Figure, colours: Mapping[str, str], hatched: AbstractSet[str] = frozenset()) -> None:
    """Name the colours at the top right."""
    patches = [
        Patch(
            facecolor=colour,
            edgecolor="white",
            hatch="////" if name in hatched else None,
            label=drawable(name, 16),
        )
        for name, colour in colours.items()
    ]
    figure.legend(
        handles=patches,
        loc="upper right",
        bbox_to_anchor=(0.99, 1.0),
        ncols=len(patches),
        frameon=False,
        fontsize=8,
        handlelength=1.2,
        handleheight=0.9,
        columnspacing=1.2,
        borderaxespad=0.3,
    )
