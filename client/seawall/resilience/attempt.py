"""One attempt while it runs: whom it asks, what has come, and when patience ends."""

from __future__ import annotations

import math

from seawall.resilience.breaker import UNCOUNTED
from seawall.resilience.deadline import TimeoutOptions
from seawall.resilience.failures import Failure
from seawall.resilience.provider import Provider
from seawall.resilience.rate_limits import RateWindow
from seawall.trace import AttemptWhy


class Attempt:
    """The state of one attempt. Times are absolute; infinity means never.

    States, by what is set: waiting (`flowing` false), flowing (a token or reported reasoning has come),
    committed (the call's consumer gets its tokens; the call knows which one that is). `late` marks one whose
    silence is far beyond what is usual: counted once against its provider, whatever comes after. `cold`: of
    its provider's latencies nothing was known when it began. `held`: how many of its deltas have been held back.
    """

    __slots__ = (
        "_admitted",
        "_holds_permit",
        "breaker_state",
        "client_request_id",
        "cold",
        "continued_from",
        "first_token_at",
        "flowing",
        "flowing_since",
        "gap_s",
        "generation",
        "hedge_after_s",
        "hedge_at",
        "held",
        "held_until",
        "http_status",
        "last_life_at",
        "last_token_at",
        "late",
        "late_after_s",
        "late_at",
        "number",
        "provider",
        "sent_as",
        "started",
        "timeout_at",
        "tool_begun",
        "total_at",
        "trial",
        "whole_at",
        "why",
    )

    def __init__(self, number: int, provider: Provider, why: AttemptWhy, started: float) -> None:
        self.number = number
        self.provider = provider
        self.why: AttemptWhy = why
        self.started = started
        self.client_request_id = ""
        self._admitted = self._holds_permit = False
        self.sent_as = 0
        self.generation = UNCOUNTED
        self.trial = 0
        self.breaker_state = provider.breaker.state
        self.http_status: int | None = None
        self.first_token_at: float | None = None
        self.last_token_at = self.last_life_at = started
        self.gap_s = 0.0
        self.flowing = False
        self.late = self.cold = self.tool_begun = False
        self.continued_from: str | None = None
        self.held = 0
        self.held_until = self.flowing_since = self.whole_at = math.inf
        self.late_after_s = self.hedge_after_s = math.inf
        self.hedge_at = self.late_at = self.timeout_at = self.total_at = math.inf

    def wake_at(self, timeouts: TimeoutOptions) -> float:
        """Return when this attempt must next be looked at if nothing comes."""
        at = min(self.timeout_at, self.total_at, self.hedge_at, self.late_at, self.held_until)
        if self.flowing:
            at = min(at, self.stalls_at(timeouts))
        return at

    def stalls_at(self, timeouts: TimeoutOptions) -> float:
        """Return when its silence is a stall. Keep-alive pings put that off only up to their limit."""
        silent_at = max(self.last_token_at, self.last_life_at) + timeouts.stall_s
        return min(silent_at, self.last_token_at + max(timeouts.ping_limit_s, timeouts.stall_s))

    def token(self, now: float) -> None:
        """Note progress: a token, or reported reasoning."""
        gap_s = now - self.last_token_at
        if gap_s > self.gap_s and self.flowing:
            self.gap_s = gap_s
        self.last_token_at = now
        self.alive(now)

    def whole(self, now: float) -> None:
        """Note that all of its answer is here: its provider has nothing more to do, nor time or a permit to take."""
        self.whole_at = now
        self.flowing = False
        self.hedge_at = self.late_at = self.timeout_at = math.inf
        self.give_permit_back()

    def alive(self, now: float) -> None:
        """Note a sign of life while it flows: silence counts anew."""
        self.last_life_at = now
        self.late_at = now + self.late_after_s
        self.hedge_at = now + self.hedge_after_s

    @property
    def outlives_trust(self) -> bool:
        """Whether its provider's breaker has opened since it began."""
        return self.generation not in {UNCOUNTED, self.provider.breaker.generation}

    def admit(self, now: float) -> None:
        """Begin to count for the provider: takes the place of the probe or trial, where there is one."""
        breaker = self.provider.breaker
        self._admitted = True
        self.generation = breaker.begin(now, last_resort=breaker.admissible_at(now) > now)
        self.trial = self.provider.rate_limit.begin(now)
        self.sent_as = self.provider.rate_limit.sent
        self.breaker_state = breaker.state

    def launched(self) -> None:
        """Hold a permit until it ends, or has brought all of its answer."""
        self._holds_permit = True
        self.provider.permits.take()

    def note_window(self, now: float, window: RateWindow) -> None:
        """Note what its response says is left of the provider's limits."""
        if self._admitted:
            self.provider.rate_limit.note_window(now, self.sent_as, window)

    def note_late(self, now: float) -> None:
        """Count once that it takes far longer than is usual."""
        if not self.late:
            self.late = True
            self.provider.breaker.late(now, self.generation)

    def answered(self, now: float, *, stream: bool) -> None:
        """Count an answer, and learn from it what is usual."""
        provider = self.provider
        provider.breaker.success(now, self.generation, was_late=self.late)
        provider.rate_limit.answered(self.trial)
        provider.permits.answered()
        self.give_permit_back()
        whole_at = min(now, self.whole_at)
        if stream:
            # A stream that is looked at as a whole hands nothing on before: when it began to flow tells more then.
            first_token_at = now if self.first_token_at is None else self.first_token_at
            began_at = first_token_at if first_token_at <= whole_at else min(self.flowing_since, whole_at)
            provider.first_token.add(now, began_at - self.started)
            provider.gap.add(now, self.gap_s)
        else:
            provider.answer.add(now, whole_at - self.started)

    def failed(self, now: float, failure: Failure, *, counts: bool) -> None:
        """Count a failure, and the rest it asks for."""
        if counts:
            self.provider.breaker.failure(now, self.generation, was_late=self.late)
        else:
            self.provider.breaker.released(self.generation)
        if self._admitted:
            self.provider.rate_limit.failed(now, self.trial, failure)
            self.provider.permits.failed(now, self.started, failure)
        self.give_permit_back()

    def released(self) -> None:
        """End without a word about the provider; the place of a probe or trial is free again."""
        self.provider.breaker.released(self.generation)
        self.provider.rate_limit.released(self.trial)
        self.give_permit_back()

    def give_permit_back(self) -> None:
        """Hold a permit no longer. May be called again."""
        if self._holds_permit:
            self._holds_permit = False
            self.provider.permits.give_back()
