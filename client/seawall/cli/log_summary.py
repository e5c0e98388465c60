"""Counts and quantiles of `llm.call` and `llm.attempt` lines, one line at a time."""

from __future__ import annotations

import math
from array import array
from collections import Counter

import msgspec

from seawall.telemetry.events import ATTEMPT, CALL

_OURS = b'{"event":"llm.'


class _Line(msgspec.Struct):
    """What is read of either line; whatever else it holds is not looked at."""

    event: str
    time: str = ""
    outcome: str = ""
    provider: str | None = None
    model: str | None = None
    why: str = ""
    failure: str | None = None
    error: str | None = None
    latency_ms: float = 0.0
    first_token_ms: float | None = None
    attempts: int = 0
    fell_back: bool = False
    hedges: int = 0
    retries: int = 0
    restarts: int = 0
    input_tokens: int | None = None
    output_tokens: int | None = None


_decode = msgspec.json.Decoder(_Line).decode


class Quantiles(msgspec.Struct, frozen=True):
    """Of latencies in milliseconds; None where there are none."""

    p50: float | None
    p95: float | None
    p99: float | None
    max: float | None


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


class SummaryDocument(msgspec.Struct, frozen=True, kw_only=True):
    """What `seawall logs summarize --json` prints. `first` and `last` are the times of the lines read."""

    first: str
    last: str
    lines: int
    foreign_lines: int
    torn_lines: int
    calls: CallSummary
    providers: list[ProviderSummary]


class _Tally:
    """Outcomes and latencies of calls, or of attempts on one provider."""

    def __init__(self) -> None:
        self.outcomes: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.whys: Counter[str] = Counter()
        self.latency_ms = array("d")
        self.first_token_ms = array("d")
        self.input_tokens = 0
        self.output_tokens = 0

    def add(self, line: _Line) -> None:
        self.outcomes[line.outcome] += 1
        reason = line.error if line.event == CALL else line.failure
        if reason:
            self.reasons[reason] += 1
        if line.why:
            self.whys[line.why] += 1
        if line.outcome == "answered":
            self.latency_ms.append(line.latency_ms)
            if line.first_token_ms is not None:
                self.first_token_ms.append(line.first_token_ms)
        self.input_tokens += line.input_tokens or 0
        self.output_tokens += line.output_tokens or 0


class Summary:
    """Add lines, then ask for the document. Latencies are those of answers."""

    def __init__(self) -> None:
        self.torn = 0
        self._lines = 0
        self._foreign = 0
        self._first = ""
        self._last = ""
        self._calls = _Tally()
        self._totals: Counter[str] = Counter()
        self._answered_by: Counter[str] = Counter()
        self._attempts: dict[tuple[str, str], _Tally] = {}

    def add(self, raw: bytes) -> None:
        """Read one line; what stands before the JSON (a time, a level) does not matter."""
        if not raw.strip():
            return
        self._lines += 1
        begin = raw.find(_OURS)
        if begin < 0:
            self._foreign += 1
            return
        try:
            line = _decode(raw[begin:].rstrip())
        except (ValueError, RecursionError):
            self.torn += 1
            return
        if line.event == CALL:
            self._add_call(line)
        elif line.event == ATTEMPT:
            self._attempts.setdefault((line.provider or "", line.model or ""), _Tally()).add(line)
        else:
            self._foreign += 1
            return
        self._first = min(self._first or line.time, line.time)
        self._last = max(self._last, line.time)

    def _add_call(self, line: _Line) -> None:
        self._calls.add(line)
        self._totals.update(
            attempts=line.attempts,
            fell_back=line.fell_back,
            hedges=line.hedges,
            retries=line.retries,
            restarts=line.restarts,
        )
        if line.outcome == "answered" and line.provider:
            self._answered_by[line.provider] += 1

    def document(self) -> SummaryDocument:
        """Return the summary of what was added so far."""
        return SummaryDocument(
            first=self._first,
            last=self._last,
            lines=self._lines,
            foreign_lines=self._foreign,
            torn_lines=self.torn,
            calls=self._call_summary(),
            providers=[_provider_summary(*key, tally) for key, tally in sorted(self._attempts.items())],
        )

    def _call_summary(self) -> CallSummary:
        tally, totals = self._calls, self._totals
        count = tally.outcomes.total()
        answered, failed = tally.outcomes["answered"], tally.outcomes["failed"]
        return CallSummary(
            count=count,
            answered=answered,
            failed=failed,
            cancelled=tally.outcomes["cancelled"],
            success_rate=answered / (answered + failed) if answered + failed else None,
            fell_back=totals["fell_back"],
            attempts_per_call=totals["attempts"] / count if count else None,
            retries=totals["retries"],
            hedges=totals["hedges"],
            restarts=totals["restarts"],
            latency_ms=quantiles(tally.latency_ms),
            first_token_ms=quantiles(tally.first_token_ms),
            answered_by=dict(self._answered_by.most_common()),
            errors=dict(tally.reasons.most_common()),
        )


def _provider_summary(provider: str, model: str, tally: _Tally) -> ProviderSummary:
    return ProviderSummary(
        provider=provider,
        model=model,
        attempts=tally.outcomes.total(),
        answered=tally.outcomes["answered"],
        failed=tally.outcomes["failed"],
        cancelled=tally.outcomes["cancelled"],
        latency_ms=quantiles(tally.latency_ms),
        first_token_ms=quantiles(tally.first_token_ms),
        failures=dict(tally.reasons.most_common()),
        whys=dict(tally.whys.most_common()),
        input_tokens=tally.input_tokens,
        output_tokens=tally.output_tokens,
    )


def quantiles(values: array[float]) -> Quantiles:
    """Return the nearest-rank quantiles: each is a value that was measured."""
    ranked = sorted(values)
    if not ranked:
        return Quantiles(None, None, None, None)
    p50, p95, p99 = (ranked[math.ceil(share * len(ranked)) - 1] for share in (0.50, 0.95, 0.99))
    return Quantiles(p50, p95, p99, ranked[-1])
