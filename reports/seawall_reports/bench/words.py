"""The bench's numbers as people read them."""

from __future__ import annotations

import math
from collections.abc import Iterator

from seawall_reports.bench.document import BenchReport, Target
from seawall_reports.measures import Interval
from seawall_reports.wording import NARROW_SPACE, NOTHING, bare, grouped, percent

# From here on a machine of few cores lets nobody run when he wants to.
SATURATED = 0.85
RELATIONS = {"at_most": "\u2264", "at_least": "\u2265"}


def bench_lines(report: BenchReport) -> Iterator[str]:
    """The report on a terminal: the headline, then one line for each target."""
    yield report.headline
    for target in report.targets:
        measured = f"{figure(target.measured, target.unit)} ({bound(target)})"
        yield f"  {target.mark:<16} {target.of}: {target.what}: {measured}{f'; {target.note}' if target.note else ''}"


def figure(number: float | None, unit: str) -> str:
    """A number with its unit; an en dash where there is none."""
    if number is None or math.isnan(number):
        return NOTHING
    if unit == "%":
        return f"{percent(number)}{NARROW_SPACE}%"
    text = significant(number)
    return f"{text}{NARROW_SPACE}{unit}" if unit else text


def significant(number: float) -> str:
    """Three digits that matter, no more."""
    if number == int(number) or abs(number) >= 100:  # noqa: PLR2004 - three digits
        return grouped(f"{number:.0f}")
    return f"{number:.2f}" if abs(number) < 10 else f"{number:.1f}"  # noqa: PLR2004 - as said above


def bound(target: Target) -> str:
    """What a target has to keep."""
    return f"{RELATIONS[target.relation]} {figure(target.bound, target.unit)}"


def interval(target: Target) -> str:
    """The interval of what was measured; empty where there is none."""
    found = target.interval
    if found is None:
        return ""
    low, high = (
        figure(each, "%").removesuffix(f"{NARROW_SPACE}%") if target.unit == "%" else significant(each)
        for each in (found.low, found.high)
    )
    return f"{low} \u2013 {high}"


def range_of(found: Interval | None, metric: str) -> str:
    """An interval as text; empty where there is none."""
    return "" if found is None else f"{bare(metric, found.low)} \u2013 {bare(metric, found.high)}"
