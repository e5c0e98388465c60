"""Where a breaker's state is held and announced: pybreaker's states, storage and listeners, nothing else of it.

pybreaker's `call()` holds a lock for the whole call, and `open()` reads the wall clock; neither is used. The
policy in `breaker` decides, and sets the state here.
"""

from __future__ import annotations

from collections.abc import Sequence

import pybreaker
from pybreaker import STATE_CLOSED as CLOSED
from pybreaker import STATE_HALF_OPEN as HALF_OPEN
from pybreaker import STATE_OPEN as OPEN

__all__ = ["CLOSED", "HALF_OPEN", "OPEN", "BreakerState"]


class BreakerState:
    """One breaker's state. Listeners are told of each transition, on the event loop, before it takes effect."""

    __slots__ = ("_breaker", "_storage", "name")

    def __init__(self, name: str, listeners: Sequence[pybreaker.CircuitBreakerListener] = ()) -> None:
        self._storage = pybreaker.CircuitMemoryStorage(CLOSED)
        self._breaker = pybreaker.CircuitBreaker(
            name=name, state_storage=self._storage, listeners=list(listeners)
        )
        self.name = CLOSED

    def change(self, name: str) -> None:
        """Go to a state and tell the listeners, unless it is the present one."""
        if name == self.name:
            return
        self.name = self._storage.state = name
        self._breaker.state = name

    def add_listener(self, listener: pybreaker.CircuitBreakerListener) -> None:
        """Tell this listener too from now on."""
        self._breaker.add_listener(listener)
