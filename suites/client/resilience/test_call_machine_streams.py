"""What a call does with a stream: failover, restarts, silences, and consumers that take their time."""

import pytest


def flowing(s, *, now=0.0, tokens=3, **options):
    """A stream on alpha that has brought some tokens, 10 ms apart."""
    call = s.call(stream=True, **options)
    s.send(call, "start", now)
    for number in range(tokens):
        s.send(call, "token", now + 0.01 * (number + 1), 1)
    return call


def test_a_stream_delivers_and_finishes(script):
    """Every token goes to the consumer, the end is the answer."""
    s = script()
    call = s.call(stream=True)

    s.play(
        call,
        (0.0, "start", [("start", 1, "alpha", "first")]),
        (0.2, "token", 1, [("deliver", 1)]),
        (0.3, "token", 1, [("deliver", 1)]),
        (0.4, "attempt_succeeded", 1, [("finish", 1)]),
    )
    assert call.trace.attempts[0].first_token_s == 0.2


def test_failing_before_the_first_token_is_invisible(script, failed):
    """The consumer only ever sees the second provider's tokens, and no restart."""
    s = script()
    call = s.call(stream=True)

    s.play(
        call,
        (0.0, "start", [("start", 1, "alpha", "first")]),
        (0.1, "attempt_failed", 1, failed("stream_error"), [("start", 2, "beta", "fallback")]),
        (0.2, "token", 2, [("deliver", 2)]),
        (0.3, "attempt_succeeded", 2, [("finish", 2)]),
    )
    assert call.trace.restarts == 0


@pytest.mark.parametrize("kind", ["stream_cut", "stream_truncated", "stream_error", "bad_response"])
def test_failing_after_the_first_token_starts_over_elsewhere(script, failed, kind):
    """The consumer is told to discard what it has before it gets the new provider's first token."""
    s = script()
    call = flowing(s)

    s.play(
        call,
        (0.1, "attempt_failed", 1, failed(kind), [("start", 2, "beta", "restart")]),
        (0.2, "token", 2, [("restart", "beta"), ("deliver", 2)]),
        (0.3, "attempt_succeeded", 2, [("finish", 2)]),
    )
    assert call.trace.restarts == 1
    assert call.trace.attempts[0].failure.kind == kind


def test_failing_after_the_first_token_counts_against_the_breaker(script, failed):
    """Providers that break off streams are left like those that refuse them."""
    s = script()
    for number in range(3):
        call = flowing(s, now=number)
        s.send(call, "attempt_failed", number + 0.5, 1, failed("stream_cut"))
        s.send(call, "attempt_succeeded", number + 0.6, 2)

    assert s.provider().breaker.state == "open"


def test_restarts_are_limited(script, failed):
    """After so many restarts the call fails and says that the stream broke off."""
    s = script(streaming={"restarts_max": 1})
    call = flowing(s)
    s.send(call, "attempt_failed", 0.1, 1, failed("stream_cut"))
    s.send(call, "token", 0.2, 2)

    assert s.send(call, "attempt_failed", 0.3, 2, failed("stream_cut")) == [("fail", "StreamInterrupted")]


def test_raise_never_starts_over(script, failed):
    """With `raise` the consumer keeps what it has and gets an error."""
    s = script(streaming={"on_midstream_failure": "raise"})
    call = flowing(s)

    assert s.send(call, "attempt_failed", 0.1, 1, failed("stream_cut")) == [("fail", "StreamInterrupted")]


def test_a_restart_that_nobody_can_serve_is_an_interrupted_stream(script, failed):
    """The error tells the consumer that what it got is incomplete."""
    s = script(("alpha", "beta"), retry={"attempts_per_provider": 1})
    call = flowing(s)
    s.send(call, "attempt_failed", 0.1, 1, failed("stream_cut"))

    assert s.send(call, "attempt_failed", 0.2, 2, failed("connect")) == [("fail", "StreamInterrupted")]


