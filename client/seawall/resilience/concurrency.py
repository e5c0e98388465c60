"""How many attempts run at once: permits per provider and in all, and the line of calls that wait for one.

A permit is taken when an attempt is launched and comes back when it ends, however it ends. The first in line is then
told, and those behind it stand back. One whose driver cannot be told looks again at times that fit its place.
"""

from __future__ import annotations

import math
from typing import Annotated, Protocol

import msgspec

from seawall.resilience.failures import Failure, FailureKind


class ConcurrencyOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much a service may have under way at once.

    Attributes:
        per_provider: attempts at one provider, where it has no `max_concurrent` of its own. A full provider is
            passed over for the next one. 1 to 100000.
        in_all: attempts at all providers together. 1 to 1000000.
        queue_max: calls that wait for one provider while every provider is full; more are shed with `Overloaded`
            at once. 0 to 1000000.
        adaptive: lower a provider's limit by `backoff` when it says that it is overloaded or limits us, and raise
            it again by one for every `limit` answers. False: only the fixed limits hold.
        backoff: what such a word leaves of the number under way. 0.1 to 0.95.
        adaptive_min: no lower than this. 1 to 100000.
    """

    per_provider: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 1000
    in_all: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 4000
    queue_max: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 4000
    adaptive: bool = False
    backoff: Annotated[float, msgspec.Meta(ge=0.1, le=0.95)] = 0.7
    adaptive_min: Annotated[int, msgspec.Meta(ge=1, le=100_000)] = 2


# Latency says nothing here: an LLM's grows with the answer's length, and gradients of it get stuck at the minimum.
_OVERLOADS = frozenset({FailureKind.OVERLOADED, FailureKind.RATE_LIMITED, FailureKind.RAMP_LIMITED})
_UNAVAILABLE = 503
_LOOK_MIN_S = 0.01
_LOOK_MAX_S = 1.0
_LOST_S = 1.0


class Waiter(Protocol):
    """A call that stands in line."""

    def permit_free(self) -> None:
        """Take note that it is first in line, and that a permit is free."""
        ...


class FleetPermits:
    """The attempts of all providers together."""

    __slots__ = ("in_use", "limit")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.in_use = 0


class Permits:
    """One provider's permits. `limit` moves below its ceiling only where the options make it adaptive."""

    __slots__ = ("_ceiling", "_cut_at", "_fleet", "_left_line", "_line", "_options", "in_use", "limit")

    def __init__(self, options: ConcurrencyOptions, ceiling: int, fleet: FleetPermits) -> None:
        self._options = options
        self._fleet = fleet
        self._ceiling = ceiling
        self._cut_at = 0.0
        self._left_line = 0
        # Who waits: its number in line, and when it will look again.
        self._line: dict[Waiter, tuple[int, float]] = {}
        self.limit = float(ceiling)
        self.in_use = 0

    def take_options_of(self, other: Permits) -> None:
        """Go by another's limits from now on; what is under way stays counted."""
        self._options = other._options
        self.limit = float(other._ceiling) if self.limit >= self._ceiling else min(self.limit, other._ceiling)
        self._ceiling = other._ceiling

    def count_in(self, fleet: FleetPermits) -> None:
        """Count in this sum from now on, before the first permit is taken."""
        self._fleet = fleet

    def take(self) -> None:
        """Count an attempt."""
        self.in_use += 1
        self._fleet.in_use += 1

    def give_back(self) -> None:
        """Count an attempt no more."""
        self.in_use -= 1
        self._fleet.in_use -= 1
        if self._line:
            self._tell_first()

    def open_to(self, now: float, who: Waiter) -> bool:
        """Whether an attempt may begin now, with those who stand in line before `who` served first."""
        fleet = self._fleet
        if self.in_use + 1 > self.limit or fleet.in_use >= fleet.limit:
            return False
        if not self._line:
            return True
        free = min(int(self.limit) - self.in_use, fleet.limit - fleet.in_use)
        ahead = 0
        for other, (_, looks_at) in self._line.items():
            if other is who:
                return True
            ahead += now <= looks_at + _LOST_S
            if ahead >= free:
                return False
        return True

    def line_up(self, now: float, who: Waiter, usual_s: float | None) -> bool:
        """Stand in line, or stay there, until it is time to look again. False if the line is full."""
        line = self._line
        if who in line:
            number = line[who][0]
        elif len(line) < self._options.queue_max:
            number = self._left_line + len(line)
        else:
            return False
        expected_s = (usual_s or _LOOK_MIN_S) * (number - self._left_line + 1) / self.limit
        line[who] = (number, now + min(max(expected_s / 2, _LOOK_MIN_S), _LOOK_MAX_S))
        return True

    def looks_at(self, who: Waiter) -> float:
        """Return when to look again; infinity for one that does not stand in line."""
        return self._line[who][1] if who in self._line else math.inf

    def leave_line(self, who: Waiter) -> None:
        """Wait no longer."""
        if self._line.pop(who, None) is not None:
            self._left_line += 1
            self._tell_first()

    def _tell_first(self) -> None:
        if self._line and self.in_use < int(self.limit) and self._fleet.in_use < self._fleet.limit:
            next(iter(self._line)).permit_free()

    def answered(self) -> None:
        """Note an answer: where the limit was made use of, there may be room for more."""
        if self.limit < self._ceiling and 2 * self.in_use >= self.limit:
            self.limit = min(float(self._ceiling), self.limit + 1.0 / self.limit)

    def failed(self, now: float, started: float, failure: Failure) -> None:
        """Note a failure of an attempt, while it still counts. One sent before the last cut is not news."""
        overload = failure.kind in _OVERLOADS or failure.http_status == _UNAVAILABLE
        if not (self._options.adaptive and overload) or started < self._cut_at:
            return
        self._cut_at = now
        self.limit = max(
            float(min(self._options.adaptive_min, self._ceiling)),
            min(self.limit, self.in_use) * self._options.backoff,
        )

    @property
    def described(self) -> str:
        """Say why nobody more may go: `full: 8 of 8 under way, 2 waiting`."""
        fleet = self._fleet
        if fleet.in_use >= fleet.limit:
            counts = f"{fleet.in_use} of {fleet.limit} under way at all providers together"
        else:
            counts = f"{self.in_use} of {int(self.limit)} under way"
        return f"full: {counts}, {len(self._line)} waiting"
