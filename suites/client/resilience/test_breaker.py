"""When a breaker opens, who probes it, how it closes, and what it ignores."""

import random

import pybreaker
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from seawall.resilience.breaker import Breaker
from seawall.resilience.breaker_options import BreakerOptions


class Listener(pybreaker.CircuitBreakerListener):
    """Writes down what pybreaker announces."""

    def __init__(self):
        self.heard = []

    def state_change(self, cb, old_state, new_state):
        self.heard.append((cb.name, old_state.name, new_state.name))


def breaker(*, alone=False, listeners=(), seed=0, **options):
    return Breaker(
        "alpha/m", BreakerOptions(**options), rng=random.Random(seed), alone=alone, listeners=listeners
    )


def results(b, now, pattern):
    """Feed results: S a success, F a failure, L a late one that is answered."""
    for result in pattern:
        generation = b.begin(now)
        if result == "F":
            b.failure(now, generation)
        elif result == "L":
            b.late(now, generation)
            b.success(now, generation, was_late=True)
        else:
            b.success(now, generation)


@pytest.mark.parametrize(
    ("pattern", "state"),
    [
        ("FF", "closed"),
        ("FFSFFSFF", "closed"),
        ("FFF", "open"),
        ("FLF", "open"),
        ("LLL", "open"),
        ("SFFSFFSFF", "closed"),
        ("SFFSFFSFFSF", "open"),
        ("SLLSLLSLLSL", "open"),
        ("SSFSSFSSFSSFSSF", "closed"),
    ],
)
def test_what_opens_it(pattern, state):
    """Three bad results in a row, or half of at least ten in the window bad in the same way."""
    b = breaker()
    results(b, 0.0, pattern)

    assert b.state == state


def test_those_with_no_other_choice_pass_it_as_often_as_that_is_answered():
    """Some at first, then three for each answer and one a second; none of them is a probe."""
    b = breaker(minimum_calls=5, last_resort_per_s=1.0)
    results(b, 0.0, "FFF")
    until = b.admissible_at(0.0)

    def passing(now):
        passed = 0
        while b.last_resort_at(now) <= now:
            b.failure(now, b.begin(now, last_resort=True))
            passed += 1
        return passed

    assert passing(0.0) == 5
    assert b.last_resort_at(0.0) == 1.0
    b.success(0.0, -1)
    assert passing(0.0) == 3
    assert passing(2.0) == 2
    assert (b.state, b.admissible_at(2.0)) == ("open", until)


def test_what_is_asked_beside_a_probe_says_nothing():
    """Only the probe's own result closes or opens a half-open breaker."""
    b = breaker()
    results(b, 0.0, "FFF")
    now = b.admissible_at(0.0)
    b.begin(now)
    beside = b.begin(now, last_resort=True)
    b.success(now, beside)
    b.failure(now, beside)

    assert b.state == "half-open"


@pytest.mark.parametrize(
    ("pattern", "state"), [("FFFFF", "closed"), ("LLLLLLLLLLLLL", "closed"), ("FFFFFFFFFF", "open")]
)
def test_without_an_alternative_only_the_failure_rate_opens_it(pattern, state):
    """The only provider there is gets no rest for a bad streak or for being slow."""
    b = breaker(alone=True)
    results(b, 0.0, pattern)

    assert b.state == state


def test_the_window_slides():
    """Failures older than the window are forgotten."""
    b = breaker(window_s=10.0, minimum_calls=4, failure_rate=0.5, consecutive_failures=100)
    results(b, 0.0, "FFF")
    results(b, 11.5, "SF")
    assert b.state == "closed"

    results(b, 12.0, "SF")
    assert b.state == "open"


def test_the_rest_grows_with_jitter_up_to_its_limit():
    """Each failed probe makes the next rest longer; no two rests are alike."""
    b = breaker(open_s=2.0, open_growth=3.0, open_max_s=20.0)
    results(b, 0.0, "FFF")
    now, rests = 0.0, []
    for _ in range(6):
        rests.append(b.admissible_at(now) - now)
        now = b.admissible_at(now)
        b.failure(now, b.begin(now))

    for rest, least in zip(rests, [2, 6, 18, 20, 20, 20], strict=True):
        assert least <= rest <= least * 1.2
    assert len(set(rests)) == len(rests)


