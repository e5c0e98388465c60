"""A streamed call as a thread sees it."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from functools import partial
from types import TracebackType
from typing import Self

from seawall import llm_stream
from seawall.llm_manager import LLMManager
from seawall.messages import Completion, StreamEvent
from seawall.sync.portal import Portal, wait


class LLMStream:
    """A context manager over the events of one stream. Get it from `stream()`.

    Entering it waits for the first token, so a call that nobody answers fails there, before anything has been
    handed out. Nothing is read ahead of the consumer but what came in one piece. Leaving it ends the call and
    closes its connection, without waiting for that. For one consumer, and one use.
    """

    __slots__ = ("_events", "_left", "_life", "_open", "_portal", "_stream")

    def __init__(
        self, portal: Portal[LLMManager], open_stream: Callable[[LLMManager], llm_stream.LLMStream]
    ) -> None:
        self._portal = portal
        self._open = open_stream
        self._events: deque[StreamEvent] = deque()
        self._life: Future[None] | None = None
        self._left = False
        self._stream: llm_stream.LLMStream | None = None

    def __enter__(self) -> Self:
        """Begin the call and wait until there is something to read. Raises `LLMError`."""
        if self._life is not None:
            raise RuntimeError("a stream is for one use; call stream() again")
        opened: Future[llm_stream.LLMStream] = Future()
        self._life = life = self._portal.submit(partial(_live, self._open, opened))
        life.add_done_callback(partial(_fail, opened))
        self._stream = wait(opened, interrupted=life.cancel)
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the call."""
        self._leave()

    def __iter__(self) -> Iterator[StreamEvent]:
        """Iterate over the events; the last one is `Done`."""
        return self

    def __next__(self) -> StreamEvent:
        """Return the next event. Raises `LLMError` where the stream cannot be completed."""
        if self._stream is None or self._left:
            raise RuntimeError("a stream is read inside its with block")
        if not self._events:
            try:
                self._events += self._portal.call(partial(_pull, self._stream))
            except BaseException:
                self._leave()  # an interrupted wait may have lost events
                raise
            if not self._events:
                raise StopIteration
        return self._events.popleft()

    @property
    def completion(self) -> Completion | None:
        """The whole answer once it is there."""
        return None if self._stream is None else self._stream.completion

    def _leave(self) -> None:
        self._left = True
        if self._life is not None:
            self._life.cancel()


async def _live(
    open_stream: Callable[[LLMManager], llm_stream.LLMStream],
    opened: Future[llm_stream.LLMStream],
    llm: LLMManager,
) -> None:
    """Hold a stream open until this is cancelled."""
    async with open_stream(llm) as stream:
        opened.set_result(stream)
        await asyncio.get_running_loop().create_future()


def _fail(opened: Future[llm_stream.LLMStream], life: Future[None]) -> None:
    """Tell who waits for a stream that it has ended before it was open."""
    if opened.done():
        return
    if life.cancelled():
        opened.cancel()
        opened.set_running_or_notify_cancel()
    else:
        opened.set_exception(life.exception())


async def _pull(stream: llm_stream.LLMStream, _: LLMManager) -> list[StreamEvent]:
    """Wait for the next event; return it with those that came with it, or nothing at the end."""
    events: list[StreamEvent] = []
    async for event in stream:
        events.append(event)
        if not stream.has_event:
            break
    return events
