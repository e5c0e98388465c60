"""An HTTP engine and the calls that use it, so that it can be replaced under them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from seawall.errors import LLMError
from seawall.providers.wire import HttpEngine


class RunningCall(Protocol):
    """A call that has begun and not ended."""

    def abandon(self, error: LLMError) -> None:
        """End with this error."""
        ...


class Connections:
    """Closed when they are retired and the last call that began on them is over.

    Attributes:
        engine: how HTTP is done.
    """

    __slots__ = ("_calls", "_close", "engine")

    def __init__(self, engine: HttpEngine) -> None:
        self.engine = engine
        self._calls: set[RunningCall] = set()
        self._close: Callable[[], None] | None = None

    def begin(self, call: RunningCall) -> None:
        """Note that a call uses them."""
        self._calls.add(call)

    def end(self, call: RunningCall) -> None:
        """Note, as often as you like, that a call does not any more."""
        if call in self._calls:
            self._calls.discard(call)
            if self._close is not None and not self._calls:
                self._close()

    def retire(self, close: Callable[[], None]) -> None:
        """Have `close` called whenever nothing uses them, at once if nothing does now."""
        self._close = close
        if not self._calls:
            close()

    def abandon_calls(self) -> None:
        """End every call on them: they are about to be closed."""
        for call in tuple(self._calls):
            call.abandon(LLMError("the client was closed while the call ran"))
