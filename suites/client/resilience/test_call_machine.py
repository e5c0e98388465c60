"""What a call does when providers fail: whom it asks, in what order, how often, and how it ends."""

import pytest

from seawall.errors import AllProvidersFailed, DeadlineExceeded, InvalidRequest
from seawall.messages import Usage


def test_a_healthy_call_asks_the_first_provider_once(script):
    """One attempt, one answer, one record."""
    s = script()
    call = s.call()

    s.play(
        call,
        (0.0, "start", [("start", 1, "alpha", "first")]),
        (0.3, "attempt_succeeded", 1, [("finish", 1)]),
    )

    assert call.trace.outcome == "answered"
    assert call.trace.provider == "alpha"
    assert not call.trace.fell_back
    assert [(r.why, r.outcome, r.started_s, r.finished_s) for r in call.trace.attempts] == [
        ("first", "answered", 0.0, 0.3)
    ]


def test_a_failure_goes_to_the_next_provider_without_a_wait(script, failed):
    """The order is the configured one, and no time passes between failure and fallback."""
    s = script()
    call = s.call()

    s.play(
        call,
        (0.0, "start", [("start", 1, "alpha", "first")]),
        (0.1, "attempt_failed", 1, failed("overloaded"), [("start", 2, "beta", "fallback")]),
        (0.2, "attempt_failed", 2, failed("connect"), [("start", 3, "gamma", "fallback")]),
        (0.3, "attempt_succeeded", 3, [("finish", 3)]),
    )

    assert call.trace.fell_back
    assert [r.failure and r.failure.kind for r in call.trace.attempts] == ["overloaded", "connect", None]


def test_retries_wait_and_come_after_every_provider_was_asked(script, failed):
    """When all have failed, the least asked is asked again after a jittered wait."""
    s = script(
        ("alpha", "beta"), retry={"wait_initial_s": 0.5, "wait_max_s": 8.0}, hedging={"enabled": False}
    )
    call = s.call()
    s.send(call, "start", 0.0)
    s.send(call, "attempt_failed", 0.0, 1, failed("server_error"))

    assert s.send(call, "attempt_failed", 0.0, 2, failed("server_error")) == []
    assert 0.0 <= s.wake <= 0.5
    assert s.send(call, "timer", s.wake) == [("start", 3, "alpha", "retry")]
    s.send(call, "attempt_failed", 1.0, 3, failed("server_error"))
    assert 1.0 <= s.wake <= 2.0
    assert s.send(call, "timer", s.wake) == [("start", 4, "beta", "retry")]


def test_a_provider_is_asked_no_more_often_than_allowed(script, failed):
    """Attempts per provider are limited; then the call fails with every attempt in its error."""
    s = script(("alpha",), retry={"attempts_per_provider": 2})
    call = s.call()
    s.send(call, "start", 0.0)
    s.send(call, "attempt_failed", 0.0, 1, failed("server_error", http_status=500))
    s.send(call, "timer", s.wake)

    assert s.send(call, "attempt_failed", 1.0, 2, failed("connect")) == [("fail", "AllProvidersFailed")]
    assert "1. alpha/alpha-1 (first)" in str(s.error)
    assert "server_error (HTTP 500)" in str(s.error)
    assert "2. alpha/alpha-1 (retry)" in str(s.error)
    assert s.error.trace is call.trace


def test_all_attempts_of_a_call_are_limited(script, failed):
    """The limit on attempts holds over all providers."""
    s = script(retry={"attempts_max": 2})
    call = s.call()
    s.send(call, "start", 0.0)
    s.send(call, "attempt_failed", 0.0, 1, failed("connect"))

    assert s.send(call, "attempt_failed", 0.0, 2, failed("connect")) == [("fail", "AllProvidersFailed")]


