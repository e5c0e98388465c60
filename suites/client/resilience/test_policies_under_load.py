"""What callers see while a provider misbehaves: the real machines in virtual time, 600 calls at 20 a second.

The numbers are those of the project's targets, for providers that take 50 ms. Each row is run with the fault there
from the first call on, when nothing is known of any provider (cold), and from the second second on (warm).
"""

import math
import random

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

FAULT_FROM_S = 1.0
SEEDS = (7, 8, 9)
START = pytest.mark.parametrize("fault_from_s", [0.0, FAULT_FROM_S], ids=["cold", "warm"])


class Traffic:
    """Draws how providers behave, and measures what callers saw."""

    def __init__(self, world, *, stream=False, calls=600, seed=7, fault_from_s=FAULT_FROM_S, **options):
        self.rng = random.Random(seed)
        self.seed = seed
        self.fault_from_s = fault_from_s
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

    def run(self, alpha, *, deadline_s=30.0, **others):
        """`alpha(traffic, now)` says how alpha answers from the moment the fault begins; None as usual."""
        faults = {"alpha": alpha, **others}

        def behave(name, now, number):
            bad = faults[name](self, now) if name in faults and now >= self.fault_from_s else None
            return self.answer() if bad is None else bad

        self.world = self.world(behave, seed=self.seed, **self.options)
        ended = self.world.run(
            calls=self.calls, per_s=20, stream=self.stream, seed=self.seed + 1, deadline_s=deadline_s
        )
        self.traces = [call.trace for call in ended]
        self.latencies = sorted(call.trace.duration_s for call in ended)
        self.answered = sum(call.trace.outcome == "answered" for call in ended)
        asked = self.world.asked
        self.attempts_per_call = sum(map(len, asked.values())) / self.calls
        self.alpha_under_fault = [at for at in asked["alpha"] if at >= self.fault_from_s]
        assert len(ended) == self.calls
        return self

    def hedges(self):
        return sum(record.why == "hedge" for trace in self.traces for record in trace.attempts)

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


@pytest.fixture
def rows(traffic):
    """Run a row of the targets once for each seed: `rows(fault, **options)`."""
    return lambda fault, **options: [traffic(seed=seed, **options).run(fault) for seed in SEEDS]


def mean(values):
    return sum(values) / len(values)


@START
def test_an_outage_is_hardly_felt(rows, failed, healthy_p99, fault_from_s):
    """503 always: nobody fails, nobody waits, six wasted attempts at most."""
    runs = rows(lambda t, now: [(0.005, failed("overloaded", http_status=503))], fault_from_s=fault_from_s)

    assert all(t.answered == t.calls for t in runs)
    assert max(t.quantile(0.99) for t in runs) <= 1.5 * healthy_p99
    assert max(t.latencies[-1] for t in runs) <= 0.3
    assert mean([t.attempts_per_call for t in runs]) <= 1.01
    assert mean([len(t.alpha_under_fault) for t in runs]) <= 6


@START
def test_a_rate_limit_is_obeyed_by_all_and_tried_again_once(rows, failed, fault_from_s):
    """429 with Retry-After 20: one attempt before, one at expiry, and nobody sleeps."""
    runs = rows(
        lambda t, now: [(0.005, failed("rate_limited", retry_after_s=20.0))], fault_from_s=fault_from_s
    )

    for t in runs:
        assert t.answered == t.calls
        assert t.latencies[-1] <= 0.3
        assert len(t.alpha_under_fault) <= 3
        assert 20.0 <= t.alpha_under_fault[-1] - t.alpha_under_fault[0] <= 20.3


@START
@pytest.mark.parametrize("stream", [False, True])
def test_a_hang_is_hardly_felt(rows, fault_from_s, stream):
    """No answer ever: at most 1 % of users wait over half a second, at 1.05 calls per request."""
    for t in rows(lambda t, now: [], fault_from_s=fault_from_s, stream=stream):
        assert t.answered == t.calls
        assert sum(latency > 0.5 for latency in t.latencies) <= 0.01 * t.calls
        assert t.attempts_per_call <= 1.05


def test_slowness_moves_traffic_and_recovery_brings_it_back(rows):
    """Ten times slower for ten seconds: p95 stays, 5 % extra calls, and alpha serves again afterwards."""
    for t in rows(lambda t, now: [(t.draw(0.5), "ok")] if now < FAULT_FROM_S + 10 else None):
        assert t.quantile(0.95) <= 0.15
        assert t.attempts_per_call <= 1.05
        assert sum(at > 25 for at in t.alpha_under_fault) >= 60


@START
def test_stalling_streams_are_completed_elsewhere(rows, fault_from_s):
    """Streams that stop after three tokens: all complete, and alpha is soon left alone."""
    runs = rows(lambda t, now: t.answer()[:3], stream=True, fault_from_s=fault_from_s)

    assert all(t.answered == t.calls for t in runs)
    assert max(t.latencies[-1] for t in runs) <= 0.5
    assert mean([len(t.alpha_under_fault) for t in runs]) <= 10


