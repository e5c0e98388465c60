"""What callers see while a provider misbehaves: the real machines in virtual time, 600 calls at 20 a second.

The numbers are those of the project's targets, for providers that take 50 ms; the fault begins after a second.
"""

import math
import random

import pytest

FAULT_FROM_S = 1.0


class Traffic:
    """Draws how providers behave, and measures what callers saw."""

    def __init__(self, world, *, stream=False, calls=600, **options):
        self.rng = random.Random(7)
        self.stream = stream
        self.calls = calls
        self.options = options
        self.world = world

    def draw(self, median_s=0.05):
        return self.rng.lognormvariate(math.log(median_s), 0.3)

    def answer(self):
        """A healthy provider's answer: whole, or 10 tokens 5 ms apart."""
        if not self.stream:
            return [(self.draw(), "ok")]
        times, now = [], self.draw(0.03)
        for _ in range(10):
            times.append((now, "token"))
            now += self.draw(0.005)
        return [*times, (now, "ok")]

    def run(self, fault):
        """`fault(traffic, now)` says how alpha answers from the moment the fault begins; None as usual."""

        def behave(name, now, number):
            bad = fault(self, now) if name == "alpha" and now >= FAULT_FROM_S else None
            return self.answer() if bad is None else bad

        self.world = self.world(behave, **self.options)
        ended = self.world.run(calls=self.calls, per_s=20, stream=self.stream)
        self.latencies = sorted(call.trace.duration_s for call in ended)
        self.answered = sum(call.trace.outcome == "answered" for call in ended)
        asked = self.world.asked
        self.attempts_per_call = sum(map(len, asked.values())) / self.calls
        self.alpha_under_fault = [at for at in asked["alpha"] if at >= FAULT_FROM_S]
        assert len(ended) == self.calls
        return self

    def quantile(self, q):
        return self.latencies[math.ceil(q * len(self.latencies)) - 1]


@pytest.fixture
def traffic(world):
    """Make traffic: `traffic(stream=..., **policy options)`."""
    return lambda **options: Traffic(world, **options)


@pytest.fixture(scope="module")
def healthy_p99():
    """What the 99th percentile is when nothing is wrong."""
    rng = random.Random(7)
    return sorted(rng.lognormvariate(math.log(0.05), 0.3) for _ in range(600))[593]


def test_health_costs_next_to_nothing(traffic):
    """Without a fault hardly any call makes a second attempt."""
    t = traffic().run(lambda t, now: None)

    assert t.answered == t.calls
    assert t.attempts_per_call <= 1.01


def test_an_outage_is_hardly_felt(traffic, failed, healthy_p99):
    """503 always: nobody fails, nobody waits, six wasted attempts at most."""
    t = traffic().run(lambda t, now: [(0.005, failed("overloaded", http_status=503))])

    assert t.answered == t.calls
    assert t.quantile(0.99) <= 1.5 * healthy_p99
    assert t.latencies[-1] <= 0.3
    assert t.attempts_per_call <= 1.012
    assert len(t.alpha_under_fault) <= 7


def test_a_rate_limit_is_obeyed_by_all_and_tried_again_once(traffic, failed):
    """429 with Retry-After 20: one attempt before, one at expiry, and nobody sleeps."""
    t = traffic().run(lambda t, now: [(0.005, failed("rate_limited", retry_after_s=20.0))])

    assert t.answered == t.calls
    assert t.latencies[-1] <= 0.3
    assert len(t.alpha_under_fault) <= 3
    assert 20.0 <= t.alpha_under_fault[-1] - t.alpha_under_fault[0] <= 20.3


def test_a_hang_is_hardly_felt(traffic):
    """No answer ever: at most 1 % of users wait over half a second, at 1.05 calls per request."""
    t = traffic().run(lambda t, now: [])

    assert t.answered == t.calls
    assert sum(latency > 0.5 for latency in t.latencies) <= 0.01 * t.calls
    assert t.attempts_per_call <= 1.05


