"""What a call does next: whom it asks, when it waits, what it makes of a failure, and how it ends.

The decisions of the state machine in `call`, which turns events into them.
"""

from __future__ import annotations

import math

from seawall.errors import AllProvidersFailed, InvalidRequest, LLMError, Overloaded, StreamInterrupted
from seawall.messages import Usage
from seawall.resilience.actions import (
    Action,
    CancelAttempt,
    Deliver,
    DeliverRestart,
    Fail,
    StartAttempt,
    StartProbe,
)
from seawall.resilience.attempt import Attempt
from seawall.resilience.candidates import Candidates
from seawall.resilience.failures import Failure, FailureKind
from seawall.resilience.fleet import Fleet
from seawall.resilience.ledger import Ledger
from seawall.resilience.patience import hedge_cold_at, look_again_at, set_flowing, set_patience
from seawall.resilience.provider import Provider
from seawall.resilience.reactions import REACTIONS
from seawall.resilience.retrying import Retrying
from seawall.trace import AttemptWhy, CallContext, CallTrace

# Deployments of one model go wrong together: a bad rollout of it answers 400 in every region.
_AGREEING_MODELS = 2


class Course:
    """A call's state and decisions. `bypass_breakers`: ask in order of preference whatever breakers and rests say.

    `continuable`: its answer is plain text, which another provider may go on from if the policy is to continue.
    `require_tags`: no provider without all of these is asked, by whatever kind of attempt.
    `cut_stream`: the deadline also ends a stream that flows; without it, only the wait for a (first) token.
    """

    __slots__ = (
        "_armed_at",
        "_blames",
        "_broken",
        "_candidates",
        "_committed",
        "_continuable",
        "_cut_stream",
        "_deadline",
        "_deliver",
        "_fleet",
        "_ledger",
        "_live",
        "_number",
        "_over",
        "_require_tags",
        "_resume_at",
        "_retrying",
        "_spoke",
        "_stream",
        "_tool_begun",
        "trace",
    )

    def __init__(
        self,
        fleet: Fleet,
        context: CallContext,
        *,
        cut_stream: bool = False,
        bypass_breakers: bool = False,
        continuable: bool = True,
        require_tags: frozenset[str] = frozenset(),
    ) -> None:
        self._fleet = fleet
        self._ledger = Ledger(context)
        self._stream = context.stream
        self._cut_stream = cut_stream
        self._require_tags = require_tags
        self._candidates = Candidates(fleet, bypass=bypass_breakers)
        self._live: dict[int, Attempt] = {}
        self._committed: Attempt | None = None
        self._deliver: tuple[Action, ...] = ()  # what the committed attempt brings
        self._broken = self._tool_begun = False
        self._continuable = continuable and fleet.options.streaming.on_midstream_failure == "continue"
        self._spoke: str | None = None
        self._blames: set[str] = set()
        self._number = 0
        self._retrying = Retrying(fleet)
        self._over = False
        self._deadline = self._armed_at = self._resume_at = math.inf
        self.trace: CallTrace | None = None

    def _advance(self, now: float, actions: list[Action]) -> None:
        """Nothing runs: begin the next attempt, or wait for its time, or fail."""
        candidates = self._candidates
        if len(self._blames) >= _AGREEING_MODELS:
            self._fail(InvalidRequest, "two providers find fault with the request", now, actions)
            return
        made = len(self._ledger.records)
        if self._retrying.gives_up(made):
            self._exhausted(f"{made} attempts failed, more are not allowed", now, actions)
            return
        provider = candidates.fresh(now)
        if provider is not None:
            self._begin(now, provider, self._why_another(provider), actions)
            if candidates.recovering is not None:
                self._probe_beside(now, candidates.recovering, actions)
        elif candidates.recovering is not None:
            self._begin(now, candidates.recovering, "probe", actions)
        elif not candidates.line_up(now) and (provider := candidates.spare(now)) is not None:
            self._begin(now, provider, self._why_another(provider), actions)
        else:
            self._retry(now, actions)

    def _why_another(self, provider: Provider) -> AttemptWhy:
        if self._broken:
            return self._why_after_text(provider)
        return "fallback" if self._number else "first"

    def _why_after_text(self, provider: Provider) -> AttemptWhy:
        """Whether this provider can go on from what the consumer has, or has to start over."""
        goes_on = self._continuable and not self._tool_begun and provider.traits.prefill
        return "continue" if goes_on else "restart"

    def _retry(self, now: float, actions: list[Action]) -> None:
        """Every provider that may be asked has been: ask one again when its time has come."""
        candidates, retrying = self._candidates, self._retrying
        again_at = retrying.due_at(now, candidates.again_at(now), self._deadline)
        if again_at <= now and (provider := candidates.again(now)) is not None:
            retrying.used()
            self._begin(now, provider, self._why_after_text(provider) if self._broken else "retry", actions)
            return
        self._resume_at = min(again_at, candidates.fresh_at(now))
        if self._resume_at >= self._deadline:
            in_time = "" if self._resume_at == math.inf else " before the deadline"
            self._exhausted(f"no provider is left to ask{in_time}", now, actions)

    def _begin(self, now: float, provider: Provider, why: AttemptWhy, actions: list[Action]) -> None:
        """Begin an attempt."""
        self._number += 1
        self._resume_at = math.inf
        self._retrying.not_needed()
        attempt = Attempt(self._number, provider, why, now)
        if why == "continue":
            attempt.continued_from = self._spoke
        if not self._candidates.bypass:
            attempt.admit(now)
        self._launch(now, attempt, actions)

    def _launch(self, now: float, attempt: Attempt, actions: list[Action]) -> None:
        provider, candidates = attempt.provider, self._candidates
        attempt.launched()
        candidates.asked(provider)
        attempt.client_request_id = f"{self._ledger.context.call_id}-{attempt.number}"
        alone = len(self._fleet.providers) == 1
        connect_s = set_patience(
            attempt,
            self._fleet.options,
            stream=self._stream,
            left_s=max(0.0, self._deadline - now),
            others=not alone and candidates.more_after(provider, now),
            hedge=not alone,
        )
        self._live[attempt.number] = attempt
        actions.append(
            StartAttempt(attempt.number, provider.name, attempt.why, connect_s, attempt.client_request_id)
        )

    def _probe_beside(self, now: float, provider: Provider, actions: list[Action]) -> None:
        """Probe a recovering provider that was passed over, without the call's fate on it."""
        self._number += 1
        probe = Attempt(self._number, provider, "probe", now)
        probe.admit(now)
        actions.append(StartProbe(probe))

    def _due_to_hedge(self, now: float, attempt: Attempt, actions: list[Action]) -> None:
        """The time to hedge has come; where nothing was known of the provider, that is only a time to look."""
        attempt.hedge_at = math.inf
        if attempt.cold and not attempt.flowing:
            at = hedge_cold_at(attempt, self._fleet, now, stream=self._stream)
            if at > now:
                attempt.hedge_at = at
                return
        self._hedge(now, attempt, actions, overdue=attempt.flowing)

    def _hedge(self, now: float, attempt: Attempt, actions: list[Action], *, overdue: bool) -> None:
        """Ask a second provider too: from the hedge budget, or where the first is overdue from retries' alone."""
        fleet, options = self._fleet, self._fleet.options
        newest = next(reversed(self._live)) == attempt.number
        if not options.hedging.enabled or not newest:
            return
        if self._committed is not None and not self._may_restart():
            return
        # With its breaker open nobody else goes there: asking another provider is the free fallback.
        free = attempt.outlives_trust
        if not free and not (fleet.retry_budget.has(now) and (overdue or fleet.hedge_budget.has(now))):
            attempt.hedge_at = look_again_at(attempt, now)
            return
        provider = self._candidates.fresh(now)
        if provider is None:
            return
        if not free:
            fleet.retry_budget.spend(now)
            if not overdue:
                fleet.hedge_budget.spend(now)
        why: AttemptWhy = "hedge"
        if self._committed is not None or self._broken:
            why = self._why_after_text(provider)
            if why == "restart" and self._broken:
                why = "hedge"
        self._begin(now, provider, why, actions)

    def _may_restart(self) -> bool:
        streaming, ledger = self._fleet.options.streaming, self._ledger
        made = ledger.restarts + ledger.continuations
        return streaming.on_midstream_failure != "raise" and made < streaming.restarts_max

    def _begin_to_flow(self, now: float, attempt: Attempt) -> None:
        """Its first token is here."""
        if now >= attempt.late_at:
            attempt.note_late(now)
        attempt.first_token_at = now
        set_flowing(attempt, now, self._fleet.options)

    def _holds_back(self, now: float, attempt: Attempt, deltas: int) -> bool:
        """Whether these deltas, too, are held back, so that the consumer sees nothing should the attempt fail."""
        streaming = self._fleet.options.streaming
        if attempt.held == 0:
            attempt.held_until = now + streaming.buffer_s
        attempt.held += deltas
        return attempt.held <= streaming.buffer_tokens and now < attempt.held_until

    def _hand_out(self, now: float, attempt: Attempt, actions: list[Action]) -> None:
        """Give the consumer what the attempt has brought, and nobody else's from now on."""
        if attempt is not self._committed:
            self._commit(attempt, actions)
        self._cancel_others(now, attempt, actions)
        actions += self._deliver

    def _commit(self, attempt: Attempt, actions: list[Action]) -> None:
        """From now on the consumer gets this attempt's tokens."""
        attempt.held_until = math.inf
        if attempt.why == "continue":
            self._ledger.continuations += 1
        elif self._committed is not None or self._broken:
            self._ledger.restarts += 1
            actions.append(DeliverRestart(0, attempt.provider.name))
        self._broken = False
        self._tool_begun = attempt.tool_begun
        self._spoke = attempt.provider.name
        self._committed = attempt
        self._deliver = (Deliver(attempt.number),)
        if self._continuable:
            self._candidates.prefer_prefill()
        if not self._cut_stream:
            self._deadline = math.inf

    def _failed(
        self,
        now: float,
        attempt: Attempt,
        failure: Failure,
        actions: list[Action],
        usage: Usage | None = None,
    ) -> None:
        """An attempt has ended without an answer: count it, then go on, restart or fail."""
        reaction = REACTIONS[failure.kind]
        del self._live[attempt.number]
        # It may be the text to go on from that it finds fault with, and not the request.
        refused = attempt.why == "continue" and reaction.blames_request
        self._candidates.ended(attempt.provider, bar=not (reaction.retry or refused), unheard=refused)
        if refused:
            self._continuable = False
        attempt.failed(now, failure, counts=reaction.counts)
        self._ledger.write(attempt, now, "failed", failure=failure, usage=usage)
        if reaction.blames_request and not refused:
            self._blames.add(attempt.provider.model)
        self._retrying.failed(self._ledger.started, now, failure)
        if attempt is self._committed:
            self._committed = None
            self._broken = True
            if not self._may_restart():
                self._fail(StreamInterrupted, "the stream broke off after its first token", now, actions)
                return
            if not self._cut_stream:
                self._deadline = now + self._ledger.context.deadline_s
        if not reaction.fall_back:
            self._fail(InvalidRequest, "the request was turned down", now, actions)
        elif not self._live:
            self._advance(now, actions)
        elif attempt.why == "hedge":
            for other in self._live.values():
                other.hedge_at = now

    def _cancel_others(self, now: float, winner: Attempt | None, actions: list[Action]) -> None:
        """End every attempt but the winner. One that was overtaken by a later start was late, whatever it says."""
        for other in tuple(self._live.values()):
            if other is winner:
                continue
            if winner is not None and other.started < winner.started:
                other.note_late(now)
            other.released()
            del self._live[other.number]
            self._candidates.ended(other.provider, unheard=True)
            self._ledger.write(other, now, "cancelled")
            actions.append(CancelAttempt(other.number))

    def _exhausted(self, why: str, now: float, actions: list[Action]) -> None:
        kinds = {record.failure.kind for record in self._ledger.records if record.failure is not None}
        if self._broken:
            self._fail(StreamInterrupted, f"the stream broke off, and {why}", now, actions)
        elif kinds and all(
            REACTIONS[kind].blames_request or kind is FailureKind.CONTEXT_LENGTH for kind in kinds
        ):
            self._fail(InvalidRequest, "the request was turned down", now, actions)
        elif not kinds and (full := self._candidates.full):
            limits = "; ".join(f"{provider.name} is {provider.permits.described}" for provider in full)
            self._fail(Overloaded, f"too much is under way already: {limits}", now, actions)
        else:
            self._fail(AllProvidersFailed, why, now, actions)

    def _fail(self, error: type[LLMError], message: str, now: float, actions: list[Action]) -> None:
        self._cancel_others(now, None, actions)
        self._end()
        self.trace = self._ledger.trace(
            now,
            "failed",
            skipped=self._candidates.skipped(self._ledger.started),
            error=error.__name__,
        )
        actions.append(Fail(error(message, trace=self.trace)))

    def _end(self) -> None:
        self._over = True
        if self._candidates.in_line:
            self._candidates.leave_line()
        self._committed = None
        self._retrying.not_needed()
