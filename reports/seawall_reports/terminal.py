"""A summary on a terminal: the verdict, why, and one line per scenario and subject."""

from __future__ import annotations

from collections.abc import Iterator

import click

from seawall_reports.summary import ScenarioResult, Summary
from seawall_reports.verdict import Verdict
from seawall_reports.wording import bare, plain

COLOURS = {Verdict.PASS: "green", Verdict.FAIL: "red", Verdict.INCONCLUSIVE: "yellow"}
_COLUMNS = {
    "success_rate": "success %",
    "p50_ms": "p50 ms",
    "p95_ms": "p95 ms",
    "p99_ms": "p99 ms",
    "attempts_per_call": "calls up",
    "wrong_calls": "wrong",
}
_WIDTH = 11


def verdict_lines(summary: Summary) -> Iterator[str]:
    """The verdict and what it rests on. Styled; what prints it drops styles where there is no terminal."""
    yield f"{_styled(summary.verdict, summary.verdict)}  {summary.headline}"
    for reason in summary.reasons:
        yield f"  - {reason}"


def table_lines(summary: Summary) -> Iterator[str]:
    """One block per scenario, a line for each subject."""
    names = [scenario.name for scenario in summary.scenarios]
    width = (
        max([len("scenario"), *(len(name) for name in names), *(len(s) + 2 for s in summary.subjects)]) + 2
    )
    yield "".join([f"{'scenario':<{width}}", *(f"{heading:>{_WIDTH}}" for heading in _COLUMNS.values())])
    for scenario in summary.scenarios:
        yield f"{scenario.name:<{width}}{'':>{_WIDTH - len('PASS')}}{_styled(scenario.verdict, scenario.verdict)}"
        yield from _subject_lines(scenario, width)


def _subject_lines(scenario: ScenarioResult, width: int) -> Iterator[str]:
    for name, subject in scenario.subjects.items():
        cells = [f"{bare(metric, getattr(subject, metric)):>{_WIDTH}}" for metric in _COLUMNS]
        yield f"  {plain(name, width - 2):<{width - 2}}{''.join(cells)}"


def _styled(text: str, verdict: Verdict) -> str:
    return click.style(text, fg=COLOURS[verdict], bold=True)
