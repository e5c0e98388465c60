"""The look that all pictures share: one colour per subject and per provider, dark text, little ink."""

from __future__ import annotations

import io
import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.ticker import FixedLocator, FuncFormatter, NullLocator

from seawall_reports.wording import grouped, plain

DPI = 120
DECADES_FEW = 1.7
INK = "#1f2328"
QUIET = "#59636e"
HAIRLINE = "#d5dae0"
BAND = "#f6e7d8"
BAND_EDGE = "#d9a066"
# Okabe and Ito, "Color universal design" (2008): told apart with any colour vision.
_SUBJECTS = {"seawall": "#0072b2", "baseline": "#d55e00", "openai-sdk": "#6b6f76"}
_MORE_SUBJECTS = ("#009e73", "#cc79a7", "#a67c00", "#56b4e9")
# The light scheme of Paul Tol's "Colour schemes" (2021), made for areas beside dark text.
_PROVIDERS = ("#44bb99", "#eedd88", "#ffaabb", "#99ddff", "#bbcc33", "#ee8866", "#77aadd", "#aaaa00")
NOBODY = "#3d434b"
RC: dict[Any, Any] = {
    "font.family": "DejaVu Sans",
    "font.size": 9,
    "text.color": INK,
    # A name with two dollar signs is a name, not a formula.
    "text.parse_math": False,
    "axes.edgecolor": HAIRLINE,
    "axes.labelcolor": QUIET,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "xtick.color": HAIRLINE,
    "ytick.color": HAIRLINE,
    "xtick.labelcolor": QUIET,
    "ytick.labelcolor": QUIET,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "grid.color": HAIRLINE,
    "grid.linewidth": 0.6,
    "hatch.linewidth": 0.6,
}


def subject_colours(subjects: Sequence[str]) -> dict[str, str]:
    """The colour of each subject; the known ones keep theirs whoever else takes part."""
    others = [subject for subject in subjects if subject not in _SUBJECTS]
    more = {subject: _MORE_SUBJECTS[n % len(_MORE_SUBJECTS)] for n, subject in enumerate(others)}
    return {subject: (_SUBJECTS | more)[subject] for subject in subjects}


def provider_colours(providers: Sequence[str]) -> dict[str, str]:
    """The colour of each provider, in the order of preference."""
    return {provider: _PROVIDERS[n % len(_PROVIDERS)] for n, provider in enumerate(providers)}


def drawable(text: str, limit: int = 60) -> str:
    """`text` in letters that the font of the pictures has."""
    return plain(text, limit).encode("latin-1", "replace").decode("latin-1")


def new_figure(width_in: float, height_in: float) -> Figure:
    """An empty figure of its own; pyplot, which keeps figures alive, is not used."""
    figure = Figure(figsize=(width_in, height_in), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def in_style() -> Any:
    """The context in which figures are made and drawn."""
    return mpl.rc_context(RC)


def save(figure: Figure, path: Path) -> None:
    """Write `figure` as PNG. The same figure gives the same bytes."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", metadata={"Software": None})
    path.write_bytes(buffer.getvalue())


def milliseconds_axis(axes: Axes, which: str, low_ms: float, high_ms: float) -> None:
    """A logarithmic axis of milliseconds from `low_ms` to `high_ms`, labelled in seconds from one second on."""
    horizontal = which == "x"
    (axes.set_xscale if horizontal else axes.set_yscale)("log")
    (axes.set_xlim if horizontal else axes.set_ylim)(low_ms, high_ms)
    axis = axes.xaxis if horizontal else axes.yaxis
    axis.set_major_locator(FixedLocator(log_ticks(low_ms, high_ms)))
    axis.set_minor_locator(NullLocator())
    axis.set_major_formatter(FuncFormatter(_duration))
    axis.grid(visible=True)


def log_ticks(low: float, high: float) -> list[float]:
    """Powers of ten from `low` to `high`; also twice and five times those where there would be few."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = (1, 2, 5) if math.log10(high / low) < DECADES_FEW else (1,)
    return [step * 10.0**decade for decade in decades for step in steps if low <= step * 10.0**decade <= high]


def _duration(milliseconds: float, _position: int | None) -> str:
    if milliseconds < 1000:  # noqa: PLR2004 - a second
        return f"{milliseconds:g} ms"
    return f"{grouped(f'{milliseconds / 1000:g}')} s"