def test_slowness_moves_traffic_and_recovery_brings_it_back(traffic):
    """Ten times slower for ten seconds: p95 stays, 5 % extra calls, and alpha serves again afterwards."""
    t = traffic().run(lambda t, now: [(t.draw(0.5), "ok")] if now < FAULT_FROM_S + 10 else None)

    assert t.quantile(0.95) <= 0.15
    assert t.attempts_per_call <= 1.05
    assert sum(at > 25 for at in t.alpha_under_fault) >= 60


def test_stalling_streams_are_completed_elsewhere(traffic):
    """Streams that stop after three tokens: all complete, and alpha is soon left alone."""
    t = traffic(stream=True).run(lambda t, now: t.answer()[:3])

    assert t.answered == t.calls
    assert t.latencies[-1] <= 1.0
    assert len(t.alpha_under_fault) <= 12


def test_cut_streams_are_completed_elsewhere(traffic, failed):
    """Streams that break off after three tokens, a tenth of a second in: all complete."""
    t = traffic(stream=True).run(lambda t, now: [*t.answer()[:3], (0.1, failed("stream_cut"))])

    assert t.answered == t.calls
    assert len(t.alpha_under_fault) <= 12


def test_extra_load_stays_small_in_a_mix_of_faults(traffic, failed):
    """A third fails, a tenth hangs, a tenth is slow: never more than 1.2 calls per request."""

    def fault(t, now):
        draw = t.rng.random()
        if draw < 0.33:
            return [(0.005, failed("server_error"))]
        if draw < 0.43:
            return []
        return [(t.draw(0.5), "ok")] if draw < 0.53 else None

    t = traffic().run(fault)

    assert t.answered == t.calls
    assert t.attempts_per_call <= 1.2


def test_the_last_provider_is_used_however_poor_it_is(world, failed):
    """Two providers are down and the third fails every third time: its breaker keeps nobody from trying it."""
    rng = random.Random(4)

    def behave(name, now, number):
        if name != "gamma" or rng.random() < 0.33:
            return [(0.005, failed("server_error"))]
        return [(0.05, "ok")]

    poor = world(behave)
    ended = poor.run(calls=600, per_s=20, deadline_s=10.0)

    assert len(poor.asked["gamma"]) >= 0.97 * 600
    assert sum(call.trace.outcome == "answered" for call in ended) >= 0.67 * 600
    assert sum(map(len, poor.asked.values())) <= 1.5 * 600


def test_the_last_provider_is_used_however_slow_it_is(world, failed):
    """Two providers are down and the third becomes ten times slower: everybody is answered, just slower."""

    def behave(name, now, number):
        if name != "gamma":
            return [(0.005, failed("server_error"))]
        return [(0.05 if now < 5 else 0.5, "ok")]

    ended = world(behave).run(calls=600, per_s=20, deadline_s=10.0)

    assert all(call.trace.outcome == "answered" for call in ended)
    assert max(call.trace.duration_s for call in ended) <= 1.5


def test_a_total_outage_is_not_made_worse(world, failed):
    """Every provider down: retries stay within their budget while callers get clear errors."""
    down = world(lambda name, now, number: [(0.005, failed("overloaded"))])
    ended = down.run(calls=600, per_s=20, deadline_s=2.0)

    assert {call.trace.error for call in ended} <= {"AllProvidersFailed", "DeadlineExceeded"}
    assert max(call.trace.duration_s for call in ended) <= 2.0 + 1e-9
    assert sum(map(len, down.asked.values())) <= 0.3 * 600


def test_the_same_seed_repeats_a_run(world, failed):
    """Randomness comes from the seed alone: two runs are equal event for event."""

    def run():
        rng = random.Random(5)
        w = world(
            lambda name, now, number: [(rng.random(), failed("connect") if rng.random() < 0.4 else "ok")]
        )
        w.run(calls=200, per_s=20, deadline_s=5.0)
        return w.asked, [call.trace for call in w.ended]

    assert run() == run()
