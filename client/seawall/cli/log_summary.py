"""Counts and quantiles of `llm.call` and `llm.attempt` lines, one line at a time, in bounded memory."""

from __future__ import annotations

from collections import Counter
from datetime import datetime

import msgspec

from seawall.cli.latency_sketch import Quantiles
from seawall.cli.log_groups import Grouping, Groups
from seawall.cli.log_line import LogLine, read_line
from seawall.cli.log_tally import OTHER, Tally, count
from seawall.telemetry.events import CALL

PROVIDERS_MAX = 1_000


class CallSummary(msgspec.Struct, frozen=True, kw_only=True):
    """All calls. `success_rate` leaves cancelled ones out; `answered_by` counts by provider."""

    count: int
    answered: int
    failed: int
    cancelled: int
    success_rate: float | None
    fell_back: int
    attempts_per_call: float | None
    retries: int
    hedges: int
    restarts: int
    continuations: int
    cost: float
    latency_ms: Quantiles
    first_token_ms: Quantiles
    answered_by: dict[str, int]
    errors: dict[str, int]


class ProviderSummary(msgspec.Struct, frozen=True, kw_only=True):
    """All attempts on one provider and model. `failures` counts by kind, `whys` by why they were made."""

    provider: str
    model: str
    attempts: int
    answered: int
    failed: int
    cancelled: int
    latency_ms: Quantiles
    first_token_ms: Quantiles
    failures: dict[str, int]
    whys: dict[str, int]
    input_tokens: int
    output_tokens: int
    cost: float


class SummaryDocument(msgspec.Struct, frozen=True, kw_only=True):
    """What `seawall logs summarize --format json` prints.

    Attributes:
        first: the earliest time of a line that counts, and `last` the latest; None where none has a time.
        lines: all that were read, empty ones left out.
        foreign_lines: of other programs.
        torn_lines: cut, or not what an event of its name holds.
        older_lines: from before `--since`, or without a time; they count for nothing else.
        providers: by the number of their attempts.
        groups: what `--by` asks for.
    """

    first: datetime | None
    last: datetime | None
    lines: int
    foreign_lines: int
    torn_lines: int
    older_lines: int
    calls: CallSummary
    providers: list[ProviderSummary]
    groups: Groups | None = None


class Summary:
    """Add lines, then ask for the document. Latencies are those of answers.

    Args:
        since: lines from before are left out.
        by: group by this, too; see `seawall.cli.log_groups.KEYS`. Raises ValueError where it is none of them.
    """

    def __init__(self, *, since: datetime | None = None, by: str | None = None) -> None:
        self.torn = 0
        self._since = since
        self._grouping = None if by is None else Grouping(by)
        self._lines = self._foreign = self._older = 0
        self._first: datetime | None = None
        self._last: datetime | None = None
        self._calls = Tally()
        self._totals: Counter[str] = Counter()
        self._answered_by: Counter[str] = Counter()
        self._attempts: dict[tuple[str, str], Tally] = {}

    def add(self, raw: bytes) -> None:
        """Read one line."""
        if not raw.strip():
            return
        self._lines += 1
        line = read_line(raw)
        if isinstance(line, str):
            self._foreign += line == "foreign"
            self.torn += line == "torn"
        elif self._since is not None and (line.time is None or line.time < self._since):
            self._older += 1
        else:
            self._add(line)

    def _add(self, line: LogLine) -> None:
        if (time := line.time) is not None:
            self._first = time if self._first is None else min(self._first, time)
            self._last = time if self._last is None else max(self._last, time)
        if line.event == CALL:
            self._add_call(line)
        else:
            key = (line.provider or "", line.model or "")
            if key not in self._attempts and len(self._attempts) >= PROVIDERS_MAX:
                key = (OTHER, "")
            self._attempts.setdefault(key, Tally()).add(line)
        if self._grouping is not None:
            self._grouping.add(line)

    def _add_call(self, line: LogLine) -> None:
        self._calls.add(line)
        totals = self._totals
        totals["attempts"] += line.attempts
        totals["fell_back"] += line.fell_back
        totals["hedges"] += line.hedges
        totals["retries"] += line.retries
        totals["restarts"] += line.restarts
        totals["continuations"] += line.continuations
        if line.outcome == "answered" and line.provider:
            count(self._answered_by, line.provider)

    def document(self) -> SummaryDocument:
        """Return the summary of what was added so far."""
        rows = [_provider_summary(*key, tally) for key, tally in self._attempts.items()]
        rows.sort(key=lambda row: (-row.attempts, row.provider, row.model))
        return SummaryDocument(
            first=self._first,
            last=self._last,
            lines=self._lines,
            foreign_lines=self._foreign,
            torn_lines=self.torn,
            older_lines=self._older,
            calls=self._call_summary(),
            providers=rows,
            groups=None if self._grouping is None else self._grouping.groups(),
        )

    def _call_summary(self) -> CallSummary:
        tally, totals = self._calls, self._totals
        calls = tally.outcomes.total()
        return CallSummary(
            count=calls,
            answered=tally.outcomes["answered"],
            failed=tally.outcomes["failed"],
            cancelled=tally.outcomes["cancelled"],
            success_rate=tally.success_rate,
            fell_back=totals["fell_back"],
            attempts_per_call=totals["attempts"] / calls if calls else None,
            retries=totals["retries"],
            hedges=totals["hedges"],
            restarts=totals["restarts"],
            continuations=totals["continuations"],
            cost=round(tally.cost, 6),
            latency_ms=tally.latency_ms.quantiles(),
            first_token_ms=tally.first_token_ms.quantiles(),
            answered_by=dict(self._answered_by.most_common()),
            errors=dict(tally.reasons.most_common()),
        )


def _provider_summary(provider: str, model: str, tally: Tally) -> ProviderSummary:
    return ProviderSummary(
        provider=provider,
        model=model,
        attempts=tally.outcomes.total(),
        answered=tally.outcomes["answered"],
        failed=tally.outcomes["failed"],
        cancelled=tally.outcomes["cancelled"],
        latency_ms=tally.latency_ms.quantiles(),
        first_token_ms=tally.first_token_ms.quantiles(),
        failures=dict(tally.reasons.most_common()),
        whys=dict(tally.whys.most_common()),
        input_tokens=tally.input_tokens,
        output_tokens=tally.output_tokens,
        cost=round(tally.cost, 6),
    )