@START
@pytest.mark.parametrize("kind", ["stream_cut", "stream_truncated"])
def test_cut_streams_are_completed_elsewhere(rows, failed, fault_from_s, kind):
    """Streams that break off, or just end, after three tokens, a tenth of a second in: all complete."""
    runs = rows(lambda t, now: [*t.answer()[:3], (0.1, failed(kind))], stream=True, fault_from_s=fault_from_s)

    assert all(t.answered == t.calls for t in runs)
    assert mean([len(t.alpha_under_fault) for t in runs]) <= 10


def test_models_that_are_slow_by_nature_are_not_stormed(traffic):
    """Ten seconds to an answer everywhere and nothing known: the hedge budget bounds what is asked twice."""
    t = traffic(fault_from_s=0.0)

    def slow(t, now):
        return [(t.draw(10.0), "ok")]

    t.run(slow, beta=slow, gamma=slow, deadline_s=120.0)

    assert t.answered == t.calls
    assert t.attempts_per_call <= 1 + 0.02 + 10 / t.calls + 1e-9


def test_a_slow_model_beside_quick_ones_keeps_its_place(traffic):
    """Ten seconds to an answer, others quick, nothing known: it loses its first calls and, once known, gets them again."""
    t = traffic(fault_from_s=0.0, calls=1200)
    t.run(lambda t, now: [(t.draw(10.0), "ok")], deadline_s=120.0)

    assert t.answered == t.calls
    assert t.attempts_per_call <= 1 + 0.02 + 10 / t.calls
    assert sum(trace.provider == "alpha" for trace in t.traces) >= 600


@pytest.mark.parametrize("fault", ["hang", "stall"])
def test_a_fault_at_high_load_leaves_nobody_behind(world, fault):
    """At 500 calls a second, cold: what the budgets refuse at first is rescued when the breaker opens."""
    t = Traffic(world, stream=fault == "stall", calls=3000, fault_from_s=0.0)
    draw = {"hang": list, "stall": lambda: t.answer()[:3]}[fault]
    w = world(lambda name, now, number: draw() if name == "alpha" else t.answer())
    ended = w.run(calls=3000, per_s=500, stream=t.stream)

    assert all(call.trace.outcome == "answered" for call in ended)
    assert max(call.trace.duration_s for call in ended) <= 0.75


def mixed(failed, shares, rng):
    """A behaviour: each kind of fault with its share of the attempts, the rest as usual."""

    def fault(t, now):
        draw, kind = rng.random(), None
        for name, share in shares.items():
            if kind is None and draw < share:
                kind = name
            draw -= share
        if kind is None:
            return None
        started = t.answer()[:3] if t.stream else []
        match kind:
            case "hang":
                return []
            case "slow":
                return [(10 * delay, what) for delay, what in t.answer()]
            case "stall":
                return started
            case "cut" | "truncated" | "error":
                at = started[-1][0] + 0.01 if started else 0.02
                return [*started, (at, failed(f"stream_{kind}"))]
            case "limited":
                return [(0.005, failed("rate_limited", retry_after_s=1.0))]
        return [(0.005, failed("overloaded"))]

    return fault


FAULTS = ("hang", "slow", "stall", "cut", "truncated", "error", "limited", "down")


@settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    alpha=st.dictionaries(st.sampled_from(FAULTS), st.sampled_from([0.05, 0.1, 0.5, 1.0]), max_size=3),
    beta=st.dictionaries(st.sampled_from(FAULTS), st.just(0.05), max_size=2),
    traffic=st.builds(dict, stream=st.booleans(), fault_from_s=st.sampled_from([0.0, FAULT_FROM_S])),
)
def test_extra_load_stays_small_in_any_mix_of_faults(world, failed, alpha, beta, traffic):
    """Whatever befalls the first provider, and some of it the second too: 1.2 calls per request at most."""
    rng = random.Random(3)
    t = Traffic(world, **traffic)
    first, second = mixed(failed, alpha, rng), mixed(failed, beta, rng)
    t.run(first, beta=second)

    assert t.answered >= 0.99 * t.calls
    assert t.attempts_per_call <= 1.2


def test_no_wait_retry_hedge_or_fallback_overruns_the_deadline(world, failed):
    """Every provider hangs, is slow, limits or is down at random: at its deadline each call is over, to the instant."""
    rng = random.Random(3)
    fault = mixed(failed, {"hang": 0.3, "slow": 0.3, "limited": 0.2, "down": 0.2}, rng)
    t = Traffic(world, fault_from_s=0.0)
    t.run(fault, beta=fault, gamma=fault, deadline_s=0.4)

    assert {"DeadlineExceeded"} <= {trace.error for trace in t.traces}
    assert any(len(trace.attempts) > 3 for trace in t.traces)
    assert t.latencies[-1] <= 0.4 + 1e-9


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
