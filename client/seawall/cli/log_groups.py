"""`--by`: calls or attempts, grouped by one thing that their lines say."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import msgspec

from seawall.cli.latency_sketch import Quantiles
from seawall.cli.log_line import LogLine
from seawall.cli.log_tally import OTHER, Tally
from seawall.telemetry.events import ATTEMPT, CALL

GROUPS_MAX = 1_000
_NOTHING = "-"
_CALLER = "caller."
# How much of 2026-11-22T12:34:56 names the time.
_TIMES = {"day": 10, "hour": 13, "minute": 16}
_OF_ATTEMPTS = ("provider", "model", "failure", "why", "status", "breaker")
_OF_CALLS = ("error", *_TIMES)
KEYS = (*_OF_ATTEMPTS, *_OF_CALLS, f"{_CALLER}FIELD")


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """One group. `success_rate` leaves cancelled ones out; latencies are of what was answered or failed."""

    name: str
    count: int
    answered: int
    failed: int
    cancelled: int
    success_rate: float | None
    latency_ms: Quantiles
    first_token_ms: Quantiles
    input_tokens: int
    output_tokens: int
    cost: float


class Groups(msgspec.Struct, frozen=True, kw_only=True):
    """All groups: those by time in its order, others by how many lines they have."""

    by: str
    of: Literal["calls", "attempts"]
    rows: list[Group]


class Grouping:
    """Add lines, then ask for the groups. Raises ValueError for a key that is none of `KEYS`."""

    def __init__(self, by: str) -> None:
        self._by = by
        self._event = ATTEMPT if by in _OF_ATTEMPTS else CALL
        self._name = _namer(by)
        self._tallies: dict[str, Tally] = {}

    def add(self, line: LogLine) -> None:
        """Add a line to its group; when there are too many groups, to the last one."""
        if line.event != self._event:
            return
        name = self._name(line)
        tally = self._tallies.get(name)
        if tally is None:
            if len(self._tallies) >= GROUPS_MAX:
                name = OTHER
            tally = self._tallies.setdefault(name, Tally(of_failures=True))
        tally.add(line)

    def groups(self) -> Groups:
        """Return what was added so far."""
        rows = [_group(name, tally) for name, tally in self._tallies.items()]
        rows.sort(key=lambda row: row.name if self._by in _TIMES else (-row.count, row.name))
        return Groups(by=self._by, of="attempts" if self._event == ATTEMPT else "calls", rows=rows)


def _namer(by: str) -> Callable[[LogLine], str]:
    if by in _TIMES:
        length = _TIMES[by]
        return lambda line: _NOTHING if line.time is None else line.time.isoformat()[:length]
    if by.startswith(_CALLER) and by != _CALLER:
        field = by.removeprefix(_CALLER)
        return lambda line: str((line.caller or {}).get(field, _NOTHING))
    if by not in KEYS:
        raise ValueError(f"--by {by}: valid are {', '.join(KEYS)}")
    return lambda line: str(getattr(line, by) or _NOTHING)


def _group(name: str, tally: Tally) -> Group:
    return Group(
        name=name,
        count=tally.outcomes.total(),
        answered=tally.outcomes["answered"],
        failed=tally.outcomes["failed"],
        cancelled=tally.outcomes["cancelled"],
        success_rate=tally.success_rate,
        latency_ms=tally.latency_ms.quantiles(),
        first_token_ms=tally.first_token_ms.quantiles(),
        input_tokens=tally.input_tokens,
        output_tokens=tally.output_tokens,
        cost=round(tally.cost, 6),
    )
