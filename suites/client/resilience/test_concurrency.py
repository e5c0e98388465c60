"""How much is under way at once: full providers are passed over, calls wait in line, and permits never leak."""

import pytest

from seawall.errors import Overloaded
from seawall.resilience.failures import Failure, FailureKind

FULL = Failure(kind=FailureKind.OVERLOADED)


def in_use(s):
    return [provider.permits.in_use for provider in s.fleet.providers]


def test_a_full_provider_is_passed_over(script):
    """The next one gets the call, and the trace says why."""
    s = script(concurrency={"per_provider": 1})
    first, second = s.call(), s.call()
    s.play(first, (0.0, "start", [("start", 1, "alpha", "first")]))

    s.play(
        second,
        (0.0, "start", [("start", 1, "beta", "first")]),
        (0.1, "attempt_succeeded", 1, [("finish", 1)]),
    )

    (skipped,) = second.trace.skipped
    assert (skipped.provider, skipped.why) == ("alpha", "full: 1 of 1 under way, 0 waiting")


def test_calls_wait_in_line_and_go_in_order(script):
    """With everything full a call waits; who came first goes first, and a newcomer does not overtake."""
    s = script(("alpha",), concurrency={"per_provider": 1})
    running, *waiting = (s.call() for _ in range(3))
    turns = []
    s.send(running, "start", 0.0)
    for number, call in enumerate(waiting):
        assert s.send(call, "start", 0.0) == []
        assert call.in_line
        call.on_permit(lambda number=number: turns.append(number))

    s.send(running, "attempt_succeeded", 1.0, 1)
    assert turns == [0]
    newcomer = s.call()
    assert s.send(newcomer, "start", 1.0) == []
    assert s.send(waiting[1], "timer", 1.0) == []
    assert s.send(waiting[0], "permit_free", 1.0) == [("start", 1, "alpha", "first")]

    assert s.send(waiting[0], "attempt_succeeded", 2.0, 1) == [("finish", 1)]
    assert turns == [0, 1]


def test_a_driver_that_cannot_be_told_looks_again_in_time(script):
    """The timer alone brings a waiting call to its turn, well before its deadline."""
    s = script(("alpha",), concurrency={"per_provider": 1})
    running, waiting = s.call(), s.call()
    s.send(running, "start", 0.0)
    s.send(waiting, "start", 0.0)
    s.send(running, "attempt_succeeded", 0.001, 1)

    assert s.wake <= 1.0
    assert s.send(waiting, "timer", s.wake) == [("start", 1, "alpha", "first")]


def test_a_waiting_call_that_leaves_holds_up_nobody(script):
    """Cancelled in line, it makes room; forgotten by its driver, it is passed over after a second."""
    s = script(("alpha",), concurrency={"per_provider": 1})
    running, leaving, lost, patient = (s.call() for _ in range(4))
    for call in (running, leaving, lost, patient):
        s.send(call, "start", 0.0)
    s.send(leaving, "cancelled", 0.1)
    s.send(running, "attempt_succeeded", 0.1, 1)

    assert s.send(patient, "timer", 0.2) == []
    assert s.send(patient, "timer", 3.0) == [("start", 1, "alpha", "first")]


def test_load_beyond_the_line_is_shed_at_once(script):
    """`Overloaded` says who is full and what the limit is; nothing was sent."""
    s = script(("alpha", "beta"), concurrency={"per_provider": 1, "queue_max": 0})
    for name in ("alpha", "beta"):
        s.play(s.call(), (0.0, "start", [("start", 1, name, "first")]))

    assert s.send(s.call(), "start", 0.0) == [("fail", "Overloaded")]
    assert isinstance(s.error, Overloaded)
    assert s.error.message == (
        "too much is under way already: alpha is full: 1 of 1 under way, 0 waiting; "
        "beta is full: 1 of 1 under way, 0 waiting"
    )


def test_the_whole_fleet_has_a_bound_too(script):
    """Permits of all providers together run out as well."""
    s = script(concurrency={"in_all": 2, "queue_max": 0})
    s.send(s.call(), "start", 0.0)
    s.send(s.call(), "start", 0.0)

    assert s.send(s.call(), "start", 0.0) == [("fail", "Overloaded")]
    assert "2 of 2 under way at all providers together" in s.error.message


