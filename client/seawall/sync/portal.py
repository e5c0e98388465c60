"""An event loop in a thread of its own, through which threads use an asynchronous object.

What makes it safe:

- A call is handed over, and the portal closed, under one lock, and the loop takes both in that order: no call that
  was accepted is forgotten.
- The thread holds no reference to the portal. A portal that nobody holds is collected, and that ends the thread.
- A forked child has no such thread. It leaves what it inherited alone and makes an object, a loop and a thread of
  its own when it first needs them.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import threading
import weakref
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future
from contextlib import AbstractAsyncContextManager, AsyncExitStack, suppress
from typing import Any, Generic, TypeVar

from seawall.errors import ConfigurationError, LLMError

Resident = TypeVar("Resident", bound=AbstractAsyncContextManager[Any])
Result = TypeVar("Result")

_EXIT_PATIENCE_S = 5.0


class Portal(Generic[Resident]):
    """Runs what threads ask for on the loop on which the resident lives.

    Args:
        make: makes the resident, an asynchronous context manager. Called at once with None, and in every forked
            child that uses the portal with the parent's resident, to be read but not used.
    """

    def __init__(self, make: Callable[[Resident | None], Resident]) -> None:
        self._make = make
        self._lock = (
            threading.RLock()
        )  # a signal's handler or a finaliser may come back in the middle of a call
        self._closed = False
        self._former: Resident | None = None
        self._resident: Resident | None = make(None)
        self._running: _LoopThread[Resident] | None = None
        self._finaliser: weakref.finalize[..., Portal[Resident]] | None = None
        _PORTALS.add(self)

    def call(self, work: Callable[[Resident], Coroutine[Any, Any, Result]]) -> Result:
        """Run `work` on the loop and return what it returns, or raise what it raises.

        It runs in the caller's context (`contextvars`). What interrupts the wait also cancels it.
        """
        future = self.submit(work)
        return wait(future, interrupted=future.cancel)

    def submit(self, work: Callable[[Resident], Coroutine[Any, Any, Result]]) -> Future[Result]:
        """Begin `work` on the loop. Cancelling the future cancels it there; neither blocks."""
        with self._lock:
            running = self._ensure_running()
            return asyncio.run_coroutine_threadsafe(running.run(work), running.loop)

    @property
    def resident(self) -> Resident:
        """Who lives on the loop, for what may be read from any thread."""
        with self._lock:
            return self._ensure_resident()

    def close(self, patience_s: float | None = None) -> None:
        """End every call, close the resident, end the thread. Waits for it; harmless when called again."""
        with self._lock:
            self._closed = True
            running, self._running, self._resident = self._running, None, None
            if self._finaliser is not None:
                self._finaliser.detach()
        if running is not None:
            running.stop()
            if running.thread is not threading.current_thread():
                running.thread.join(patience_s)

    def forget(self) -> None:
        """In a forked child: leave the parent's loop alone."""
        self._lock = threading.RLock()
        if self._running is not None:
            _INHERITED.append(self._running)
            self._running.loop.set_exception_handler(lambda *_: None)
        if self._finaliser is not None:
            self._finaliser.detach()
        self._former = self._resident or self._former
        self._running = self._resident = self._finaliser = None

    def _ensure_resident(self) -> Resident:
        if self._closed:
            raise ConfigurationError("this client was closed; make another one")
        if self._resident is None:
            self._resident = self._make(self._former)
        return self._resident

    def _ensure_running(self) -> _LoopThread[Resident]:
        resident, running = self._ensure_resident(), self._running
        if running is None:
            running = self._running = _LoopThread(resident)
            self._finaliser = weakref.finalize(self, running.stop)
            self._finaliser.atexit = False  # _close_all does that, and waits
        elif running.thread is threading.current_thread():
            raise ConfigurationError("an observer or a listener cannot use the client that waits for it")
        return running


def wait(future: Future[Result], *, interrupted: Callable[[], object]) -> Result:
    """Wait for a future of the loop; call `interrupted` where something else ends the wait."""
    try:
        error = future.exception()
    except CancelledError:
        raise LLMError("the client was closed while this call ran") from None
    except BaseException:
        interrupted()
        raise
    if error is None:
        return future.result()
    try:
        raise error  # here, so that the frames of `concurrent.futures` stay out of its traceback
    finally:
        del error, future  # else the traceback would hold itself


class _LoopThread(Generic[Resident]):
    """A running loop, its thread, and who lives there. Raises what entering the resident raises."""

    def __init__(self, resident: Resident) -> None:
        self._resident = resident
        self._calls: set[asyncio.Task[Any]] = set()
        self._stopping = asyncio.Event()
        # Not what the policy prefers: a child forked from a process with a running uvloop crashes at its end.
        self.loop = asyncio.SelectorEventLoop()
        entered: Future[None] = Future()
        # A daemon: an interpreter that ends does not wait for it, but closes it.
        self.thread = threading.Thread(target=self._run, args=[entered], name="seawall", daemon=True)
        self.thread.start()
        entered.result()

    def stop(self) -> None:
        """Ask the thread to end. Never blocks, so a finaliser may use it."""
        with suppress(RuntimeError):  # the loop is closed
            self.loop.call_soon_threadsafe(self._stopping.set)

    async def run(self, work: Callable[[Resident], Coroutine[Any, Any, Result]]) -> Result:
        """Run `work` as a call that the end of the thread cancels."""
        task: asyncio.Task[Any] = asyncio.current_task()  # type: ignore[assignment]  # there is one
        self._calls.add(task)
        try:
            return await work(self._resident)
        finally:
            self._calls.discard(task)

    def _run(self, entered: Future[None]) -> None:
        with asyncio.Runner(loop_factory=lambda: self.loop) as runner:
            runner.run(self._live(entered))

    async def _live(self, entered: Future[None]) -> None:
        async with AsyncExitStack() as stack:
            try:
                await stack.enter_async_context(self._resident)
            except BaseException as error:
                entered.set_exception(error)
                raise
            entered.set_result(None)
            await self._stopping.wait()
            for call in tuple(self._calls):
                call.cancel()
            await asyncio.gather(*self._calls, return_exceptions=True)


_PORTALS: weakref.WeakSet[Portal[Any]] = weakref.WeakSet()
# Never collected: that would run the ends of the parent's calls a second time, in the child.
_INHERITED: list[_LoopThread[Any]] = []


def _close_all() -> None:
    for portal in list(_PORTALS):
        portal.close(_EXIT_PATIENCE_S)


def _forget_all() -> None:
    for portal in list(_PORTALS):
        portal.forget()


atexit.register(_close_all)
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_all)
