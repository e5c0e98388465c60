"""The commit window: first tokens are held back, so that a stream which fails among them is replaced unseen."""

import pytest


@pytest.fixture
def s(script):
    """Three tokens are held back, for half a second at most."""
    return script(streaming={"buffer_tokens": 3, "buffer_s": 0.5})


def begin(s, now=0.0, **options):
    call = s.call(stream=True, **options)
    s.send(call, "start", now)
    return call


def test_the_first_tokens_are_held_back(s):
    """The one after them brings them all; from then on each is handed out as it comes."""
    call = begin(s)

    s.play(
        call,
        (0.1, "token", 1, []),
        (0.2, "token", 1, 2, []),
        (0.3, "token", 1, [("deliver", 1)]),
        (0.4, "token", 1, [("deliver", 1)]),
        (0.5, "attempt_succeeded", 1, [("finish", 1)]),
    )


def test_the_first_token_is_still_the_first(s):
    """Records and latencies speak of when it came, not of when it was handed out."""
    call = begin(s)
    for now in (0.1, 0.2, 0.3, 0.4):
        s.send(call, "token", now, 1)
    s.send(call, "attempt_succeeded", 0.5, 1)

    assert call.trace.attempts[0].first_token_s == 0.1
    assert s.provider().first_token.longest_s(0.5) == 0.1


def test_none_is_held_back_for_long(s):
    """After buffer_s the timer hands out what there is, and wakes for that."""
    call = begin(s)
    s.send(call, "token", 0.1, 1)
    assert s.wake <= 0.6

    assert s.send(call, "timer", 0.601)[-1] == ("deliver", 1)
    assert s.send(call, "token", 0.61, 1) == [("deliver", 1)]


def test_a_short_answer_is_handed_out_at_its_end(s):
    """An answer of fewer tokens than the window is whole."""
    call = begin(s)
    s.send(call, "token", 0.1, 1)

    assert s.send(call, "attempt_succeeded", 0.2, 1) == [("deliver", 1), ("finish", 1)]


def test_a_failure_in_the_window_is_invisible(s, failed):
    """It is a fallback, no restart, and counts against the breaker."""
    call = begin(s)
    s.send(call, "token", 0.1, 1)

    assert s.send(call, "attempt_failed", 0.2, 1, failed("stream_cut")) == [("start", 2, "beta", "fallback")]
    assert s.send(call, "token", 0.3, 2, 4) == [("deliver", 2)]
    s.send(call, "attempt_succeeded", 0.4, 2)
    assert call.trace.restarts == 0
    assert s.provider().breaker._window.failures == 1


def test_a_stall_in_the_window_is_hedged_unseen(s):
    """The silent one is late by its own start; who fills the window first is handed out, the other ended."""
    call = begin(s)
    s.send(call, "token", 0.05, 1)

    assert s.send(call, "timer", 0.201) == [("start", 2, "beta", "hedge")]
    assert s.send(call, "token", 0.25, 2, 3) == []
    assert s.send(call, "token", 0.26, 2) == [("cancel", 1), ("deliver", 2)]
    assert s.send(call, "attempt_succeeded", 0.3, 2) == [("finish", 2)]
    assert call.trace.restarts == 0


def test_the_window_opens_again_for_a_restart(s, failed):
    """A replacement, too, is committed to only after its window: its early failure is no second restart."""
    call = begin(s)
    s.send(call, "token", 0.1, 1, 4)
    assert s.send(call, "attempt_failed", 0.2, 1, failed("stream_cut")) == [("start", 2, "beta", "restart")]
    assert s.send(call, "token", 0.3, 2) == []
    assert s.send(call, "attempt_failed", 0.4, 2, failed("stream_cut")) == [("start", 3, "gamma", "restart")]

    assert s.send(call, "token", 0.5, 3, 4) == [("restart", "gamma"), ("deliver", 3)]
    assert s.send(call, "attempt_succeeded", 0.6, 3) == [("finish", 3)]
    assert call.trace.restarts == 1


def test_when_the_window_elapses_the_other_attempt_of_a_race_is_ended_once(script):
    """One timer hands out the first's tokens and ends the second, which is not given up as well though it is due."""
    s = script(streaming={"buffer_tokens": 3, "buffer_s": 0.5}, timeouts={"first_token_s": 0.6})
    call = begin(s)
    s.send(call, "timer", 0.3)
    s.send(call, "token", 0.31, 1)
    actions = s.send(call, "timer", 0.9)

    assert ("deliver", 1) in actions
    assert actions.count(("cancel", 2)) == 1
    assert not any(action[0] == "start" for action in actions)


def test_leaving_in_the_window_is_neutral(s):
    """A consumer that leaves before it saw anything blames nobody."""
    for now in range(20):
        call = begin(s, now=float(now))
        s.send(call, "token", now + 0.1, 1)
        assert s.send(call, "cancelled", now + 0.15) == [("cancel", 1)]

    assert s.provider().breaker._window.calls == 0
