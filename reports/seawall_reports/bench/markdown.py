"""`bench.md`: the bench's report, to be read in a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from seawall_reports.bench.document import BenchReport, Fault, Mark
from seawall_reports.bench.words import SATURATED, bound, figure, interval, range_of
from seawall_reports.markdown import escaped
from seawall_reports.wording import bare

SIGNS = {Mark.MET: "✅", Mark.MISSED: "❌"}
UNDECIDED = "❔"


def render(report: BenchReport) -> str:
    """The report in GitHub's Markdown."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: BenchReport) -> Iterator[str]:
    yield f"# Bench: {escaped(report.headline)}\n"
    if report.partial:
        yield f"Partial: {escaped(report.partial)}. What was measured until then is here.\n"
    if report.quick:
        yield "A quick run: too few calls for any target.\n"
    yield f"Run {escaped(report.run)}, seed {report.seed}, {escaped(report.created_utc)}.\n"
    yield from (f"- left out: {escaped(name)}: {escaped(why)}" for name, why in report.skipped.items())
    yield "\n## Targets\n"
    yield from _table(
        ["of", "target", "measured", "interval", "bound", ""],
        [
            [
                target.of,
                target.what,
                figure(target.measured, target.unit),
                interval(target),
                bound(target),
                f"{SIGNS.get(target.mark, UNDECIDED)} {target.mark}{f' ({target.note})' if target.note else ''}",
            ]
            for target in report.targets
        ],
    )
    if report.contenders:
        yield "## Cost of a call\n"
        yield f"Machine busy meanwhile: {figure(report.cost_cpu_busy, '%')}.\n"
        yield from _contenders(report)
    for fault in report.faults:
        yield f"## {escaped(fault.name)}: {escaped(fault.title)}\n"
        limit = "; it was at its limit" if (fault.cpu_busy or 0) > SATURATED else ""
        yield f"Machine busy meanwhile: {figure(fault.cpu_busy, '%')}{limit}.\n"
        yield from _cells(fault)


def _contenders(report: BenchReport) -> Iterator[str]:
    yield from _table(
        ["", "CPU µs/call", "calls/s at 64", "import ms", "MB after import", "MB growth (calls)", "packages"],
        [
            [
                name,
                figure(each.cpu_us, ""),
                figure(each.rate_per_s, ""),
                figure(each.import_ms, ""),
                figure(each.import_mb, ""),
                f"{figure(each.growth_mb, '')} ({each.growth_calls})",
                figure(each.packages, ""),
            ]
            for name, each in report.contenders.items()
        ],
    )


def _cells(fault: Fault) -> Iterator[str]:
    yield from _table(
        [
            "",
            "ok %",
            "wrong",
            "p50",
            "p95",
            "p99",
            "p99 interval",
            "max",
            ">500 ms",
            "calls/request",
            "first provider",
            "overshoot p99",
            "p99 ÷ oracle",
            "",
        ],
        [
            [
                name,
                figure(cell.success_rate, "%"),
                str(cell.wrong_calls),
                *(bare(f"{field}_ms", getattr(cell, f"{field}_ms")) for field in ("p50", "p95", "p99")),
                range_of(cell.intervals.get("p99_ms"), "p99_ms"),
                bare("max_ms", cell.max_ms),
                figure(cell.over_500_share, "%"),
                figure(cell.calls_per_request, ""),
                str(cell.first_provider_calls),
                bare("overshoot_ms", cell.overshoot_p99_ms),
                figure(cell.p99_to_oracle, ""),
                cell.doubt or "",
            ]
            for name, cell in fault.cells.items()
        ],
    )


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    yield from (f"| {' | '.join(map(escaped, row))} |" for row in rows)
    yield ""
