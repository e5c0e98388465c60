"""Tells observers and breaker listeners, such that none of them can break a call."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from seawall.rollout.record import RolloutObserver, RolloutRecord
from seawall.telemetry.logs import LOGGER_NAME
from seawall.trace import AttemptRecord, CallContext, CallTrace, Observer

if TYPE_CHECKING:
    from pybreaker import CircuitBreaker, CircuitBreakerListener, CircuitBreakerState

_logger = logging.getLogger(LOGGER_NAME)


class Observers:
    """All observers of a client as one. What one raises is logged, once for each observer; it is told all the same.

    Args:
        observers: told in this order; those that are pybreaker listeners are told of breakers, too.
        listeners: told of breakers only.
    """

    def __init__(
        self, observers: Sequence[Observer], listeners: Sequence[CircuitBreakerListener] = ()
    ) -> None:
        from pybreaker import CircuitBreakerListener  # noqa: PLC0415 - slow to import

        self._observers = tuple(observers)
        of_both = [observer for observer in observers if isinstance(observer, CircuitBreakerListener)]
        self._listeners = (*of_both, *listeners)
        self._of_rollouts = [observer for observer in observers if isinstance(observer, RolloutObserver)]
        self._complained: set[int] = set()

    def attempt_finished(self, context: CallContext, record: AttemptRecord) -> None:
        """Tell of an attempt."""
        for observer in self._observers:
            self._tell(observer, observer.attempt_finished, context, record)

    def call_finished(self, trace: CallTrace) -> None:
        """Tell of a call."""
        for observer in self._observers:
            self._tell(observer, observer.call_finished, trace)

    def rollout_finished(self, record: RolloutRecord) -> None:
        """Tell those of a rollout that want to know."""
        for observer in self._of_rollouts:
            self._tell(observer, observer.rollout_finished, record)

    def state_change(
        self, cb: CircuitBreaker, old_state: CircuitBreakerState | None, new_state: CircuitBreakerState
    ) -> None:
        """Tell of a breaker."""
        for listener in self._listeners:
            self._tell(listener, listener.state_change, cb, old_state, new_state)

    def _tell(self, who: object, told: Callable[..., object], *news: Any) -> None:
        try:
            told(*news)
        except Exception:
            # Foreign code may raise anything, and the caller's answer does not depend on it.
            if id(who) not in self._complained:
                self._complained.add(id(who))
                _logger.exception("%s raised; calls go on, and this is logged once", type(who).__name__)
