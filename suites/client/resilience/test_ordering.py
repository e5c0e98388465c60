"""Whom a call asks first: list, weight, cost, tags; and what it cost."""

import random
from collections import Counter

import msgspec
import pytest

from seawall.messages import Usage
from seawall.resilience.call import Call
from seawall.resilience.failures import Failure, FailureKind
from seawall.resilience.fleet import Fleet
from seawall.resilience.options import PolicyOptions
from seawall.resilience.traits import ProviderTraits
from seawall.trace import CallContext

DOWN = Failure(kind=FailureKind.CONNECT)


@pytest.fixture
def fleet():
    """Make a fleet of providers by their traits: `fleet({"alpha": {...}}, **order)`."""

    def make(traits, *, seed=0, **order):
        options = msgspec.convert({"order": order}, PolicyOptions)
        return Fleet(
            [(name, "m") for name in traits],
            options,
            rng=random.Random(seed),
            traits={name: msgspec.convert(said, ProviderTraits) for name, said in traits.items()},
        )

    return make


def tried(fleet, *, tags=(), now=0.0):
    """Whom a call asks while everybody is down; returns them and the call's end."""
    call = Call(
        fleet,
        CallContext(call_id="c", stream=False, deadline_s=1.0),
        require_tags=frozenset(tags),
    )
    names, (action, *_) = [], call.start(now)
    while type(action).__name__ == "StartAttempt":
        names.append(action.provider)
        action, *_ = call.attempt_failed(now, action.number, DOWN)
    return names, action


def first(fleet):
    call = Call(fleet, CallContext(call_id="c", stream=False, deadline_s=1.0))
    name = call.start(0.0)[0].provider
    call.cancelled(0.0)
    return name


def test_the_listed_order_is_the_default(fleet):
    """Weights and prices change nothing unless they are asked to."""
    f = fleet({"alpha": {"weight": 0.1, "input_price": 9, "output_price": 9}, "beta": {}, "gamma": {}})

    assert {first(f) for _ in range(50)} == {"alpha"}


def test_weights_share_the_calls(fleet):
    """Three to one, with a reserve that is asked only after them; the same seed shares alike."""
    traits = {"alpha": {"weight": 3}, "beta": {"weight": 1}, "spare": {"weight": 0}}
    draws = [
        [first(f) for _ in range(2000)] for f in (fleet(traits, by="weight"), fleet(traits, by="weight"))
    ]
    counts = Counter(draws[0])

    assert draws[0] == draws[1]
    assert counts["spare"] == 0
    assert 2.5 < counts["alpha"] / counts["beta"] < 3.6
    assert tried(fleet(traits, by="weight"))[0][2] == "spare"


def test_the_cheapest_first(fleet):
    """By both prices together; who has none comes last."""
    f = fleet(
        {
            "unknown": {},
            "dear": {"input_price": 3, "output_price": 15},
            "cheap": {"input_price": 0.1, "output_price": 0.4},
        },
        by="cost",
    )

    assert tried(f)[0] == ["cheap", "dear", "unknown"]


def test_a_required_tag_is_never_left(fleet):
    """Whatever fails, the call goes nowhere else."""
    f = fleet({"us": {"tags": ["us"]}, "eu-1": {"tags": ["eu"]}, "eu-2": {"tags": ["eu", "gdpr"]}})

    assert set(tried(f, tags=["eu"])[0]) == {"eu-1", "eu-2"}
    assert set(tried(f, tags=["eu", "gdpr"])[0]) == {"eu-2"}


def test_a_tag_that_nobody_has_is_the_callers_error(fleet):
    """It names the tags, and nobody is asked."""
    names, action = tried(fleet({"us": {"tags": ["us"]}}), tags=["eu", "gdpr"])

    assert names == []
    assert type(action.error).__name__ == "ConfigurationError"
    assert action.error.message == "no provider has all the required tags: eu, gdpr"


def test_one_that_fails_often_goes_behind(fleet):
    """Where that is wanted, and as long as its failures are recent."""
    f = fleet({"alpha": {}, "beta": {}}, failing_share=0.2)
    breaker = f.provider("alpha").breaker
    for number in range(12):
        (breaker.failure if number % 4 == 0 else breaker.success)(0.0, breaker.generation)

    assert first(f) == "beta"
    breaker._window.add(100.0)
    assert first(f) == "alpha"


def test_one_that_is_far_slower_goes_behind(fleet):
    """Where that is wanted, by the usual worst of each."""
    f = fleet({"alpha": {}, "beta": {}}, slower_factor=3.0)
    for _ in range(20):
        f.provider("alpha").answer.add(0.0, 1.0)
        f.provider("beta").answer.add(0.0, 0.5)
    assert first(f) == "alpha"

    for _ in range(20):
        f.provider("alpha").answer.add(0.0, 2.0)
    assert first(f) == "beta"


def test_traces_say_what_it_cost(fleet):
    """Per attempt and in all, where prices and tokens are known."""
    f = fleet({"alpha": {"input_price": 2, "output_price": 10}})
    call = Call(f, CallContext(call_id="c", stream=False, deadline_s=1.0))
    call.start(0.0)
    call.attempt_succeeded(0.1, 1, usage=Usage(input_tokens=1000, output_tokens=500))

    assert call.trace.attempts[0].cost == pytest.approx(0.007)
    assert call.trace.cost == pytest.approx(0.007)


def test_a_cancelled_loser_is_not_called_skipped(script):
    """A provider that was passed over, then asked as a hedge, then cancelled, was asked."""
    s = script(("alpha", "beta"))
    s.warm(name="beta")
    s.provider().rate_limit.until = 0.001
    call = s.call()
    assert s.send(call, "start", 0.0) == [("start", 1, "beta", "first")]
    assert s.send(call, "timer", s.wake) == [("start", 2, "alpha", "hedge")]
    s.send(call, "attempt_succeeded", 0.2, 1)

    assert [record.outcome for record in call.trace.attempts] == ["answered", "cancelled"]
    assert call.trace.skipped == ()