def test_an_outage_of_days_is_survived():
    """The growth never leaves the range of a float."""
    b = breaker(open_growth=10.0)
    results(b, 0.0, "FFF")
    now = 0.0
    for _ in range(5000):
        now = b.admissible_at(now)
        b.failure(now, b.begin(now))

    assert b.admissible_at(now) - now <= 72.0


def test_one_probe_is_leased_and_its_success_closes():
    """While the lease runs nobody else may begin."""
    b = breaker()
    results(b, 0.0, "FFF")
    now = b.admissible_at(0.0)
    generation = b.begin(now)

    assert b.state == "half-open"
    assert b.admissible_at(now) > now
    b.success(now + 0.1, generation)
    assert b.state == "closed"


def test_several_probes_may_be_asked_for():
    """Only so many successes in a row close it."""
    b = breaker(probes_to_close=2)
    results(b, 0.0, "FFF")
    now = b.admissible_at(0.0)
    b.success(now, b.begin(now))
    assert b.state == "half-open"

    b.success(now, b.begin(now))
    assert b.state == "closed"


def test_a_slow_probe_does_not_close():
    """Answering late is not having recovered, unless there is nobody else."""
    for alone, state in ((False, "open"), (True, "closed")):
        b = breaker(alone=alone)
        results(b, 0.0, "F" * 10)
        now = b.admissible_at(0.0)
        b.success(now, b.begin(now), was_late=True)
        assert b.state == state


def test_a_released_probe_leaves_its_place():
    """A cancelled probe changes nothing but that the next may go at once."""
    b = breaker()
    results(b, 0.0, "FFF")
    now = b.admissible_at(0.0)
    b.released(b.begin(now))

    assert b.state == "half-open"
    assert b.admissible_at(now) <= now


def test_a_lease_expires():
    """A probe that never reports blocks nobody for ever, and its late word is not heard."""
    b = breaker(probe_lease_s=5.0)
    results(b, 0.0, "FFF")
    now = b.admissible_at(0.0)
    lost = b.begin(now)
    assert b.admissible_at(now + 5.0) <= now + 5.0

    b.begin(now + 5.0)
    b.success(now + 5.1, lost)
    assert b.state == "half-open"


def test_results_of_an_older_generation_are_ignored():
    """What began before the breaker opened can neither close nor open it later."""
    b = breaker()
    stale = [b.begin(0.0) for _ in range(10)]
    results(b, 0.0, "FFF")
    for generation in stale[:5]:
        b.success(0.1, generation)
    assert b.state == "open"

    now = b.admissible_at(0.0)
    b.success(now, b.begin(now))
    for generation in stale[5:]:
        b.failure(now, generation)
        b.late(now, generation)
    assert b.state == "closed"


def test_staying_well_resets_the_growth():
    """After a time of health the next outage starts with the short rest again."""
    b = breaker(open_s=2.0, ramp_s=1.0)
    results(b, 0.0, "FFF")
    for _ in range(3):
        now = b.admissible_at(0.0)
        b.failure(now, b.begin(now))
    now = b.admissible_at(now)
    b.success(now, b.begin(now))
    later = now + 100.0
    assert b.takes(later)
    results(b, later, "FFF")

    assert b.admissible_at(later) - later <= 2.4


def test_failing_again_at_once_keeps_the_growth():
    """A false recovery does not start from the short rest."""
    b = breaker(open_s=2.0)
    results(b, 0.0, "FFF")
    now = b.admissible_at(0.0)
    b.success(now, b.begin(now))
    results(b, now + 0.1, "FFF")

    assert b.admissible_at(now) - now >= 4.0


