"""One call's waits between attempts at the same providers, each paid for from the common budget."""

from __future__ import annotations

import math

from seawall.resilience.failures import Failure
from seawall.resilience.fleet import Fleet
from seawall.resilience.retry import RetryMoment


class Retrying:
    """When this call may ask a provider again. A retry is paid for before the wait, so none is waited in vain."""

    __slots__ = ("_due_at", "_fleet", "_moment", "_paid", "_waits")

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        self._moment: RetryMoment | None = None
        self._waits = 0
        self._due_at = math.inf
        self._paid = False

    def failed(self, started: float, now: float, failure: Failure) -> None:
        """Take note of the newest failure of a call that started then."""
        self._moment = RetryMoment(rng=self._fleet.rng, started=started, now=now, failure=failure)

    def gives_up(self, attempts: int) -> bool:
        """Whether a call that has made so many attempts must make no more."""
        return self._moment is not None and self._fleet.retry_policy.gives_up(self._moment, attempts=attempts)

    def due_at(self, now: float, possible_at: float, deadline: float) -> float:
        """Return when to ask again, given when providers may be asked; infinity: not, or not in time."""
        if self._moment is None or possible_at == math.inf:
            return math.inf
        if self._due_at == math.inf:
            self._waits += 1
            self._due_at = now + self._fleet.retry_policy.wait_s(self._moment, waits=self._waits)
        at = max(possible_at, self._due_at)
        if at >= deadline:
            return math.inf
        self._paid = self._paid or self._fleet.retry_budget.spend(now)
        return at if self._paid else math.inf

    def used(self) -> None:
        """Note that the paid retry begins."""
        self._paid = False
        self._due_at = math.inf

    def not_needed(self) -> None:
        """Note that there will be none for now; what was paid comes back."""
        self._due_at = math.inf
        if self._paid:
            self._paid = False
            self._fleet.retry_budget.earn(1.0)
