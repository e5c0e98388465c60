"""Workers that tell each other who rests, over a board that may be late, empty or full of lies."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seawall.resilience.failures import Failure, FailureKind
from seawall.resilience.shared_state import SharedState, Word

DOWN = Failure(kind=FailureKind.SERVER_ERROR, http_status=503)
LIMITED = Failure(kind=FailureKind.RATE_LIMITED, http_status=429, retry_after_s=20.0)
ALPHA = "alpha/alpha-1"


class Board:
    """What Redis holds: ends of rests by subject."""

    def __init__(self):
        self.rests = {}

    def read(self, now):
        return {
            subject: Word(*(max(0.0, until - now) for until in ends)) for subject, ends in self.rests.items()
        }

    def exchange(self, now, state):
        words = {subject: Word() for subject in state.subjects} | self.read(now)
        state.hear(now, words)
        news = state.news(now, words)
        for item in news:
            breaker_until, limit_until = self.rests.get(item.subject, (0.0, 0.0))
            if item.recovered:
                breaker_until = 0.0
            if item.word.breaker_rest_s:
                breaker_until = now + item.word.breaker_rest_s
            if item.word.limit_rest_s:
                limit_until = now + item.word.limit_rest_s
            self.rests[item.subject] = (breaker_until, limit_until)
        return news


class Worker:
    """A process with a fleet of its own."""

    def __init__(self, script):
        self.script = script
        self.state = SharedState(script.fleet)

    def breaker(self, name="alpha"):
        return self.script.provider(name).breaker

    def first_asked(self, now):
        call = self.script.call()
        (start, *_) = self.script.send(call, "start", now)
        self.script.send(call, "cancelled", now)
        return start[2]


def workers(script, count=2, **options):
    return [Worker(script(seed=number, **options)) for number in range(count)]


def test_a_rest_that_one_worker_begins_is_adopted_by_the_others(script):
    """The second worker spares a provider that only the first has seen fail."""
    board, (first, second) = Board(), workers(script)
    first.script.trip(10.0)
    board.exchange(10.0, first.state)
    board.exchange(10.2, second.state)
    assert second.breaker().state == "open"
    assert second.first_asked(10.3) == "beta"


def test_a_rest_learnt_from_others_is_not_told_as_ones_own(script):
    """A word goes round once: nobody repeats what it only heard."""
    board, (first, second) = Board(), workers(script)
    first.script.trip(10.0)
    board.exchange(10.0, first.state)
    assert board.exchange(10.2, second.state) == []
    assert board.exchange(10.4, first.state) == []


def test_another_workers_long_rest_is_worth_a_first_rest(script):
    """One worker with a broken network takes a provider from the others for a moment, not for its own long rest."""
    board, (first, second) = Board(), workers(script)
    board.rests[ALPHA] = (1000.0, 0.0)
    board.exchange(0.0, second.state)
    options = first.script.options.breaker
    assert options.open_s <= second.breaker().admissible_at(0.0) <= 1.2 * options.open_s


def test_a_rest_taken_back_early_lets_the_others_probe(script):
    """Once one worker's probe was answered the others need not sit out their rests."""
    board, (first, second) = Board(), workers(script, breaker={"open_s": 1.0})
    opened = 10.0
    first.script.trip(opened)
    board.exchange(opened, first.state)
    board.exchange(opened, second.state)
    first.breaker().adopt_recovery(opened + 0.1)
    board.exchange(opened + 0.1, first.state)
    generation = first.breaker().begin(opened + 0.1)
    board.exchange(opened + 0.15, first.state)
    first.breaker().success(opened + 0.2, generation)
    (news,) = board.exchange(opened + 0.25, first.state)
    assert news.recovered
    board.exchange(opened + 0.3, second.state)
    assert second.breaker().admissible_at(opened + 0.3) <= opened + 0.3
    assert second.breaker().wants_probe


def test_a_rest_that_a_provider_asked_for_is_adopted(script):
    """A 429 with a Retry-After that one worker got is respected by the others."""
    board, (first, second) = Board(), workers(script)
    first.script.fail(10.0, LIMITED)
    board.exchange(10.1, first.state)
    board.exchange(10.2, second.state)
    assert second.first_asked(10.3) == "beta"
    assert second.first_asked(29.0) == "beta"
    assert second.first_asked(30.5) == "alpha"


def test_an_operators_override_is_nobody_elses_business(script):
    """A breaker held open is not told to others; one held closed listens to nobody."""
    board, (first, second) = Board(), workers(script)
    first.breaker().force("open")
    assert board.exchange(0.0, first.state) == []
    first.breaker().force("closed")
    assert board.exchange(0.1, first.state) == []
    second.breaker().force("closed")
    board.rests[ALPHA] = (100.0, 0.0)
    board.exchange(0.2, second.state)
    assert second.breaker().state == "closed"


LIES = st.dictionaries(
    st.sampled_from([f"{name}/{name}-1" for name in ("alpha", "beta", "gamma")]),
    st.builds(
        Word,
        breaker_rest_s=st.sampled_from([0.0, 0.001, 1.0, 60.0, 1e9]),
        limit_rest_s=st.sampled_from([0.0, 0.001, 1.0, 60.0, 1e9]),
    ),
)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lies=st.lists(LIES, max_size=30))
def test_no_lie_keeps_a_call_from_being_answered_at_once(lies, script):
    """Whatever the board says, a call begins an attempt at once and healthy providers answer it."""
    worker = Worker(script())
    nothing = {subject: Word() for subject in worker.state.subjects}
    for step, told in enumerate(lies):
        now = 10.0 + 0.25 * step
        worker.state.hear(now, nothing | told)
        worker.state.news(now, nothing | told)
        for turn in range(3):
            call = worker.script.call()
            started = worker.script.send(call, "start", now + 0.01 * turn)
            assert started, "the call waits"
            number = started[0][1]
            worker.script.send(call, "attempt_succeeded", now + 0.05 + 0.01 * turn, number)
            assert call.over
    assert not any(worker.script.provider(name).breaker.own_rest_left_s(now) for name in ("alpha",) if lies)