def test_the_first_failover_is_free_and_retries_are_not(script, failed):
    """With an empty budget a call still asks every provider once, and none twice."""
    s = script(retry_budget={"capacity": 0.0, "floor_per_s": 0.0})
    call = s.call()

    s.play(
        call,
        (0.0, "start", [("start", 1, "alpha", "first")]),
        (0.0, "attempt_failed", 1, failed("connect"), [("start", 2, "beta", "fallback")]),
        (0.0, "attempt_failed", 2, failed("connect"), [("start", 3, "gamma", "fallback")]),
        (0.0, "attempt_failed", 3, failed("connect"), [("fail", "AllProvidersFailed")]),
    )


def test_a_retry_not_needed_gives_its_token_back(script, failed):
    """A token paid before a wait returns when the caller leaves instead."""
    s = script(("alpha",))
    call = s.call()
    s.send(call, "start", 0.0)
    before = s.fleet.retry_budget.tokens(0.0)
    s.send(call, "attempt_failed", 0.0, 1, failed("connect"))
    assert s.fleet.retry_budget.tokens(0.0) == before - 1

    s.send(call, "cancelled", 0.0)

    assert s.fleet.retry_budget.tokens(0.0) == before


@pytest.mark.parametrize("kind", ["auth", "permission", "quota_exhausted", "tls", "context_length"])
def test_what_asking_again_cannot_mend_is_not_retried(script, failed, kind):
    """A lasting failure bars the provider for this call, but another one is asked."""
    s = script(("alpha", "beta"))
    call = s.call()
    s.send(call, "start", 0.0)

    assert s.send(call, "attempt_failed", 0.0, 1, failed(kind)) == [("start", 2, "beta", "fallback")]
    s.send(call, "attempt_failed", 0.0, 2, failed("connect"))
    assert s.send(call, "timer", s.wake) == [("start", 3, "beta", "retry")]


def test_a_request_blamed_by_one_provider_goes_to_another(script, failed):
    """A 400 may be the provider's own fault, so it alone ends nothing."""
    s = script()
    call = s.call()

    s.play(
        call,
        (0.0, "start", [("start", 1, "alpha", "first")]),
        (0.0, "attempt_failed", 1, failed("invalid_request"), [("start", 2, "beta", "fallback")]),
        (0.1, "attempt_succeeded", 2, [("finish", 2)]),
    )


def test_a_request_blamed_by_two_providers_ends_the_call(script, failed):
    """Two that agree are believed; the third is not bothered."""
    s = script()
    call = s.call()
    s.send(call, "start", 0.0)
    s.send(call, "attempt_failed", 0.0, 1, failed("invalid_request"))

    assert s.send(call, "attempt_failed", 0.0, 2, failed("invalid_request")) == [("fail", "InvalidRequest")]


def test_a_request_blamed_by_the_only_provider_ends_the_call(script, failed):
    """With nobody else to ask, its word counts, and it is not asked again."""
    s = script(("alpha",))
    call = s.call()
    s.send(call, "start", 0.0)

    assert s.send(call, "attempt_failed", 0.0, 1, failed("invalid_request")) == [("fail", "InvalidRequest")]
    assert isinstance(s.error, InvalidRequest)


def test_a_blamed_request_says_nothing_about_health(script, failed):
    """A caller's bad requests never open a breaker for the others."""
    s = script()
    for _ in range(50):
        s.fail(0.0, failed("invalid_request"))

    assert s.provider().breaker.state == "closed"


def test_a_refusal_is_final(script, failed):
    """A model that refuses is not routed round."""
    s = script()
    call = s.call()
    s.send(call, "start", 0.0)

    assert s.send(call, "attempt_failed", 0.0, 1, failed("refused")) == [("fail", "InvalidRequest")]


