"""When to ask again, and after how long: tenacity's strategies, on handed-in time and randomness."""

from __future__ import annotations

import random
from typing import Annotated, Any, cast

import msgspec
from tenacity import Future, RetryCallState
from tenacity.stop import StopBaseT, stop_after_attempt
from tenacity.wait import (
    WaitBaseT,
    wait_chain,
    wait_combine,
    wait_exponential,
    wait_exponential_jitter,
    wait_random,
    wait_random_exponential,
)

from seawall.resilience.failures import Failure, ProviderError


class RetryOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of asking a provider again. Other providers are always asked first.

    Attributes:
        attempts_per_provider: how often one call may ask one provider. 1 to 10.
        attempts_max: how many attempts one call may make in all. 1 to 50.
        wait_initial_s: the first wait is drawn from 0 to this (full jitter); it doubles from wait to wait.
            0 to 60.
        wait_max_s: no wait is drawn from more than this. 0 to 600.
    """

    attempts_per_provider: Annotated[int, msgspec.Meta(ge=1, le=10)] = 3
    attempts_max: Annotated[int, msgspec.Meta(ge=1, le=50)] = 8
    wait_initial_s: Annotated[float, msgspec.Meta(ge=0, le=60)] = 0.25
    wait_max_s: Annotated[float, msgspec.Meta(ge=0, le=600)] = 8.0


class RetryMoment(RetryCallState):
    """What a strategy may ask, filled in by the call: tenacity's own constructor would read the clock.

    For a stop strategy `attempt_number` counts the call's attempts so far, for a wait strategy its waits,
    this one included.
    """

    def __init__(self, *, rng: random.Random, started: float, now: float, failure: Failure) -> None:
        self.rng = rng
        self.start_time = started
        self.outcome_timestamp = now
        self.attempt_number = 1
        self.outcome = Future(1)
        self.outcome.set_exception(ProviderError(failure))
        self.idle_for = 0.0
        self.upcoming_sleep = 0.0
        self.next_action = None
        self.retry_object = cast("Any", None)
        self.fn = None
        self.args = ()
        self.kwargs = {}


class RetryPolicy:
    """Which strategies decide. Any of tenacity's, or a function of the moment, will do.

    Randomness in `wait_random`, `wait_random_exponential` and `wait_exponential_jitter`, alone, summed or
    chained, is drawn from the call's own generator; a strategy of your own finds that as `moment.rng`.
    """

    __slots__ = ("_stop", "_wait", "attempts_per_provider")

    def __init__(self, *, wait: WaitBaseT, stop: StopBaseT, attempts_per_provider: int) -> None:
        self._wait = seeded(wait)
        self._stop = stop
        self.attempts_per_provider = attempts_per_provider

    @classmethod
    def from_options(cls, options: RetryOptions) -> RetryPolicy:
        """Full jitter on a doubling window, and a limit on attempts."""
        return cls(
            wait=wait_random_exponential(multiplier=options.wait_initial_s, max=options.wait_max_s),
            stop=stop_after_attempt(options.attempts_max),
            attempts_per_provider=options.attempts_per_provider,
        )

    def gives_up(self, moment: RetryMoment, *, attempts: int) -> bool:
        """Whether a call that has made this many attempts must make no more."""
        moment.attempt_number = attempts
        return self._stop(moment)

    def wait_s(self, moment: RetryMoment, *, waits: int) -> float:
        """Return how long the call waits now, its `waits`-th wait, in seconds."""
        moment.attempt_number = waits
        moment.upcoming_sleep = max(0.0, float(self._wait(moment)))
        return moment.upcoming_sleep


def seeded(wait: WaitBaseT) -> WaitBaseT:
    """Return the same strategy, drawing from `moment.rng` where tenacity draws from the global generator."""
    kind = type(wait)
    if isinstance(wait, wait_combine) and kind is wait_combine:
        return wait_combine(*(cast("Any", seeded(part)) for part in wait.wait_funcs))
    if isinstance(wait, wait_chain) and kind is wait_chain:
        return wait_chain(*(cast("Any", seeded(part)) for part in wait.strategies))
    if isinstance(wait, wait_random) and kind is wait_random:
        return _Uniform(wait.wait_random_min, wait.wait_random_max)
    if isinstance(wait, wait_random_exponential) and kind is wait_random_exponential:
        return _FullJitter(wait.multiplier, wait.max, wait.exp_base, wait.min)
    if isinstance(wait, wait_exponential_jitter) and kind is wait_exponential_jitter:
        return _ExponentialJitter(wait.initial, wait.max, wait.exp_base, wait.jitter)
    return wait


def _rng(state: RetryCallState) -> random.Random:
    return cast("RetryMoment", state).rng


class _Uniform(wait_random):
    def __call__(self, retry_state: RetryCallState) -> float:
        return _rng(retry_state).uniform(self.wait_random_min, self.wait_random_max)


class _FullJitter(wait_random_exponential):
    def __call__(self, retry_state: RetryCallState) -> float:
        return _rng(retry_state).uniform(self.min, wait_exponential.__call__(self, retry_state))


class _ExponentialJitter(wait_exponential_jitter):
    def __call__(self, retry_state: RetryCallState) -> float:
        window = wait_exponential(self.initial, self.max, self.exp_base)(retry_state)
        return min(window + _rng(retry_state).uniform(0, self.jitter), self.max)
