"""A fleet under new options shares what the one before it knew."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.resilience.breaker_options import BreakerOptions
from seawall.resilience.budget import RetryBudgetOptions
from seawall.resilience.failures import Failure, FailureKind
from seawall.resilience.fleet import Fleet
from seawall.resilience.hedging import HedgingOptions
from seawall.resilience.options import PolicyOptions
from seawall.resilience.rate_limits import RateLimitOptions

MODELS = [("alpha", "m"), ("beta", "m")]


@pytest.fixture
def fleet():
    """Make a fleet; with `after`, one that takes over from that."""

    def fleet(models=MODELS, after=None, unchanged=("alpha", "beta"), **options):
        made = Fleet(models, PolicyOptions(**options), rng=random.Random(1))
        if after is not None:
            made.inherit(after, unchanged)
        return made

    return fleet


@given(
    capacities=st.lists(st.floats(0, 100), min_size=2, max_size=6),
    spent=st.integers(0, 30),
)
def test_no_reload_mints_tokens(capacities, spent):
    """Whatever the capacities are in turn, there is never more than there was, nor more than fits."""

    def fleet(capacity):
        options = PolicyOptions(retry_budget=RetryBudgetOptions(capacity=capacity, floor_per_s=0))
        return Fleet(MODELS, options, rng=random.Random(1))

    former = fleet(capacities[0])
    for _ in range(spent):
        former.retry_budget.spend(0.0)
    for capacity in capacities[1:]:
        latter = fleet(capacity)
        left = former.retry_budget.tokens(0.0)
        latter.inherit(former, ())
        assert latter.retry_budget.tokens(0.0) == min(left, capacity)
        former = latter


def test_calls_of_both_fleets_teach_the_same_breaker(fleet):
    """A call that began before the reload and fails after it counts."""
    before = fleet()
    after = fleet(after=before, breaker=BreakerOptions(consecutive_failures=2))
    for one in (before, after):
        breaker = one.provider("alpha").breaker
        breaker.failure(0.0, breaker.begin(0.0))

    assert after.provider("alpha").breaker.state == "open"
    assert after.provider("beta").breaker.state == "closed"


def test_another_order_is_no_other_provider(fleet):
    """Each fleet numbers its providers by itself; what is known goes by the name."""
    before = fleet()
    before.provider("alpha").rate_limit.failed(
        0.0, 0, Failure(kind=FailureKind.RATE_LIMITED, retry_after_s=9.0)
    )
    after = fleet([("beta", "m"), ("alpha", "m")], after=before, rate_limits=RateLimitOptions(rest_s=1))

    assert [provider.index for provider in before.providers] == [0, 1]
    assert [(provider.name, provider.index) for provider in after.providers] == [("beta", 0), ("alpha", 1)]
    assert after.provider("alpha").admissible_at(1.0) == 9.0
    assert after.provider("beta").admissible_at(1.0) == 1.0


def test_latencies_stay_and_are_asked_for_another_quantile(fleet):
    """What was usual is known at once under the new options."""
    before = fleet(hedging=HedgingOptions(quantile=0.5))
    for number in range(20):
        before.provider("alpha").answer.add(0.0, float(number))
    assert before.provider("alpha").answer.usual_s(0.0) == 9.0
    after = fleet(after=before, hedging=HedgingOptions(quantile=0.95))

    assert after.provider("alpha").answer.usual_s(0.0) == 18.0


@pytest.mark.parametrize(
    ("models", "unchanged"), [([("alpha", "n"), ("beta", "m")], ("alpha", "beta")), (MODELS, ("beta",))]
)
def test_another_model_or_address_starts_afresh(fleet, models, unchanged):
    """But for what an operator forced on the name."""
    before = fleet(breaker=BreakerOptions(consecutive_failures=1))
    breaker = before.provider("alpha").breaker
    breaker.failure(0.0, breaker.begin(0.0))
    assert before.provider("alpha").breaker.state == "open"
    assert fleet(models, after=before, unchanged=unchanged).provider("alpha").breaker.state == "closed"
    before.provider("alpha").breaker.force("open")
    assert fleet(models, after=before, unchanged=unchanged).provider("alpha").breaker.state == "open"


def test_one_provider_left_is_alone_and_two_are_not(fleet):
    """Its breaker then opens by the rates only, and as before once there is another one."""
    options = {"breaker": BreakerOptions(consecutive_failures=2)}
    both = fleet(**options)
    alone = fleet([("alpha", "m")], after=both, **options)
    breaker = alone.provider("alpha").breaker
    for _ in range(3):
        breaker.failure(0.0, breaker.begin(0.0))
    assert breaker.state == "closed"
    again = fleet(after=alone, **options)
    breaker.failure(0.0, breaker.begin(0.0))

    assert again.provider("alpha").breaker is breaker
    assert breaker.state == "open"