def test_the_deadline_ends_the_call_at_once(script):
    """At the deadline the running attempt is cancelled and the call fails, to the instant."""
    s = script(("alpha",))
    call = s.call(deadline_s=2.0)
    s.send(call, "start", 10.0)

    assert s.wake <= 12.0
    assert s.send(call, "timer", 11.999) == []
    assert s.send(call, "timer", 12.0) == [("cancel", 1), ("fail", "DeadlineExceeded")]
    assert isinstance(s.error, DeadlineExceeded)
    assert "timeout_total" in str(s.error)


@pytest.mark.parametrize(("known_s", "failures"), [(None, 0), (0.1, 1)])
def test_a_short_deadline_blames_only_a_late_provider(script, known_s, failures):
    """Passing the deadline counts against the provider if it was late by its own measure, else not."""
    s = script(("alpha",))
    if known_s is not None:
        s.warm(answer_s=known_s)
    call = s.call(deadline_s=1.0)
    s.send(call, "start", 0.0)
    s.send(call, "timer", 0.301)
    s.send(call, "timer", 1.0)

    assert s.provider().breaker._window.failures == failures


def test_an_attempt_leaves_time_for_the_next_provider(script):
    """A provider that does not answer gets only its share of the deadline while another is untried."""
    s = script(("alpha", "beta"), timeouts={"deadline_share": 0.5}, hedging={"enabled": False})
    call = s.call(deadline_s=8.0)
    s.send(call, "start", 0.0)

    assert s.wake == 4.0
    assert s.send(call, "timer", 4.0) == [("cancel", 1), ("start", 2, "beta", "fallback")]
    assert call.records[0].failure.kind == "timeout_first_token"
    assert s.wake == 8.0


def test_no_wait_reaches_beyond_the_deadline(script, failed):
    """A call whose next chance comes too late fails now, not then."""
    s = script(("alpha",))
    s.fail(0.0, failed("rate_limited", retry_after_s=20.0))
    call = s.call(deadline_s=5.0)

    assert s.send(call, "start", 1.0) == [("fail", "AllProvidersFailed")]
    assert "alpha/alpha-1 not asked: resting as it asked, until 19.000 s" in str(s.error)


def test_connecting_never_outlasts_the_attempt(script):
    """The time to connect is cut to what the attempt may take."""
    s = script(("alpha",), timeouts={"connect_s": 3.0})
    call = s.call(deadline_s=1.0)
    (action, _) = call.start(0.0)

    assert action.connect_timeout_s == 1.0


def test_retry_after_is_waited_for_where_it_fits(script, failed):
    """The only provider is asked again exactly when it said."""
    s = script(("alpha",), retry={"wait_initial_s": 0.0})
    call = s.call(deadline_s=30.0)
    s.send(call, "start", 0.0)
    s.send(call, "attempt_failed", 0.1, 1, failed("rate_limited", retry_after_s=2.0))

    assert s.wake == pytest.approx(2.1)
    assert s.send(call, "timer", s.wake) == [("start", 2, "alpha", "retry")]


def test_nobody_waits_for_retry_after_while_another_provider_may_be_asked(script, failed):
    """The limited provider is skipped by everybody until its time, then tried by one call alone."""
    s = script()
    first = s.fail(0.0, failed("rate_limited", retry_after_s=20.0))
    assert [r.provider for r in first.trace.attempts] == ["alpha", "beta"]

    for now in (0.1, 10.0, 19.9):
        assert s.ask(now, provider="beta").trace.skipped[0].provider == "alpha"

    trial, crowd = s.call(), s.call()
    assert s.send(trial, "start", 20.0) == [("start", 1, "alpha", "first")]
    assert s.send(crowd, "start", 20.0) == [("start", 1, "beta", "first")]
    s.send(trial, "attempt_failed", 20.01, 1, failed("rate_limited", retry_after_s=5.0))
    s.ask(21.0, provider="beta")
    s.ask(25.01, provider="alpha")
    s.ask(25.1, provider="alpha")