def test_silence_is_a_stall(script):
    """A stream without a token for the stall time is given up and started over."""
    s = script(timeouts={"stall_s": 4.0}, hedging={"enabled": False})
    call = flowing(s)

    assert s.send(call, "timer", 4.02) == []
    assert s.send(call, "timer", 4.03) == [("cancel", 1), ("start", 2, "beta", "restart")]
    assert call.records[0].failure.kind == "timeout_stall"


def test_tokens_put_the_stall_off(script):
    """Only the silence since the last token counts, however early the timer was set."""
    s = script(timeouts={"stall_s": 4.0}, hedging={"enabled": False})
    call = flowing(s)
    for now in (1.0, 3.0, 6.0, 9.9):
        assert s.send(call, "token", now, 1) == [("deliver", 1)]
        assert s.send(call, "timer", now + 3.99) == []


def test_pings_are_life_only_up_to_their_limit(script):
    """A stream that pings for ever without a token is given up all the same."""
    s = script(timeouts={"stall_s": 4.0, "ping_limit_s": 20.0}, hedging={"enabled": False})
    call = flowing(s, tokens=1)
    for second in range(1, 20):
        s.send(call, "ping", float(second), 1)
        assert s.send(call, "timer", float(second)) == []

    s.send(call, "ping", 20.0, 1)
    assert s.send(call, "timer", 20.01)[0] == ("cancel", 1)


def test_reported_reasoning_is_progress(script):
    """A model that reports its thinking is never stalled, late or hedged, however long it thinks."""
    s = script(timeouts={"stall_s": 4.0, "ping_limit_s": 4.0, "first_token_s": 5.0}, deadline_s=600.0)
    s.warm(stream=True)
    call = s.call(stream=True, deadline_s=600.0)
    s.send(call, "start", 0.0)
    now = 0.0
    for _ in range(1000):
        now += 0.2
        assert s.send(call, "progress", now, 1) == []
        assert s.send(call, "timer", now) == []

    assert s.send(call, "token", now + 0.1, 1) == [("deliver", 1)]


def test_reported_reasoning_commits_to_nothing(script, failed):
    """Failing while thinking is failing before the first token: invisible."""
    s = script()
    call = s.call(stream=True)
    s.send(call, "start", 0.0)
    s.send(call, "progress", 1.0, 1)

    assert s.send(call, "attempt_failed", 2.0, 1, failed("stream_cut")) == [("start", 2, "beta", "fallback")]
    assert s.send(call, "token", 3.0, 2) == [("deliver", 2)]


def test_pings_put_nobody_off_for_ever(script):
    """However often it pings: after ping_limit_s without a token another provider has the stream."""
    s = script(timeouts={"ping_limit_s": 20.0}, hedging={"enabled": False}, breaker={"slow_min_s": 60.0})
    call = flowing(s, tokens=1)
    now = 0.01
    while not (actions := s.send(call, "timer", now)):
        now += 0.1
        s.send(call, "ping", now, 1)

    assert actions == [("cancel", 1), ("start", 2, "beta", "restart")]
    assert now == pytest.approx(20.01, abs=0.11)


def test_an_unknown_stream_is_measured_by_its_own_start(script):
    """Who brought a first token in a tenth of a second and is then silent for three is late: counted, restarted."""
    s = script()
    call = s.call(stream=True)
    s.send(call, "start", 0.0)
    s.send(call, "token", 0.1, 1)

    assert s.send(call, "timer", 0.399) == []
    assert s.send(call, "timer", 0.401) == [("start", 2, "beta", "restart")]
    assert s.provider().breaker._consecutive == 1


def test_an_unknown_model_that_thinks_is_not_measured_by_when_it_began_to(script):
    """Telling at once that it thinks says nothing about how soon it speaks; only cold_stall_s bounds its silence."""
    s = script(hedging={"cold_stall_s": 4.0})
    call = s.call(stream=True)
    s.send(call, "start", 0.0)
    s.send(call, "progress", 0.05, 1)

    assert s.send(call, "timer", 4.04) == []
    assert s.send(call, "timer", 4.06) == [("start", 2, "beta", "hedge")]
    assert s.provider().breaker._consecutive == 0


