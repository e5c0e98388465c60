"""The one way a run is stopped before its end: by Ctrl-C, or because a process it needs has died."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


class HaltedError(Exception):
    """The run was stopped; the message says why."""


class Halt:
    """Set once, with the first reason; everything that waits does so through `unless_halted`."""

    def __init__(self) -> None:
        self.reason: str | None = None
        self.interrupted = False
        self._event = asyncio.Event()

    def set(self, reason: str, *, interrupted: bool = False) -> None:
        """Stop the run; `interrupted` if a person asked for it."""
        if self.reason is None:
            self.reason, self.interrupted = reason, interrupted
            self._event.set()

    async def unless_halted(self, work: Coroutine[Any, Any, T]) -> T:
        """The result of `work`, which is cancelled when the run is stopped.

        Raises:
            HaltedError: the run was stopped first.
        """
        task = asyncio.ensure_future(work)
        waiting = asyncio.ensure_future(self._event.wait())
        try:
            await asyncio.wait({task, waiting}, return_when=asyncio.FIRST_COMPLETED)
            if task.done() and not self._event.is_set():
                return task.result()
        finally:
            for pending in (task, waiting):
                pending.cancel()
            await asyncio.gather(task, waiting, return_exceptions=True)
        raise HaltedError(self.reason)