def test_a_call_that_finds_nobody_admissible_waits_for_the_first_to_return(script):
    """All breakers open: the call waits until the earliest may be probed, and carries that probe."""
    s = script(("alpha", "beta"), breaker={"last_resort_per_s": 0.0})
    s.trip(0.0, "alpha")
    until = s.trip(-2.0, "beta")
    call = s.call()

    assert s.send(call, "start", 0.5) == []
    assert s.wake == until
    assert s.send(call, "timer", until) == [("start", 1, "beta", "probe")]
    assert s.send(call, "attempt_succeeded", until + 0.1, 1) == [("finish", 1)]
    assert s.provider("beta").breaker.state == "closed"


def test_a_doubtful_provider_is_better_than_none(script, failed):
    """An open breaker makes callers prefer others; one who has no other passes it."""
    s = script(("alpha", "beta"))
    s.trip(0.0, passes=True)
    s.ask(0.1, provider="beta")
    call = s.call()
    s.send(call, "start", 0.2)
    limit = failed("rate_limited", retry_after_s=60.0)

    assert s.send(call, "attempt_failed", 0.2, 1, limit) == [("start", 2, "alpha", "fallback")]
    assert s.send(call, "attempt_succeeded", 0.4, 2) == [("finish", 2)]
    assert call.trace.attempts[1].breaker_state == "open"
    assert s.provider().breaker.state == "open"


def test_a_dead_provider_is_spared_even_by_those_who_have_no_other(script, failed):
    """What passes an open breaker and is not answered soon becomes a trickle."""
    s = script(("alpha", "beta"), breaker={"minimum_calls": 5, "last_resort_per_s": 1.0})
    s.trip(0.0, "beta")
    s.provider("beta").rate_limit.until = 100.0
    s.trip(0.0, passes=True)
    passed = 0
    for number in range(30):
        call = s.call()
        passed += len(s.send(call, "start", number / 10))
        s.send(call, "cancelled", number / 10)

    assert 5 <= passed <= 8


def test_those_who_wait_for_a_probe_follow_when_it_is_well(script):
    """A call that waits for another call's probe is not held until the probe's lease ends."""
    s = script(("alpha",), breaker={"last_resort_per_s": 0.0})
    until = s.trip(0.0)
    probe, waiting = s.call(), s.call()
    s.send(probe, "start", until)
    s.wake = None
    assert s.send(waiting, "start", until) == []
    s.send(probe, "attempt_succeeded", until + 0.02, 1)

    assert s.wake < until + 0.2
    assert s.send(waiting, "timer", s.wake) == [("start", 1, "alpha", "first")]


def test_every_provider_that_was_not_asked_says_why(script, failed):
    """The error names each attempt and each provider passed over."""
    s = script(breaker={"last_resort_per_s": 0.0})
    s.trip(0.0, "beta")
    s.fail(0.0, failed("quota_exhausted"))
    call = s.call(deadline_s=1.0)
    s.send(call, "start", 0.1)
    s.send(call, "attempt_failed", 0.2, 1, failed("auth", http_status=401, detail="the key was refused"))

    assert isinstance(s.error, AllProvidersFailed)
    lines = str(s.error).splitlines()
    assert len(lines) == 4
    assert "gamma/gamma-1 (first)" in lines[1]
    assert "auth (HTTP 401): the key was refused" in lines[1]
    assert "alpha/alpha-1 not asked: resting as it asked, until 299.900 s" in lines[2]
    assert "beta/beta-1 not asked: circuit breaker open" in lines[3]


def test_bypassing_asks_in_order_and_counts_for_nothing(script, failed):
    """An operator's call goes to an open provider, and what comes of it moves no breaker."""
    s = script()
    s.trip(0.0)
    generation = s.provider().breaker.generation
    call = s.call(bypass_breakers=True)

    s.play(
        call,
        (0.1, "start", [("start", 1, "alpha", "first")]),
        (
            0.2,
            "attempt_failed",
            1,
            failed("rate_limited", retry_after_s=9.0),
            [("start", 2, "beta", "fallback")],
        ),
        (0.3, "attempt_succeeded", 2, [("finish", 2)]),
    )
    assert s.provider().breaker.generation == generation
    assert s.provider().rate_limit.admissible_at(0.3) == 0.3


