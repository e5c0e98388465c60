"""tenacity's strategies decide waits and stops, on handed-in time and randomness."""

import random

import pytest
from tenacity import (
    RetryCallState,
    stop_after_attempt,
    stop_after_delay,
    wait_chain,
    wait_exception,
    wait_exponential_jitter,
    wait_fixed,
    wait_random,
    wait_random_exponential,
)

from seawall.resilience.failures import Failure, FailureKind
from seawall.resilience.retry import RetryMoment, RetryOptions, RetryPolicy


def moment(seed=0, *, now=0.0, kind=FailureKind.CONNECT):
    return RetryMoment(rng=random.Random(seed), started=0.0, now=now, failure=Failure(kind=kind))


def waits(wait, seed=0, rounds=6):
    policy = RetryPolicy(wait=wait, stop=stop_after_attempt(99), attempts_per_provider=3)
    m = moment(seed)
    return [policy.wait_s(m, waits=number) for number in range(1, rounds + 1)]


STRATEGIES = [
    wait_random(0.5, 2.0),
    wait_random_exponential(multiplier=0.5, max=8.0),
    wait_exponential_jitter(initial=0.5, max=8.0, jitter=0.3),
    wait_fixed(1) + wait_random(0, 1),
    wait_chain(wait_random(0, 1), wait_random_exponential(multiplier=1, max=4)),
]


@pytest.mark.parametrize("wait", STRATEGIES, ids=lambda w: type(w).__name__)
def test_randomness_comes_from_the_calls_own_generator(wait):
    """The same seed repeats the waits, another changes them, and the global generator is left alone."""
    random.seed(1)
    state = random.getstate()

    assert waits(wait, 5) == waits(wait, 5)
    assert waits(wait, 5) != waits(wait, 6)
    assert random.getstate() == state


def test_full_jitter_is_drawn_from_a_doubling_window():
    """The windows are 0.5, 1, 2, 4, 4 seconds, and all of each is used."""
    rounds = [waits(wait_random_exponential(multiplier=0.5, max=4.0), seed, 5) for seed in range(400)]

    for number, high in enumerate([0.5, 1.0, 2.0, 4.0, 4.0]):
        drawn = [round_[number] for round_ in rounds]
        assert 0.0 <= min(drawn) < 0.1 * high
        assert 0.9 * high < max(drawn) <= high


def test_seeded_strategies_stay_within_the_originals_ranges():
    """Wrapping changes where the draw comes from and nothing else."""
    for seed in range(200):
        assert all(0.5 <= wait <= 2.0 for wait in waits(wait_random(0.5, 2.0), seed))
        for number, wait in enumerate(waits(wait_exponential_jitter(initial=0.5, max=8.0, jitter=0.3), seed)):
            assert min(0.5 * 2**number, 8.0) <= wait <= min(0.5 * 2**number + 0.3, 8.0)


def test_options_become_strategies():
    """The defaults stop after so many attempts and wait within their limits."""
    options = RetryOptions(attempts_max=4, wait_initial_s=1.0, wait_max_s=2.0)
    policy = RetryPolicy.from_options(options)

    assert [policy.gives_up(moment(), attempts=n) for n in (3, 4, 5)] == [False, True, True]
    assert all(policy.wait_s(moment(seed), waits=9) <= 2.0 for seed in range(100))


def test_a_moment_is_tenacitys_own_type_with_a_handed_in_clock():
    """Strategies that look at the elapsed time or the error work unchanged."""
    m = moment(now=7.5, kind=FailureKind.OVERLOADED)

    assert isinstance(m, RetryCallState)
    assert m.seconds_since_start == 7.5
    assert stop_after_delay(7)(m)
    assert not stop_after_delay(8)(m)
    assert wait_exception(lambda error: 3.0 if error.failure.kind == "overloaded" else 1.0)(m) == 3.0


def test_a_function_is_a_strategy_too():
    """Anything that takes the moment and returns seconds will do; negative ones count as none."""
    policy = RetryPolicy(
        wait=lambda m: m.rng.random() - 5.0, stop=lambda m: m.attempt_number > 1, attempts_per_provider=2
    )

    assert policy.wait_s(moment(), waits=1) == 0.0
    assert policy.gives_up(moment(), attempts=2)
