"""A log summary for people: plain text for a terminal, or Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import click

from seawall.cli.latency_sketch import Quantiles
from seawall.cli.log_groups import Groups
from seawall.cli.log_summary import CallSummary, ProviderSummary, SummaryDocument

_POOR_SUCCESS_RATE = 0.99
_PROVIDER_HEADINGS = (
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
_GROUP_HEADINGS = (
    "answered",
    "failed",
    "cancelled",
    "success",
    "p50",
    "p95",
    "p99",
    "first p95",
    "tokens out",
)


class _Grid(NamedTuple):
    """A table: the first `names` columns hold names, the others numbers."""

    headings: Sequence[str]
    rows: Sequence[Sequence[str]]
    names: int


def table(document: SummaryDocument) -> str:
    """Return the whole summary: calls first, then groups and providers, then what was not understood.

    Headings are bold and a poor success rate is red; click takes that out where the output is no terminal.
    """
    parts = []
    if document.calls.count:
        rate = document.calls.success_rate
        poor = rate is not None and rate < _POOR_SUCCESS_RATE
        lines = [
            click.style(f"{name:<11} {text}", fg="red" if poor and name == "calls" else None)
            for name, text in _facts(document)
        ]
        parts.append("\n".join(lines))
    parts += [_text(grid) for grid in _grids(document)]
    if failed := [f"{who} failed by {why}" for who, why in _failures(document)]:
        parts.append("\n".join(failed))
    return "\n\n".join([*parts, _read(document)])


def markdown(document: SummaryDocument) -> str:
    """Return the same as Markdown, for an incident's record."""
    parts = []
    if document.calls.count:
        parts.append(_markdown(_Grid(("", "calls"), [(name, text) for name, text in _facts(document)], 2)))
    parts += [_markdown(grid) for grid in _grids(document)]
    if failures := list(_failures(document)):
        parts.append(_markdown(_Grid(("provider", "failed by"), failures, 2)))
    return "\n\n".join([*parts, _escape(_read(document))])


def _facts(document: SummaryDocument) -> Iterator[tuple[str, str]]:
    calls = document.calls
    rate = "no rate" if calls.success_rate is None else f"success {calls.success_rate:.2%}"
    if document.first is not None and document.last is not None:
        first, last = (time.isoformat(timespec="seconds") for time in (document.first, document.last))
        yield "time", f"{first} to {last}"
    yield "calls", f"{_outcomes(calls)}; {rate}"
    yield "latency", _quantiles(calls.latency_ms)
    yield "first token", _quantiles(calls.first_token_ms)
    yield "upstream", f"{calls.attempts_per_call or 0:.3f} attempts per call; {_extra(calls)}"
    if calls.cost:
        yield "cost", f"{calls.cost:.6g}"
    if calls.answered_by:
        yield "answered by", _counts(calls.answered_by)
    if calls.errors:
        yield "errors", _counts(calls.errors)


def _outcomes(calls: CallSummary) -> str:
    return f"{calls.count}: {calls.answered} answered, {calls.failed} failed, {calls.cancelled} cancelled"


def _extra(calls: CallSummary) -> str:
    counts = {
        "fell back": calls.fell_back,
        "retries": calls.retries,
        "hedges": calls.hedges,
        "restarts": calls.restarts,
        "continuations": calls.continuations,
    }
    return ", ".join(f"{number} {what}" for what, number in counts.items())


def _grids(document: SummaryDocument) -> Iterator[_Grid]:
    if document.groups is not None:
        yield _groups(document.groups)
    if document.providers:
        yield _Grid(_PROVIDER_HEADINGS, [_provider(row) for row in document.providers], 2)


def _groups(groups: Groups) -> _Grid:
    rows = [
        (
            _printable(row.name),
            *map(str, (row.count, row.answered, row.failed, row.cancelled)),
            "-" if row.success_rate is None else f"{row.success_rate:.2%}",
            *map(_ms, (row.latency_ms.p50, row.latency_ms.p95, row.latency_ms.p99, row.first_token_ms.p95)),
            str(row.output_tokens),
        )
        for row in groups.rows
    ]
    return _Grid((groups.by, groups.of, *_GROUP_HEADINGS), rows, 1)


def _provider(row: ProviderSummary) -> tuple[str, ...]:
    latency = row.latency_ms
    return (
        _printable(row.provider),
        _printable(row.model),
        *map(str, (row.attempts, row.answered, row.failed, row.cancelled)),
        *map(_ms, (latency.p50, latency.p95, latency.p99, row.first_token_ms.p95)),
    )


def _failures(document: SummaryDocument) -> Iterator[tuple[str, str]]:
    for row in document.providers:
        if row.failures:
            yield f"{_printable(row.provider)} {_printable(row.model)}", _counts(row.failures)


def _read(document: SummaryDocument) -> str:
    read = f"{document.lines} lines read"
    if document.foreign_lines or document.torn_lines:
        read += f", {document.foreign_lines} not Seawall's, {document.torn_lines} torn"
    if document.older_lines:
        read += f", {document.older_lines} older"
    if not document.calls.count and not document.providers:
        read += ": no call and no attempt among them"
    return read


def _text(grid: _Grid) -> str:
    rows = [grid.headings, *grid.rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(grid.headings))]
    lines = [
        "  ".join(
            cell.ljust(width) if column < grid.names else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return "\n".join([click.style(lines[0], bold=True), *lines[1:]])


def _markdown(grid: _Grid) -> str:
    rule = ["---"] * grid.names + ["---:"] * (len(grid.headings) - grid.names)
    rows = [grid.headings, rule, *([_escape(cell) for cell in row] for row in grid.rows)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _escape(text: str) -> str:
    for sign in "\\`*_<>[]|":
        text = text.replace(sign, f"\\{sign}")
    return text


def _quantiles(values: Quantiles) -> str:
    names = ("p50", "p95", "p99", "max")
    return "  ".join(f"{name} {_ms(getattr(values, name))}" for name in names)


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f} ms"


def _counts(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{_printable(name)} {number}" for name, number in counts.items())


def _printable(text: str) -> str:
    """Whoever wrote the log must not write to the terminal."""
    return "".join(character if character.isprintable() else "\ufffd" for character in text)