def test_events_about_the_past_do_nothing(script, failed):
    """Late news of attempts that ended, and anything after the end, is ignored."""
    s = script()
    call = s.call()
    s.send(call, "start", 0.0)
    s.send(call, "attempt_failed", 0.1, 1, failed("connect"))

    assert s.send(call, "attempt_succeeded", 0.2, 1) == []
    assert s.send(call, "attempt_succeeded", 0.3, 2) == [("finish", 2)]
    for event in ("timer", "cancelled", "resumed"):
        assert s.send(call, event, 0.4) == []
    assert s.send(call, "attempt_failed", 0.4, 2, failed("connect")) == []
    assert s.send(call, "token", 0.4, 2) == []
    assert len(call.trace.attempts) == 2


def test_a_trace_tells_the_whole_story(script, failed):
    """Status, request ids, tokens and times of every attempt are on the trace."""
    s = script()
    call = s.call()
    s.send(call, "start", 5.0)
    call.response_head(0.1, 1, 503)
    s.send(call, "attempt_failed", 5.2, 1, failed("overloaded", request_id="req-a"))
    call.response_head(0.2, 2, 200)
    s.send(
        call, "attempt_succeeded", 5.7, 2, usage=Usage(input_tokens=3, output_tokens=4), request_id="req-b"
    )

    first, second = call.trace.attempts
    assert (first.http_status, first.request_id, first.breaker_state) == (503, "req-a", "closed")
    assert first.client_request_id == f"{call.trace.call_id}-1"
    assert (second.started_s, second.finished_s) == (pytest.approx(0.2), pytest.approx(0.7))
    assert (second.usage.output_tokens, second.request_id) == (4, "req-b")
    assert call.trace.duration_s == pytest.approx(0.7)


def test_cancelling_blames_nobody(script):
    """The caller leaves: the attempt is cancelled and the breaker knows of nothing."""
    s = script()
    for now in range(100):
        call = s.call()
        s.send(call, "start", now)
        assert s.send(call, "cancelled", now + 0.5) == [("cancel", 1)]
        assert call.trace.outcome == "cancelled"

    breaker = s.provider().breaker
    assert (breaker.state, breaker._window.calls, breaker._consecutive) == ("closed", 0, 0)


def test_cancelling_a_wait_leaves_nothing(script):
    """A call that waits for a provider to return can be cancelled, and starts nothing later."""
    s = script(("alpha",))
    s.provider().breaker.force("open")
    s.provider().breaker.force(None)
    s.provider().rate_limit.until = 10.0
    call = s.call()
    assert s.send(call, "start", 0.0) == []

    assert s.send(call, "cancelled", 1.0) == []
    assert s.send(call, "timer", 10.0) == []


def test_the_time_that_an_answer_is_looked_at_is_not_its_providers(script):
    """Screening and verification take as long as they take; what is usual for the provider ends with its answer."""
    s = script()
    call = s.call()
    s.play(
        call,
        (0.0, "start", [("start", 1, "alpha", "first")]),
        (0.1, "whole", 1, []),
        (5.0, "attempt_succeeded", 1, [("finish", 1)]),
    )
    assert s.provider().answer.longest_s(5.0) == 0.1

    call = s.call(stream=True)
    s.play(
        call,
        (10.0, "start", [("start", 1, "alpha", "first")]),
        (10.2, "progress", 1, []),
        (10.5, "whole", 1, []),
        (15.0, "token", 1, [("deliver", 1)]),
        (15.0, "attempt_succeeded", 1, [("finish", 1)]),
    )
    assert s.provider().first_token.longest_s(15.0) == pytest.approx(0.2)
    assert call.trace.attempts[0].first_token_s == 5.0
