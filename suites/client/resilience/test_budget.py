"""Budgets, rests and what is usual: the small pieces that calls share."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.resilience.budget import TokenBucket
from seawall.resilience.failures import Failure, FailureKind
from seawall.resilience.latency import LatencyDigest
from seawall.resilience.rate_limits import RateLimit, RateLimitOptions
from seawall.resilience.result_window import ResultWindow


def test_a_bucket_starts_full_and_pays_whole_tokens():
    """What is not there cannot be spent."""
    bucket = TokenBucket(per_s=0.0, capacity=2.5)

    assert [bucket.spend(0.0) for _ in range(4)] == [True, True, False, False]
    assert bucket.tokens(0.0) == 0.5


def test_time_and_answers_fill_it():
    """A floor per second and a share of each success, never above the capacity."""
    bucket = TokenBucket(per_s=0.5, capacity=2.0)
    bucket.spend(0.0)
    bucket.spend(0.0)
    assert not bucket.has(1.9)
    assert bucket.has(2.0)
    bucket.earn(0.75)
    assert bucket.tokens(2.0) == pytest.approx(1.75)
    assert bucket.tokens(1000.0) == 2.0


@given(
    st.lists(st.tuples(st.sampled_from(["spend", "earn", "wait", "back"]), st.floats(0, 10)), max_size=200)
)
def test_a_bucket_is_never_overdrawn(steps):
    """Whatever the order of events, and even if time runs backwards, it stays between empty and full."""
    bucket, now, spent, earned = TokenBucket(per_s=0.3, capacity=4.0), 0.0, 0, 0.0
    latest = 0.0
    for what, amount in steps:
        if what == "spend":
            spent += bucket.spend(now)
        elif what == "earn":
            bucket.earn(amount / 10)
            earned += amount / 10
        else:
            now += amount if what == "wait" else -amount
            latest = max(latest, now)
        assert 0.0 <= bucket.tokens(now) <= 4.0
    assert (
        spent
        <= 4.0
        + earned
        + 0.3 * (latest - min(0.0, now))
        + 0.3 * sum(a for w, a in steps if w == "back")
        + 1e-6
    )


def limited(seconds=None, kind="rate_limited"):
    return Failure(kind=FailureKind(kind), retry_after_s=seconds)


def test_a_rest_ends_with_one_trial():
    """After the rest one attempt goes; the others wait for its word."""
    rest = RateLimit(RateLimitOptions())
    rest.failed(0.0, 0, limited(5.0))
    assert rest.admissible_at(4.9) == 5.0
    assert rest.admissible_at(5.0) <= 5.0

    trial = rest.begin(5.0)
    assert rest.admissible_at(5.0) > 5.0
    rest.answered(trial)
    assert rest.admissible_at(5.0) == 5.0
    assert rest.begin(5.0) == 0


def test_a_trial_that_says_nothing_leaves_its_place():
    """Cancelled, failed for other reasons, or lost: the next attempt is the trial."""
    rest = RateLimit(RateLimitOptions(trial_lease_s=3.0))
    rest.failed(0.0, 0, limited(5.0))
    rest.released(rest.begin(5.0))
    assert rest.admissible_at(5.0) <= 5.0
    rest.failed(5.0, rest.begin(5.0), limited(kind="connect"))
    assert rest.admissible_at(5.0) <= 5.0
    rest.begin(5.0)
    assert rest.admissible_at(5.0) == 8.0


def test_answers_to_attempts_from_before_the_rest_do_not_end_it():
    """A slow success that was on its way says nothing about the limit."""
    rest = RateLimit(RateLimitOptions())
    rest.failed(0.0, 0, limited(5.0))
    rest.answered(0)

    assert rest.admissible_at(1.0) == 5.0


def test_a_nearer_time_never_shortens_a_rest():
    """The longest that was asked for holds."""
    rest = RateLimit(RateLimitOptions())
    rest.failed(0.0, 0, limited(20.0))
    rest.failed(0.1, 0, limited(1.0))
    rest.failed(0.2, 0, limited())

    assert rest.admissible_at(0.3) == 20.0


def test_limits_that_name_no_time_rest_longer_each_time():
    """One, two, four seconds; a burst counts once; an answer starts over."""
    rest = RateLimit(RateLimitOptions(rest_s=1.0))
    for _ in range(10):
        rest.failed(0.0, 0, limited())
    assert rest.until == 1.0
    rest.failed(1.0, rest.begin(1.0), limited())
    assert rest.until == 3.0
    rest.failed(3.0, rest.begin(3.0), limited())
    assert rest.until == 7.0
    rest.answered(rest.begin(7.0))
    rest.failed(8.0, 0, limited())
    assert rest.until == 9.0


@pytest.mark.parametrize(
    ("seconds", "rest_s"), [(1e9, 3600.0), (math.inf, 3600.0), (-5.0, 0.0), (0.0, 0.0), (2.5, 2.5)]
)
def test_hostile_waits_are_capped(seconds, rest_s):
    """No header can put a provider away for good, or back in time."""
    rest = RateLimit(RateLimitOptions())
    rest.failed(100.0, 0, limited(seconds))

    assert rest.until == 100.0 + rest_s


def test_a_used_up_quota_rests_long():
    """People mend quotas; the provider is looked at again every few minutes."""
    rest = RateLimit(RateLimitOptions())
    rest.failed(0.0, 0, limited(1.0, kind="quota_exhausted"))

    assert rest.until == 300.0


def test_other_failures_ask_for_no_rest_unless_they_name_one():
    """A 503 rests only if it says so."""
    rest = RateLimit(RateLimitOptions())
    rest.failed(0.0, 0, limited(kind="overloaded"))
    assert rest.admissible_at(0.0) == 0.0
    rest.failed(0.0, 0, limited(2.0, kind="overloaded"))
    assert rest.admissible_at(0.0) == 2.0


def test_what_is_usual_is_a_quantile_of_recent_latencies():
    """Unknown while there are few, then close to the quantile, then following change."""
    digest, rng = LatencyDigest(quantile=0.9, samples_min=10, memory_s=100.0), random.Random(0)
    for number in range(9):
        digest.add(float(number), 1.0)
    assert digest.usual_s(9.0) is None
    assert digest.longest_s(9.0) == 1.0

    for _ in range(500):
        digest.add(10.0, rng.random())
    assert digest.usual_s(10.0) == pytest.approx(0.9, abs=0.12)
    for _ in range(200):
        digest.add(20.0, 10 + rng.random())
    assert digest.usual_s(20.0) == pytest.approx(10.9, abs=0.12)


def test_old_latencies_are_forgotten():
    """After its memory's time a quiet provider is unknown again."""
    digest = LatencyDigest(quantile=0.9, samples_min=5, memory_s=100.0)
    for _ in range(20):
        digest.add(0.0, 1.0)
    assert digest.usual_s(1.0) == 1.0

    assert digest.usual_s(120.0) is None
    assert digest.longest_s(120.0) is None


@given(st.lists(st.tuples(st.floats(0, 30), st.integers(0, 2)), max_size=100))
def test_a_window_counts_what_a_list_would(steps):
    """The sums are those of the results in the slots that still count."""
    window, now, told = ResultWindow(10.0), 1000.0, []
    for delay, kind in steps:
        now += delay
        window.add(now, calls=1, failures=kind == 1, slows=kind == 2)
        told.append((int(now / 1.0), kind))
        kept = [k for slot, k in told if slot > int(now / 1.0) - 10]
        assert (window.calls, window.failures, window.slows) == (len(kept), kept.count(1), kept.count(2))
