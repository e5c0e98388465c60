"""The security report's numbers as people read them."""

from __future__ import annotations

from collections.abc import Iterator

from seawall_reports.bench.words import significant
from seawall_reports.measures import Interval
from seawall_reports.security.document import Figure, Measured
from seawall_reports.security.verdict import Worse, gone_figures, headline, worse_figures
from seawall_reports.wording import NARROW_SPACE, NOTHING, percent


def shown(figure: Figure) -> str:
    """The figure with its unit."""
    if figure.value is not None:
        return f"{significant(figure.value)}{NARROW_SPACE}{figure.unit}".strip()
    return NOTHING if figure.share is None else share(figure.share)


def share(number: float) -> str:
    """A share in percent."""
    return f"{percent(number)}{NARROW_SPACE}%"


def counted(figure: Figure) -> str:
    """What a share is of."""
    return "" if figure.count is None else f"{figure.hits} of {figure.count}"


def range_of(interval: Interval | None) -> str:
    """An interval in percent; empty where there is none."""
    return "" if interval is None else f"{percent(interval.low)} \u2013 {percent(interval.high)}"


def reason(worse: Worse) -> str:
    """Why a figure fails the run."""
    before = f"{share(worse.before)} before, {range_of(worse.interval)}"
    return f"{worse.figure.group}: {worse.figure.name}: {shown(worse.figure)} ({before})"


def security_lines(measured: Measured) -> Iterator[str]:
    """The verdict on a terminal, with a line for each figure that fails it."""
    yield headline(measured)
    yield from (f"  worse: {reason(each)}" for each in worse_figures(measured))
    yield from (f"  missing: {each}" for each in gone_figures(measured))
    yield f"{len(measured.misses)} entries of the payload catalogue do not get their verdict; all are listed."


def groups(measured: Measured) -> dict[str, list[Figure]]:
    """The figures by group, in the order in which they were measured."""
    found: dict[str, list[Figure]] = {}
    for figure in measured.figures:
        found.setdefault(figure.group, []).append(figure)
    return found