def test_an_operator_overrules_it():
    """Forced open nobody passes; forced closed or disabled everybody does, whatever happens."""
    b = breaker()
    b.force("open")
    assert b.state == "open"
    assert b.admissible_at(0.0) == float("inf")

    for override in ("closed", "disabled"):
        b.force(override)
        results(b, 0.0, "F" * 100)
        assert (b.state, b.admissible_at(0.0), b.wants_probe) == ("closed", 0.0, False)

    b.force(None)
    results(b, 0.0, "FF")
    assert b.state == "closed"
    results(b, 0.0, "F")
    assert b.state == "open"


def test_switched_off_it_never_opens():
    """`enabled: false` is the settings' way to the same."""
    b = breaker(enabled=False)
    results(b, 0.0, "F" * 100)

    assert b.state == "closed"


def test_pybreaker_holds_and_announces_the_state():
    """Its listeners hear every transition, in its own words."""
    listener = Listener()
    b = breaker(listeners=[listener])
    results(b, 0.0, "FFF")
    now = b.admissible_at(0.0)
    b.success(now, b.begin(now))
    b.force("open")

    assert listener.heard == [
        ("alpha/m", "closed", "open"),
        ("alpha/m", "open", "half-open"),
        ("alpha/m", "half-open", "closed"),
        ("alpha/m", "closed", "open"),
    ]
    assert b._state._breaker.current_state == pybreaker.STATE_OPEN


def test_no_wall_clock_is_read(monkeypatch):
    """pybreaker's own `open()` would stamp the time of day."""

    class NoClock:
        @staticmethod
        def now(*_):
            pytest.fail("the wall clock was read")

    monkeypatch.setattr(pybreaker, "datetime", NoClock)
    b = breaker()
    results(b, 0.0, "FFF")
    b.force("closed")


class Interleavings(RuleBasedStateMachine):
    """Attempts begin and end in any order; a model says who may be let in."""

    def __init__(self):
        super().__init__()
        self.options = BreakerOptions(open_s=1.0, probe_lease_s=3.0, minimum_calls=5)
        self.b = Breaker("alpha/m", self.options, rng=random.Random(1))
        self.now = 50.0
        self.running = []
        self.probe = None
        self.probed_at = 0.0

    @rule(delay=st.sampled_from([0.0, 0.1, 1.0, 4.0]))
    def time_passes(self, delay):
        self.now += delay

    @rule()
    def begin(self):
        if self.b.admissible_at(self.now) > self.now:
            return
        probing = self.b.wants_probe
        generation = self.b.begin(self.now)
        if probing:
            lease_over = self.now >= self.probed_at + self.options.probe_lease_s
            assert self.probe is None or lease_over, "two probes at once"
            self.probe, self.probed_at = generation, self.now
        self.running.append([generation, False])

    @rule(data=st.data(), how=st.sampled_from(["success", "failure", "released", "late"]))
    def end(self, data, how):
        if not self.running:
            return
        attempt = data.draw(st.sampled_from(self.running))
        generation, was_late = attempt
        before = (self.b.state, self.b.generation, self.b._window.calls)
        stale = generation != self.b.generation
        if how == "late":
            if was_late:
                return
            attempt[1] = True
            self.b.late(self.now, generation)
        else:
            self.running.remove(attempt)
            if generation == self.probe:
                self.probe = None
            if how == "released":
                self.b.released(generation)
                assert (self.b.state, self.b.generation, self.b._window.calls) == before, "not neutral"
            else:
                getattr(self.b, how)(self.now, generation, was_late=was_late)
        if stale:
            assert (self.b.state, self.b.generation, self.b._window.calls) == before, (
                "an old result was heard"
            )

    @invariant()
    def it_is_coherent(self):
        window = self.b._window
        assert 0 <= window.failures <= window.calls
        assert 0 <= window.slows <= window.calls
        assert window.calls == sum(window._calls)
        if self.b.state == "open":
            assert self.b.admissible_at(self.now) < self.now + self.options.open_max_s * 1.2 + 1e-9


TestInterleavings = Interleavings.TestCase
TestInterleavings.settings = settings(max_examples=150, stateful_step_count=50, deadline=None)
