"""A probe: one attempt at a recovering provider, beside a call whose request it repeats, for the breaker's sake."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import ClassVar

from seawall.errors import AllProvidersFailed
from seawall.resilience.actions import Action
from seawall.resilience.attempt import Attempt
from seawall.resilience.call import Call
from seawall.resilience.failures import FailureKind
from seawall.resilience.fleet import Fleet
from seawall.trace import CallContext


class Probe(Call):
    """A machine with the events and actions of `Call`; nobody waits for its answer.

    It makes the one attempt that `StartProbe` brought, however that ends. It fails as soon as it is late by
    the provider's own measure, and says nothing if its lease runs out before it is done.
    """

    __slots__ = ("_attempt", "_started")

    silent: ClassVar[bool] = True

    def __init__(self, fleet: Fleet, context: CallContext, attempt: Attempt, call_started: float) -> None:
        super().__init__(fleet, context)
        self._attempt = attempt
        self._started = call_started

    def start(self, now: float) -> Sequence[Action]:
        """Begin the attempt."""
        self._ledger.started = self._started
        lease_s = self._fleet.options.breaker.probe_lease_s
        self._deadline = now + lease_s
        actions: list[Action] = []
        self._launch(now, self._attempt, actions)
        self._deadline = math.inf
        attempt = self._attempt
        if attempt.late_at < math.inf:
            # It has recovered when it is as quick as it used to be, not when it is merely less slow.
            slow_at = now + self._fleet.options.breaker.slow_min_s
            attempt.late_at = min(attempt.late_at, max(attempt.hedge_at, slow_at))
        attempt.hedge_at = math.inf
        attempt.total_at = min(attempt.total_at, now + lease_s)
        return self._armed(actions)

    def _advance(self, now: float, actions: list[Action]) -> None:
        self._fail(AllProvidersFailed, "the probe failed", now, actions)

    def _overdue(self, now: float, attempt: Attempt, actions: list[Action]) -> None:
        stall = attempt.flowing
        kind = FailureKind.TIMEOUT_STALL if stall else FailureKind.TIMEOUT_FIRST_TOKEN
        self._give_up(now, attempt, kind, attempt.last_token_at if stall else attempt.started, actions)
