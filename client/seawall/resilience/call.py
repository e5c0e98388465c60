"""One logical call as a pure state machine: events with the time in, actions out.

No I/O, no clock, no task. A driver sends events and carries out the actions that each returns; docs/CALL_MACHINE.md
is the table. Events about attempts that have ended, and events after the end of the call, do nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import ClassVar

from seawall.errors import ConfigurationError, DeadlineExceeded
from seawall.messages import Usage
from seawall.resilience.actions import Action, CancelAttempt, Finish, WakeAt
from seawall.resilience.attempt import Attempt
from seawall.resilience.course import Course
from seawall.resilience.failures import Failure, FailureKind
from seawall.resilience.patience import set_flowing
from seawall.resilience.rate_limits import RateWindow
from seawall.trace import AttemptRecord

NOTHING: tuple[Action, ...] = ()


class Call(Course):
    """A call. Feed it `start` once, then whatever happens, until an action is `Finish` or `Fail`."""

    __slots__ = ()

    silent: ClassVar[bool] = False
    """Whether its end is nobody's news: it stands for no call of anyone."""

    @property
    def records(self) -> Sequence[AttemptRecord]:
        """The attempts that have ended so far."""
        return self._ledger.records

    @property
    def holds_back(self) -> bool:
        """Whether `Deliver` may come of a timer, too: first tokens are held back for some time."""
        return self._stream and self._fleet.options.streaming.buffer_tokens > 0

    @property
    def may_continue(self) -> bool:
        """Whether an attempt may come that goes on from the text handed out so far (why "continue")."""
        return self._stream and self._continuable

    @property
    def over(self) -> bool:
        """Whether the call has ended, one way or another."""
        return self._over

    def start(self, now: float) -> Sequence[Action]:
        """Begin. Once, first."""
        self._ledger.started = now
        self._deadline = now + self._ledger.context.deadline_s
        self._fleet.hedge_budget.earn(self._fleet.options.hedging.call_share)
        actions: list[Action] = []
        if self._candidates.arrange(now, self._require_tags, stream=self._stream):
            self._advance(now, actions)
        else:
            tags = ", ".join(sorted(self._require_tags))
            self._fail(ConfigurationError, f"no provider has all the required tags: {tags}", now, actions)
        return self._armed(actions)

    @property
    def in_line(self) -> bool:
        """Whether it waits for a permit: `on_permit`, if set then, is called once it may be its turn."""
        return self._candidates.in_line

    def on_permit(self, tell: Callable[[], None]) -> None:
        """Have `tell` called when it may be this call's turn; `permit_free` is then to be sent, not from within it."""
        self._candidates.on_permit = tell

    def permit_free(self, now: float) -> Sequence[Action]:
        """Note that a permit may be free. Like a timer, it may come too early or too often."""
        if not self._candidates.in_line:
            return NOTHING
        self._resume_at = now
        return self.timer(now)

    def response_head(self, now: float, number: int, status: int, window: RateWindow | None = None) -> None:
        """Note the head of a response: its HTTP status, and what it says is left of the provider's limits."""
        if (attempt := self._live.get(number)) is not None:
            attempt.http_status = status
            if window is not None:
                attempt.note_window(now, window)

    def rule_out_continuing(self) -> None:
        """Say that the consumer gets something else than what providers wrote: nobody is to go on from that."""
        self._continuable = False

    def tool_begun(self, number: int) -> None:
        """Note, before its `token`, that a streamed attempt has begun a tool call: nobody else can go on from there."""
        if (attempt := self._live.get(number)) is not None:
            attempt.tool_begun = True
            self._tool_begun = self._tool_begun or attempt is self._committed

    def token(self, now: float, number: int, deltas: int = 1) -> Sequence[Action]:
        """Note that a streamed attempt brought pieces of the answer."""
        attempt = self._live.get(number)
        if attempt is None:
            return NOTHING
        if attempt is self._committed:
            attempt.token(now)
            if len(self._live) == 1:
                return self._deliver
        elif attempt.first_token_at is None:
            self._begin_to_flow(now, attempt)
        else:
            attempt.token(now)
        actions: list[Action] = []
        if attempt is self._committed or not self._holds_back(now, attempt, deltas):
            self._hand_out(now, attempt, actions)
        return self._armed(actions)

    def progress(self, now: float, number: int) -> Sequence[Action]:
        """Note that a provider reports work on something it does not hand out (reasoning)."""
        attempt = self._live.get(number)
        if attempt is None:
            return NOTHING
        if attempt.flowing:
            attempt.token(now)
            return NOTHING
        set_flowing(attempt, now, self._fleet.options)
        return self._armed([])

    def ping(self, now: float, number: int) -> None:
        """Note a sign of life that is no progress."""
        if (attempt := self._live.get(number)) is not None:
            if attempt.flowing:
                attempt.alive(now)
            else:
                attempt.last_life_at = now

    def whole(self, now: float, number: int) -> Sequence[Action]:
        """Note that all of an answer is here and is being looked at: neither silence nor permit is its provider's."""
        if (attempt := self._live.get(number)) is None:
            return NOTHING
        if now >= attempt.late_at:
            attempt.note_late(now)
        attempt.whole(now)
        return self._armed([])

    def attempt_succeeded(
        self,
        now: float,
        number: int,
        *,
        usage: Usage | None = None,
        request_id: str | None = None,
        model: str | None = None,
    ) -> Sequence[Action]:
        """Note a whole answer."""
        attempt = self._live.pop(number, None)
        if attempt is None:
            return NOTHING
        actions: list[Action] = []
        if attempt.first_token_at is None:
            if now >= attempt.late_at:
                attempt.note_late(now)
            attempt.first_token_at = now
        if self._stream and attempt is not self._committed:
            self._commit(attempt, actions)
            if attempt.held:
                actions += self._deliver
        self._candidates.ended(attempt.provider)
        attempt.answered(now, stream=self._stream)
        self._fleet.retry_budget.earn(self._fleet.options.retry_budget.success_share)
        self._ledger.write(attempt, now, "answered", usage=usage, request_id=request_id, response_model=model)
        if self._live:
            self._cancel_others(now, attempt, actions)
        self._end()
        self.trace = self._ledger.trace(
            now, "answered", skipped=self._candidates.skipped(self._ledger.started), winner=attempt
        )
        actions.append(Finish(number, self.trace))
        return actions

    def attempt_failed(
        self, now: float, number: int, failure: Failure, *, usage: Usage | None = None
    ) -> Sequence[Action]:
        """Note that an attempt ended without an answer; `usage`: what one that is not accepted has cost."""
        attempt = self._live.get(number)
        if attempt is None:
            return NOTHING
        actions: list[Action] = []
        self._failed(now, attempt, failure, actions, usage)
        return self._armed(actions)

    def timer(self, now: float) -> Sequence[Action]:
        """Note that the time asked for by `WakeAt` has come."""
        self._armed_at = math.inf
        if self._over:
            return NOTHING
        actions: list[Action] = []
        if now >= self._deadline:
            self._pass_deadline(now, actions)
            return actions
        for attempt in tuple(self._live.values()):
            if attempt.number in self._live:  # one that hands out its first tokens ends the others
                self._inspect(now, attempt, actions)
            if self._over:
                return actions
        if not self._live and now >= self._resume_at:
            self._advance(now, actions)
        return self._armed(actions)

    def resumed(self, now: float) -> Sequence[Action]:
        """Note that a consumer who had stopped reading reads on: its own silence is not the provider's."""
        self._armed_at = math.inf
        if self._over:
            return NOTHING
        if (attempt := self._committed) is not None:
            attempt.last_token_at = now
            attempt.alive(now)
        return self._armed([])

    def cancelled(self, now: float) -> Sequence[Action]:
        """Note that the caller left. No provider is blamed; places of probes and trials are given back."""
        if self._over:
            return NOTHING
        actions: list[Action] = []
        self._cancel_others(now, None, actions)
        self._end()
        self.trace = self._ledger.trace(
            now, "cancelled", skipped=self._candidates.skipped(self._ledger.started)
        )
        return actions

    def _inspect(self, now: float, attempt: Attempt, actions: list[Action]) -> None:
        """Give up an attempt whose time is over; note and hedge one that is late."""
        timeouts = self._fleet.options.timeouts
        if now >= attempt.held_until:
            self._hand_out(now, attempt, actions)
        elif attempt.flowing and now >= attempt.stalls_at(timeouts):
            self._give_up(now, attempt, FailureKind.TIMEOUT_STALL, attempt.last_token_at, actions)
        elif now >= attempt.timeout_at:
            self._give_up(now, attempt, FailureKind.TIMEOUT_FIRST_TOKEN, attempt.started, actions)
        elif now >= attempt.total_at:
            self._give_up(now, attempt, FailureKind.TIMEOUT_TOTAL, attempt.started, actions)
        elif now >= attempt.late_at:
            attempt.late_at = attempt.hedge_at = math.inf
            attempt.note_late(now)
            self._overdue(now, attempt, actions)
        elif now >= attempt.hedge_at:
            self._due_to_hedge(now, attempt, actions)

    def _overdue(self, now: float, attempt: Attempt, actions: list[Action]) -> None:
        self._hedge(now, attempt, actions, overdue=True)

    def _give_up(
        self, now: float, attempt: Attempt, kind: FailureKind, silent_since: float, actions: list[Action]
    ) -> None:
        actions.append(CancelAttempt(attempt.number))
        what = "no end" if kind is FailureKind.TIMEOUT_TOTAL else "no answer"
        if self._stream and kind is not FailureKind.TIMEOUT_TOTAL:
            what = "no further token" if attempt.first_token_at is not None else "no token"
        detail = f"{what} within {now - silent_since:.3f} s"
        failure = Failure(kind=kind, http_status=attempt.http_status, detail=detail)
        self._failed(now, attempt, failure, actions)

    def _pass_deadline(self, now: float, actions: list[Action]) -> None:
        detail = f"the call's deadline of {self._ledger.context.deadline_s:g} s passed"
        for attempt in tuple(self._live.values()):
            actions.append(CancelAttempt(attempt.number))
            failure = Failure(kind=FailureKind.TIMEOUT_TOTAL, http_status=attempt.http_status, detail=detail)
            # A caller's short deadline blames nobody; being late by the provider's own measure does.
            attempt.failed(now, failure, counts=attempt.late)
            self._ledger.write(attempt, now, "failed", failure=failure)
        self._live.clear()
        self._fail(DeadlineExceeded, detail, now, actions)

    def _armed(self, actions: list[Action]) -> Sequence[Action]:
        """Ask for the timer if the next thing to look at comes before the time already asked for."""
        if self._over:
            return actions
        at = min(self._deadline, self._resume_at)
        timeouts = self._fleet.options.timeouts
        for attempt in self._live.values():
            at = min(at, attempt.wake_at(timeouts))
        if at < self._armed_at:
            self._armed_at = at
            actions.append(WakeAt(at))
        return actions
