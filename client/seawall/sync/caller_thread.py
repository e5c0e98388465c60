"""Work that a call on the loop has done in the thread that waits for it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from typing import TypeVar

from seawall.sync.portal import wait

Result = TypeVar("Result")


class CallerThread:
    """Lends the waiting thread to its own call: blocking code finds its thread-locals there, and needs no pool."""

    def __init__(self) -> None:
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()

    async def run(self, work: Callable[[], Result]) -> Result:
        """On the loop: have `work` done in the thread that serves, and return what it returns or raises."""
        done: Future[Result] = Future()

        def job() -> None:
            if not done.set_running_or_notify_cancel():
                return  # the call was given up meanwhile
            try:
                result = work()
            except BaseException as error:
                if not isinstance(error, Exception):
                    raise  # an interrupt is this thread's alone: on the loop it would end that
                done.set_exception(error)
            else:
                done.set_result(result)

        self._jobs.put(job)
        return await asyncio.wrap_future(done)

    def serve(self, call: Future[Result]) -> Result:
        """In the thread: do what the call wants done until it ends, and return what it returns or raises."""
        call.add_done_callback(lambda _: self._jobs.put(None))
        try:
            while (job := self._jobs.get()) is not None:
                job()
        except BaseException:
            call.cancel()
            raise
        return wait(call, interrupted=call.cancel)
