"""A streamed call as its consumer sees it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator
from types import TracebackType
from typing import Self

from seawall.call_driver import CallDriver
from seawall.messages import Completion, Done, StreamEvent


class LLMStream:
    """An asynchronous context manager over the events of one stream. Get it from `stream()`.

    Entering it waits for the first token, so a call that nobody answers fails there, before anything has been
    handed out. Leaving it ends the call, wherever that is: nothing keeps running. One that is entered, never left
    and forgotten is ended when it is collected. For one consumer, and one use.
    """

    __slots__ = ("_driver", "_entered", "_loop")

    def __init__(self, driver: CallDriver) -> None:
        self._driver = driver
        self._entered = False
        self._loop: asyncio.AbstractEventLoop | None = None

    def __del__(self) -> None:
        """End the call if nobody did. This may run on any thread, and at any time."""
        if self._loop is not None and not self._loop.is_closed():
            with contextlib.suppress(RuntimeError):  # closed just now: nothing runs on it any more
                self._loop.call_soon_threadsafe(self._driver.close)

    async def __aenter__(self) -> Self:
        """Begin the call and wait until there is something to read. Raises `LLMError`."""
        if self._entered:
            raise RuntimeError("a stream is for one use; call stream() again")
        self._entered = True
        driver = self._driver
        try:
            driver.start()
            while not driver.has_event and driver.error is None:
                await driver.step()
        except BaseException:
            driver.close()
            raise
        if driver.error is not None and not driver.has_event:
            driver.close()
            raise driver.error
        self._loop = asyncio.get_running_loop()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the call."""
        self._close()

    def __aiter__(self) -> AsyncIterator[StreamEvent]:
        """Iterate over the events; the last one is `Done`."""
        return self

    async def __anext__(self) -> StreamEvent:
        """Return the next event. Raises `LLMError` where the stream cannot be completed.

        A wait that is cancelled, say by a time-out of yours, loses no event: ask again.
        """
        driver = self._driver
        if self._loop is None and driver.completion is None and driver.error is None:
            raise RuntimeError("a stream is read inside its `async with` block")
        while (event := driver.take()) is None:
            if driver.completion is not None:
                raise StopAsyncIteration
            if driver.error is not None:
                raise driver.error
            await driver.step()
        if type(event) is Done:
            self._close()
        return event

    def _close(self) -> None:
        self._loop = None
        self._driver.close()

    @property
    def has_event(self) -> bool:
        """Whether the next event is here already, so that nothing need be waited for."""
        return self._driver.has_event

    @property
    def completion(self) -> Completion | None:
        """The whole answer once it is there."""
        return self._driver.completion
