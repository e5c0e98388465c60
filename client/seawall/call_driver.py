"""Carries out on an event loop what a call's machine decides.

The common call needs no task of its own: its one attempt is awaited where the caller awaits, and the machine's
timer is one `call_later`. A second attempt beside it runs in a task; if that wins, the awaited one is
interrupted in the way of `asyncio.timeout`.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextvars import copy_context
from typing import Any, cast

import msgspec

from seawall.connections import Connections
from seawall.errors import LLMError
from seawall.exchange import Exchange
from seawall.messages import Completion, CompletionRequest, Done, StreamEvent, StreamRestarted, TextDelta
from seawall.providers.wire import Codec
from seawall.resilience.actions import (
    Action,
    CancelAttempt,
    Deliver,
    DeliverRestart,
    Fail,
    Finish,
    StartAttempt,
    StartProbe,
    WakeAt,
)
from seawall.resilience.attempt import Attempt
from seawall.resilience.call import Call
from seawall.screen import Screening
from seawall.telemetry.observers import Observers
from seawall.trace import CallContext

_now = time.monotonic


class Wiring(msgspec.Struct, frozen=True):
    """What all drivers of a client use. `run_probe` drives an attempt nobody waits for."""

    codecs: Mapping[str, Codec]
    connections: Connections
    observers: Observers
    run_probe: Callable[[Attempt, CallContext, CompletionRequest, float], None]


class CallDriver:
    """Drives one call. Used by one task at a time; `close` must be called at the end, whatever the end is.

    Attributes:
        completion: the answer, None until it is there.
        error: what the call ended with instead.
    """

    __slots__ = (
        "_awaited",
        "_caller",
        "_context",
        "_exchanges",
        "_flowing",
        "_interrupted",
        "_machine",
        "_missed_timer",
        "_next",
        "_out",
        "_parked",
        "_reading",
        "_request",
        "_screening",
        "_started",
        "_task",
        "_text",
        "_timer",
        "_told",
        "_told_end",
        "_wiring",
        "completion",
        "error",
    )

    def __init__(
        self,
        wiring: Wiring,
        machine: Call,
        context: CallContext,
        request: CompletionRequest,
        screening: Screening | None = None,
    ) -> None:
        self._wiring = wiring
        self._machine = machine
        self._context = context
        self._request = request
        self._screening = screening
        if screening is not None:
            machine.rule_out_continuing()
        self._text: list[str] = []  # the consumer's, as long as another provider may have to go on from it
        self._exchanges: dict[int, Exchange] = {}
        self._next: Exchange | None = None  # to be awaited as soon as nothing else is
        self._awaited: Exchange | None = None  # by the call's own task, right now
        self._flowing: Exchange | None = None  # the consumer gets its tokens
        self._out: deque[StreamEvent] = deque()
        self._task: asyncio.Task[Any] | None = None
        self._interrupted = False
        self._parked: asyncio.Future[None] | None = None
        self._reading = self._missed_timer = False
        self._timer: asyncio.Handle | None = None
        self._caller = copy_context()  # in which observers are told
        self._told = 0
        self._told_end = False
        self._started = 0.0
        self.completion: Completion | None = None
        self.error: BaseException | None = None

    async def complete(self) -> Completion:
        """Drive the call to its end. Raises the error it ends with."""
        try:
            self.start()
            while self.completion is None:
                if self.error is not None:
                    raise self.error
                await self.step()
            return self.completion
        finally:
            self.close()

    def start(self) -> None:
        """Begin the call."""
        self._reading = True
        self._wiring.connections.begin(self)
        self._started = now = _now()
        self._carry_out(self._machine.start(now))

    async def step(self) -> None:
        """Wait until something has happened to the call."""
        self._reading = True
        if self._missed_timer:
            self._missed_timer = False
            self._carry_out(self._machine.resumed(_now()))
        try:
            if self._flowing is not None and self._flowing.task is None and not self._flowing.ended:
                await self._await_here(self._flowing, self._flowing.read_on())
            elif self._next is not None:
                exchange, self._next = self._next, None
                await self._await_here(exchange, self._run(exchange))
            elif self.completion is None and self.error is None:
                await self._park()
        finally:
            self._reading = False

    @property
    def has_event(self) -> bool:
        """Whether there is something for the consumer."""
        return bool(self._out)

    def take(self) -> StreamEvent | None:
        """Return the next event for the consumer, None if there is none yet."""
        return self._out.popleft() if self._out else None

    def close(self) -> None:
        """End the call if it has not ended: nothing of it is left running or open."""
        if not self._machine.over:
            self._carry_out(self._machine.cancelled(_now()))
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for exchange in self._exchanges.values():
            self._stop(exchange)
        self._exchanges.clear()
        self._wiring.connections.end(self)

    def abandon(self, error: LLMError) -> None:
        """End the call with an error that is none of its own."""
        if self.completion is None and self.error is None:
            self.error = error
        self.close()
        self._wake()

    def _carry_out(self, actions: Sequence[Action]) -> None:
        for action in actions:
            _CARRY_OUT[type(action)](self, action)
        self._wake()
        # Last of all, when everything is done that observers might look at.
        machine = self._machine
        if self._told < len(machine.records) or (machine.trace is not None and not self._told_end):
            self._caller.run(self._tell_observers)

    def _tell_observers(self) -> None:
        """Tell what has ended."""
        machine, observers = self._machine, self._wiring.observers
        records = machine.records
        while self._told < len(records):
            record = records[self._told]
            self._told += 1
            observers.attempt_finished(self._context, record)
        if machine.trace is not None and not self._told_end:
            self._told_end = True
            if not machine.silent:
                observers.call_finished(machine.trace)

    def _start_attempt(self, action: StartAttempt) -> None:
        screen = None if self._screening is None else self._screening.answer()
        goes_on_from = "".join(self._text) if action.why == "continue" else None
        exchange = self._exchanges[action.number] = Exchange(
            action, self._machine, self._carry_out, screen, goes_on_from
        )
        # In a task runs what a timer may hand out, and what replaces a stream: its consumer may give up one wait.
        free = (self._awaited is None or self._awaited.ended) and not self._machine.holds_back
        if self._reading and free and self._next is None and action.why not in {"restart", "continue"}:
            self._next = exchange
            return
        exchange.task = asyncio.create_task(self._run(exchange))
        exchange.task.add_done_callback(self._task_done)

    def _run(self, exchange: Exchange) -> Coroutine[Any, Any, None]:
        codec, engine = self._wiring.codecs[exchange.start.provider], self._wiring.connections.engine
        request = self._request if self._screening is None else self._screening.request()
        return exchange.run(codec, engine, request, stream=self._context.stream)

    def _start_probe(self, action: StartProbe) -> None:
        self._wiring.run_probe(action.attempt, self._context, self._request, self._started)

    def _cancel_attempt(self, action: CancelAttempt) -> None:
        if (exchange := self._exchanges.pop(action.number, None)) is not None:
            self._stop(exchange)

    def _stop(self, exchange: Exchange) -> None:
        if exchange is self._next:
            self._next = None
        if exchange is self._flowing:
            self._flowing = None
        if exchange.task is not None:
            exchange.task.cancel()
        elif exchange is self._awaited and self._task is not None and not self._interrupted:
            self._interrupted = True
            self._task.cancel()
        exchange.abort()

    def _wake_at(self, action: WakeAt) -> None:
        if self._machine.in_line:
            self._machine.on_permit(self._permit_free)
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(max(0.0, action.at - _now()), self._timer_fired)

    def _permit_free(self) -> None:
        asyncio.get_running_loop().call_soon(self._permit_due)

    def _permit_due(self) -> None:
        if not self._machine.over:
            self._carry_out(self._machine.permit_free(_now()))

    def _timer_fired(self) -> None:
        # A loop that was held up runs its timers before the tasks for which data has long arrived. Let those go
        # first, or this process's own pauses would look like the provider's.
        self._timer = asyncio.get_running_loop().call_soon(self._timer_due)

    def _timer_due(self) -> None:
        self._timer = None
        if self._reading:
            self._carry_out(self._machine.timer(_now()))
        else:
            self._missed_timer = True  # the consumer is busy: its silence says nothing of the provider

    def _deliver(self, action: Deliver) -> None:
        exchange = self._exchanges[action.number]
        self._out.extend(exchange.deltas)
        if self._machine.may_continue:
            self._text += [delta.text for delta in exchange.deltas if isinstance(delta, TextDelta)]
        exchange.deltas.clear()
        self._flowing = exchange
        if exchange.taking:
            exchange.delivered = True
            exchange.task = None  # it ends with this; from here on the consumer's own task reads

    def _deliver_restart(self, action: DeliverRestart) -> None:
        self._text.clear()
        self._out.append(StreamRestarted(discard_from=action.discard_from, provider=action.provider))

    def _finish(self, action: Finish) -> None:
        exchange = self._exchanges.pop(action.number)
        self._flowing = None
        self.completion = cast("Any", exchange.reply).answered(exchange.start.provider, action.trace)
        if self._context.stream:
            self._out.append(Done(cast("Completion", self.completion)))

    def _fail(self, action: Fail) -> None:
        self._flowing = None
        self.error = action.error

    def _task_done(self, task: asyncio.Task[None]) -> None:
        """A bug below must not leave its call waiting for ever."""
        if task.cancelled() or (bug := task.exception()) is None:
            return
        if self._machine.over:
            context = {"message": "a call had ended when this was raised", "exception": bug, "task": task}
            task.get_loop().call_exception_handler(context)
            return
        self.error = bug
        for exchange in self._exchanges.values():
            self._stop(exchange)
        self._wake()

    async def _await_here(self, exchange: Exchange, attempt: Coroutine[Any, Any, None]) -> None:
        """Await an attempt in the caller's task, such that `_stop` can interrupt it and nobody else."""
        task = cast("asyncio.Task[Any]", asyncio.current_task())
        cancelling = task.cancelling()
        self._task, self._awaited = task, exchange
        try:
            await attempt
        except asyncio.CancelledError:
            if not self._interrupted:
                raise
            self._interrupted = False
            if task.uncancel() > cancelling:
                raise
        finally:
            self._task = self._awaited = None
            if self._interrupted:
                self._interrupted = False
                task.uncancel()

    def _wake(self) -> None:
        if self._parked is not None and not self._parked.done():
            self._parked.set_result(None)

    async def _park(self) -> None:
        """Wait for a task or the timer."""
        self._parked = asyncio.get_running_loop().create_future()
        try:
            await self._parked
        finally:
            self._parked = None


_CARRY_OUT: dict[type, Callable[[CallDriver, Any], None]] = {
    StartAttempt: CallDriver._start_attempt,  # noqa: SLF001 - this class's own table
    StartProbe: CallDriver._start_probe,  # noqa: SLF001
    CancelAttempt: CallDriver._cancel_attempt,  # noqa: SLF001
    WakeAt: CallDriver._wake_at,  # noqa: SLF001
    Deliver: CallDriver._deliver,  # noqa: SLF001
    DeliverRestart: CallDriver._deliver_restart,  # noqa: SLF001
    Finish: CallDriver._finish,  # noqa: SLF001
    Fail: CallDriver._fail,  # noqa: SLF001
}
