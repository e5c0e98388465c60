"""The look that all pictures share: one colour per subject and per provider, dark text, little ink."""

from __future__ import annotations

import io
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from seawall_reports.wording import plain

DPI = 120
# Twice as quick as the default, and hardly larger for areas of one colour.
COMPRESSION = 3
INK = "#1f2328"
QUIET = "#59636e"
HAIRLINE = "#d5dae0"
BAND = "#f6e7d8"
BAND_EDGE = "#d9a066"
# Okabe and Ito, "Color universal design" (2008): told apart with any colour vision.
_SUBJECTS = {"seawall": "#0072b2", "baseline": "#d55e00", "openai-sdk": "#6b6f76"}
_MORE_SUBJECTS = ("#009e73", "#cc79a7", "#a67c00", "#56b4e9", "#7f3c8d", "#8c6d31")
# After the muted scheme of Paul Tol's "Colour schemes" (2021), of a lightness that also stands out inverted.
_PROVIDERS = ("#44aa99", "#c9a227", "#cc6677", "#5b9bd5", "#999933", "#aa7744", "#8877bb", "#777777")
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
    figure.savefig(
        buffer, format="png", metadata={"Software": None}, pil_kwargs={"compress_level": COMPRESSION}
    )
    path.write_bytes(buffer.getvalue())