def test_a_stream_that_began_slowly_may_pause(script):
    """Its silences are measured by the long time it took to begin, up to cold_stall_s."""
    s = script(hedging={"cold_stall_s": 4.0})
    call = s.call(stream=True)
    s.send(call, "start", 0.0)
    s.send(call, "token", 1.0, 1)

    assert s.send(call, "timer", 3.99) == []
    assert s.send(call, "timer", 4.01) == [("start", 2, "beta", "restart")]


def test_a_consumer_that_pauses_is_no_stall(script):
    """Time in which nobody read does not count as the provider's silence."""
    s = script(timeouts={"stall_s": 4.0}, hedging={"enabled": False}, breaker={"slow_min_s": 60.0})
    call = flowing(s)

    assert s.send(call, "resumed", 100.0) == []
    assert s.wake == 104.0
    assert s.send(call, "timer", 103.9) == []
    assert s.send(call, "token", 103.95, 1) == [("deliver", 1)]


def test_a_consumer_that_pauses_is_not_late(script):
    """After a pause an unusual silence is counted from the moment reading goes on."""
    s = script(timeouts={"stall_s": 10.0})
    s.warm(stream=True)
    call = flowing(s)

    s.send(call, "resumed", 100.0)
    assert s.wake == pytest.approx(100.15)
    assert s.send(call, "timer", 100.1) == []
    assert s.send(call, "timer", 100.151) == [("start", 2, "beta", "restart")]


def test_a_flowing_stream_outlives_the_settings_deadline(script):
    """Unless the caller names a deadline, it is for the wait until the first token."""
    s = script(timeouts={"stall_s": 100.0}, hedging={"enabled": False})
    call = flowing(s, deadline_s=2.0)

    assert s.send(call, "timer", 50.0) == []
    assert s.send(call, "attempt_succeeded", 51.0, 1) == [("finish", 1)]


def test_a_deadline_the_caller_names_cuts_the_stream(script):
    """A caller who asks for it gets its stream cut off in time."""
    s = script(hedging={"enabled": False}, breaker={"slow_min_s": 60.0})
    call = flowing(s, deadline_s=2.0, cut_stream=True)
    s.send(call, "timer", s.wake - 0.5)

    assert s.wake == 2.0
    assert s.send(call, "timer", 2.0) == [("cancel", 1), ("fail", "DeadlineExceeded")]


def test_a_restart_of_a_long_stream_has_a_deadline_of_its_own(script, failed):
    """A stream that breaks off after minutes still has time to start over, and not for ever."""
    s = script(hedging={"enabled": False}, timeouts={"stall_s": 600.0})
    call = flowing(s, deadline_s=5.0)
    assert s.send(call, "token", 300.0, 1) == [("deliver", 1)]

    assert s.send(call, "attempt_failed", 300.0, 1, failed("stream_cut")) == [("start", 2, "beta", "restart")]
    s.send(call, "timer", 302.5)
    assert s.send(call, "timer", 305.0)[-1] == ("fail", "DeadlineExceeded")


def test_a_total_limit_ends_an_attempt_that_flows(script):
    """Where the settings limit a whole attempt, a trickle does not defeat it."""
    s = script(timeouts={"total_s": 3.0}, hedging={"enabled": False})
    call = flowing(s)
    s.send(call, "token", 2.9, 1)

    assert s.send(call, "timer", 3.0) == [("cancel", 1), ("start", 2, "beta", "restart")]


def test_cancelling_a_stream_is_neutral(script):
    """A consumer that leaves in mid-stream blames nobody."""
    s = script()
    for now in range(20):
        call = flowing(s, now=float(now))
        assert s.send(call, "cancelled", now + 0.5) == [("cancel", 1)]

    assert s.provider().breaker._window.calls == 0
