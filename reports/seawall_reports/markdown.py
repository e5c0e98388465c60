"""`report.md`: the same verdict and numbers, to be read in a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from seawall_reports.picture import Picture
from seawall_reports.summary import ScenarioResult, Summary
from seawall_reports.verdict import Verdict
from seawall_reports.wording import TIMES, bare, count, listed, value

SIGNS = {Verdict.PASS: "✅", Verdict.FAIL: "❌", Verdict.INCONCLUSIVE: "❔"}
RELATIONS = {"at_least": "\u2265", "at_most": "\u2264"}
_COLUMNS = {
    "success_rate": "success, %",
    "p50_ms": "p50, ms",
    "p95_ms": "p95, ms",
    "p99_ms": "p99, ms",
    "attempts_per_call": "upstream calls",
    "wrong_calls": "wrong answers",
}
_SPECIAL = str.maketrans({**{c: f"\\{c}" for c in "\\`*_[]|~#$"}, "<": "&lt;", "&": "&amp;"})


def render(summary: Summary, pictures: Sequence[Sequence[Picture]]) -> str:
    """The report in GitHub's Markdown; pictures are linked by their place beside it."""
    return "\n".join(_lines(summary, pictures)) + "\n"


def escaped(text: str) -> str:
    """`text` so that Markdown shows it as it is."""
    return text.translate(_SPECIAL)


def code(text: str) -> str:
    """`text` as code on a line of its own."""
    return f"    {text}"


def _lines(summary: Summary, pictures: Sequence[Sequence[Picture]]) -> Iterator[str]:
    yield f"# {SIGNS[summary.verdict]} {summary.verdict}: {escaped(summary.headline)}\n"
    yield from (f"- {escaped(reason)}" for reason in summary.reasons)
    run = f"Run {escaped(summary.run)}, seed {summary.seed}, {escaped(summary.created_utc)}"
    yield f"\n{run}. The whole report with its pictures is `report.html` beside this file.\n"
    yield from _comparison(summary)
    yield from _gates(summary.scenarios)
    for scenario, shown in zip(summary.scenarios, pictures, strict=True):
        yield from _scenario(scenario, shown)
    yield "## To run it again\n"
    yield code(summary.command)


def _comparison(summary: Summary) -> Iterator[str]:
    pair = [subject for subject in (summary.reference, summary.contender) if subject is not None]
    yield f"## {escaped(' against '.join(pair))}\n"
    yield _row(["scenario", "verdict", *(f"{column} ({s})" for column in _COLUMNS.values() for s in pair)])
    yield _row(["---", "---", *(["--:"] * len(_COLUMNS) * len(pair))], raw=True)
    for scenario in summary.scenarios:
        cells = [
            bare(metric, getattr(scenario.subjects[subject], metric)) if subject in scenario.subjects else ""
            for metric in _COLUMNS
            for subject in pair
        ]
        yield _row([scenario.name, f"{SIGNS[scenario.verdict]} {scenario.verdict}", *cells])
    yield ""


def _gates(scenarios: Sequence[ScenarioResult]) -> Iterator[str]:
    yield "## Gates\n"
    yield _row(["scenario", "demand", "measured", "bound", "verdict"])
    yield _row(["---", "---", "--:", "--:", "---"], raw=True)
    for scenario in scenarios:
        for gate in scenario.gates:
            numbers = [
                value(gate.metric, gate.measured),
                f"{RELATIONS[gate.relation]} {value(gate.metric, gate.bound)}",
            ]
            yield _row([scenario.name, gate.demand, *numbers, f"{SIGNS[gate.verdict]} {gate.verdict}"])
    yield ""


def _scenario(scenario: ScenarioResult, pictures: Sequence[Picture]) -> Iterator[str]:
    yield f"## {SIGNS[scenario.verdict]} {escaped(scenario.name)}: {escaped(scenario.title)}\n"
    if scenario.verdict is not Verdict.PASS:
        yield from (f"- {escaped(reason)}" for reason in scenario.reasons)
        yield ""
    for fault in scenario.faults:
        fired = (
            listed([f"{subject} {number}{TIMES}" for subject, number in fault.fired_by.items()]) or "never"
        )
        params = f" ({fault.params})" if fault.params else ""
        windows = count(fault.windows, "window")
        yield f"- Fault: {escaped(f'{fault.fault} on {fault.on}{params}, {windows}; fired: {fired}')}"
    if scenario.faults:
        yield ""
    yield from (f"![{escaped(shown.alt)}]({shown.file})\n" for shown in pictures if shown.kind == "timeline")


def _row(cells: Sequence[str], *, raw: bool = False) -> str:
    return f"| {' | '.join(cells if raw else map(escaped, cells))} |"
