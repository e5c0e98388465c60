"""A log summary as text for a terminal."""

from __future__ import annotations

from collections.abc import Mapping

from seawall.cli.log_summary import CallSummary, Quantiles, SummaryDocument

_HEADINGS = (
    "provider",
    "model",
    "attempts",
    "answered",
    "failed",
    "cancelled",
    "p50",
    "p95",
    "p99",
    "first p95",
)


def table(document: SummaryDocument) -> str:
    """Return the whole summary: calls first, then providers, then what was not understood."""
    parts = []
    if document.calls.count:
        parts.append(_calls(document))
    if document.providers:
        parts.append(_providers(document))
    read = f"{document.lines} lines read"
    if document.foreign_lines or document.torn_lines:
        read += f", {document.foreign_lines} not Seawall's, {document.torn_lines} torn"
    if not parts:
        read += ": no call and no attempt among them"
    return "\n\n".join([*parts, read])


def _calls(document: SummaryDocument) -> str:
    calls = document.calls
    rate = "no rate" if calls.success_rate is None else f"{calls.success_rate:.2%}"
    lines = [
        f"{document.first} to {document.last}",
        f"calls       {_outcomes(calls)}; success {rate}",
        f"latency     {_quantiles(calls.latency_ms)}",
        f"first token {_quantiles(calls.first_token_ms)}",
        f"upstream    {calls.attempts_per_call or 0:.3f} attempts per call; {_extra(calls)}",
    ]
    if calls.answered_by:
        lines.append(f"answered by {_counts(calls.answered_by)}")
    if calls.errors:
        lines.append(f"errors      {_counts(calls.errors)}")
    return "\n".join(lines)


def _outcomes(calls: CallSummary) -> str:
    return f"{calls.count}: {calls.answered} answered, {calls.failed} failed, {calls.cancelled} cancelled"


def _extra(calls: CallSummary) -> str:
    return f"{calls.fell_back} fell back, {calls.retries} retries, {calls.hedges} hedges, {calls.restarts} restarts"


def _providers(document: SummaryDocument) -> str:
    rows: list[tuple[str, ...]] = [_HEADINGS]
    for row in document.providers:
        latency, first = row.latency_ms, row.first_token_ms
        numbers = (row.attempts, row.answered, row.failed, row.cancelled)
        times = (latency.p50, latency.p95, latency.p99, first.p95)
        rows.append((row.provider, row.model, *map(str, numbers), *map(_ms, times)))
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
    lines = [
        "  ".join(
            cell.ljust(width) if column < 2 else cell.rjust(width)  # noqa: PLR2004 - names left, numbers right
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    failures = [
        f"{row.provider} {row.model} failed by {_counts(row.failures)}"
        for row in document.providers
        if row.failures
    ]
    return "\n".join([*lines, *failures])


def _quantiles(values: Quantiles) -> str:
    names = ("p50", "p95", "p99", "max")
    return "  ".join(f"{name} {_ms(getattr(values, name))}" for name in names)


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f} ms"


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in counts.items())
