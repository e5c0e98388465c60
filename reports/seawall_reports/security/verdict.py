"""Whether the guards are as good as they were: no share may be worse than the baseline beyond its interval."""

from __future__ import annotations

from typing import NamedTuple

from seawall_reports.intervals import wilson
from seawall_reports.measures import Interval
from seawall_reports.security.document import Figure, Measured


class Worse(NamedTuple):
    """A figure that is worse than it was, with the baseline's share and interval."""

    figure: Figure
    before: float
    interval: Interval


def worse_figures(measured: Measured) -> list[Worse]:
    """The figures that lie outside the baseline's 95 % interval, on the bad side. New figures have no baseline yet."""
    return [
        found for figure in measured.figures if (found := _worse(figure, measured.baseline.get(figure.id)))
    ]


def gone_figures(measured: Measured) -> list[str]:
    """Figures that the baseline has and this run does not, though it measured what they are taken on.

    Without corpora their figures are not asked for.
    """
    known = {figure.id for figure in measured.figures}
    return [
        id_
        for id_ in measured.baseline
        if id_ not in known and (measured.corpora is not None or not id_.startswith(OF_CORPORA))
    ]


OF_CORPORA = ("corpora.", "pii.", "secrets.", "outputs.")


def exit_code(measured: Measured) -> int:
    """0 as good as the baseline, 1 worse, 3 nothing to hold the figures to."""
    if worse_figures(measured) or gone_figures(measured):
        return 1
    return 0 if any(figure.id in measured.baseline for figure in measured.figures) else 3


def headline(measured: Measured) -> str:
    """The verdict in one sentence."""
    worse, gone = worse_figures(measured), gone_figures(measured)
    held = sum(figure.id in measured.baseline and figure.held for figure in measured.figures)
    if worse or gone:
        return f"{len(worse)} of {held} figures worse than the baseline, {len(gone)} missing."
    if not held:
        return "Measured, and not judged: there is no baseline."
    return f"All {held} figures as good as the baseline or better."


def _worse(figure: Figure, before: tuple[int, int] | None) -> Worse | None:
    share = figure.share
    if before is None or share is None or not figure.held:
        return None
    interval = wilson(*before)
    if interval is None:
        return None
    is_worse = share < interval.low if figure.better == "higher" else share > interval.high
    return Worse(figure, before[0] / before[1], interval) if is_worse else None
