"""Where a breaker's state is held and announced: pybreaker's states, storage and listeners, nothing else of it.

pybreaker's `call()` holds a lock for the whole call, and `open()` reads the wall clock; neither is used. The
policy in `breaker` decides, and sets the state here.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pybreaker

# As pybreaker calls them.
CLOSED, OPEN, HALF_OPEN = "closed", "open", "half-open"


class BreakerState:
    """One breaker's state. Listeners are told of each transition, on the event loop, before it takes effect."""

    __slots__ = ("_breaker", "_storage", "name")

    def __init__(self, name: str, listeners: Sequence[pybreaker.CircuitBreakerListener] = ()) -> None:
        import pybreaker  # noqa: PLC0415 - with redis about, it takes as long as all the rest together

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