def test_the_deadline_holds_in_line_too(script):
    """A call that is never served ends at its deadline at the latest, and stands in line no more."""
    s = script(("alpha",), concurrency={"per_provider": 1})
    s.send(s.call(), "start", 0.0)
    waiting = s.call(deadline_s=2.0)
    s.send(waiting, "start", 0.0)
    while not waiting.over:
        assert s.wake <= 2.0
        s.send(waiting, "timer", s.wake)

    assert type(s.error).__name__ in {"Overloaded", "DeadlineExceeded"}
    assert not waiting.in_line


@pytest.mark.parametrize("event", ["attempt_succeeded", "attempt_failed", "cancelled"])
def test_an_answer_that_is_looked_at_holds_no_permit(script, event):
    """Its provider has done its work; whoever waits may go, and the permit comes back once."""
    s = script(("alpha",), concurrency={"per_provider": 1})
    call, waiting = s.call(), s.call()
    s.send(call, "start", 0.0)
    s.send(waiting, "start", 0.0)
    turns = []
    waiting.on_permit(lambda: turns.append("waiting"))

    s.send(call, "whole", 1.0, 1)
    assert turns == ["waiting"]
    assert s.send(waiting, "permit_free", 1.0) == [("start", 1, "alpha", "first")]
    s.send(
        call, event, 2.0, *{"attempt_succeeded": (1,), "attempt_failed": (1, FULL), "cancelled": ()}[event]
    )
    assert in_use(s) == [1]


@pytest.mark.parametrize(
    ("event", "arguments"),
    [("attempt_succeeded", (1,)), ("attempt_failed", (1, FULL)), ("cancelled", ())],
)
def test_every_end_gives_the_permit_back(script, event, arguments):
    """Answered, failed or cancelled: what was taken comes back, also from the attempts that follow."""
    s = script()
    call = s.call()
    s.send(call, "start", 0.0)
    assert in_use(s) == [1, 0, 0]

    s.send(call, event, 0.1, *arguments)
    assert in_use(s)[0] == 0
    s.send(call, "cancelled", 0.2)
    assert in_use(s) == [0, 0, 0]
    assert s.fleet.permits.in_use == 0


def test_a_hedge_its_loser_and_a_probe_hold_permits_of_their_own(script, failed):
    """Each running attempt counts at its provider, and none after the race is over."""
    s = script(breaker={"open_s": 1.0})
    s.warm()
    call = s.call()
    s.send(call, "start", 0.0)
    assert s.send(call, "timer", s.wake) == [("start", 2, "beta", "hedge")]
    assert in_use(s) == [1, 1, 0]
    s.send(call, "attempt_succeeded", 0.2, 2)
    assert in_use(s) == [0, 0, 0]

    until = s.trip(1.0)
    s.send(s.call(), "start", until)
    (probe,) = s.probes
    assert in_use(s) == [0, 1, 0]
    s.send(probe, "start", until)
    assert in_use(s) == [1, 1, 0]
    s.send(
        probe, "attempt_failed", until, 1 if 1 in probe._live else next(iter(probe._live)), failed("connect")
    )
    assert in_use(s) == [0, 1, 0]


def test_an_adaptive_limit_shrinks_on_overload_and_grows_on_use(script):
    """One overload leaves 0.7 of what was under way; another one of the same burst does not cut again."""
    s = script(("alpha", "beta"), concurrency={"adaptive": True})
    calls = [s.call() for _ in range(10)]
    for call in calls:
        s.send(call, "start", 0.0)
    permits = s.provider().permits
    s.send(calls[0], "attempt_failed", 1.0, 1, FULL)
    s.send(calls[1], "attempt_failed", 1.0, 1, FULL)
    assert permits.limit == pytest.approx(7.0)

    for call in calls[2:6]:
        s.send(call, "attempt_succeeded", 2.0, 1)
    assert 7.4 < permits.limit < 7.7


def test_an_adaptive_limit_finds_the_capacity_there_is(world):
    """All providers short of capacity: every call is answered in its turn, and few attempts are wasted."""

    class Short:
        """Ten at once each; one more is turned away."""

        def __init__(self):
            self.busy = {}

        def __call__(self, name, now, number):
            busy = self.busy[name] = [until for until in self.busy.get(name, []) if until > now]
            if len(busy) >= 10:
                return [(0.02, FULL)]
            busy.append(now + 2.0)
            return [(2.0, "ok")]

    w = world(Short(), concurrency={"adaptive": True})
    ended = w.run(calls=150, per_s=20)

    assert all(call.trace.outcome == "answered" for call in ended)
    assert sum(map(len, w.asked.values())) <= 1.2 * len(ended)
