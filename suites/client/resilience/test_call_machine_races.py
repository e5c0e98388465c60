"""Hedges, late attempts, speculative restarts, and probes beside a call."""

import itertools

import pytest


def test_a_late_attempt_is_hedged_with_the_next_provider(script):
    """After half again the usual worst the next provider is asked too; the first answer wins."""
    s = script()
    s.warm(answer_s=0.1)
    call = s.call()

    s.play(
        call,
        (0.0, "start", [("start", 1, "alpha", "first")]),
        (0.14, "timer", []),
        (0.151, "timer", [("start", 2, "beta", "hedge")]),
        (0.2, "attempt_succeeded", 2, [("cancel", 1), ("finish", 2)]),
    )
    assert [(r.provider, r.outcome) for r in call.trace.attempts] == [
        ("beta", "answered"),
        ("alpha", "cancelled"),
    ]


def test_the_first_may_still_win(script):
    """The loser is cancelled and its provider blamed for nothing."""
    s = script()
    s.warm(answer_s=0.1)
    call = s.call()
    s.send(call, "start", 0.0)
    s.send(call, "timer", 0.151)

    assert s.send(call, "attempt_succeeded", 0.2, 1) == [("cancel", 2), ("finish", 1)]
    assert s.provider("beta").breaker._window.calls == 0
    assert s.provider("alpha").breaker._window.slows == 0


def test_a_failing_hedge_leaves_the_first_running(script, failed):
    """A hedge that fails ends nothing; another may be tried."""
    s = script()
    s.warm(answer_s=0.1)
    call = s.call()
    s.send(call, "start", 0.0)
    s.send(call, "timer", 0.151)

    assert s.send(call, "attempt_failed", 0.16, 2, failed("connect")) == []
    assert s.wake == 0.16
    assert s.send(call, "timer", 0.16) == [("start", 3, "gamma", "hedge")]
    assert s.send(call, "attempt_succeeded", 0.2, 1) == [("cancel", 3), ("finish", 1)]


def test_a_failing_first_leaves_the_hedge_running(script, failed):
    """No third provider is asked while the hedge is still at work."""
    s = script()
    s.warm(answer_s=0.1)
    call = s.call()
    s.send(call, "start", 0.0)
    s.send(call, "timer", 0.151)

    assert s.send(call, "attempt_failed", 0.16, 1, failed("connect")) == []
    assert s.send(call, "attempt_succeeded", 0.2, 2) == [("finish", 2)]


def test_hedges_are_paid_for(script):
    """With its budget empty a late attempt is left alone, until it is overdue by a factor."""
    s = script(hedging={"burst": 0.0, "call_share": 0.0}, breaker={"slow_min_s": 0.1, "slow_factor": 3.0})
    s.warm(answer_s=0.1)
    call = s.call()
    s.send(call, "start", 0.0)

    assert s.send(call, "timer", 0.151) == []
    assert s.send(call, "timer", 0.29) == []
    assert s.send(call, "timer", 0.301) == [("start", 2, "beta", "hedge")]


def test_every_hedge_takes_a_token(script):
    """One token saved up is one hedge; what calls earn is the next."""
    s = script(hedging={"burst": 1.0, "call_share": 0.25})
    s.warm(answer_s=0.1)
    hedged = []
    for now in range(12):
        call = s.call()
        s.send(call, "start", float(now))
        hedged.append(bool(s.send(call, "timer", now + 0.151)))
        s.send(call, "attempt_succeeded", now + 0.152, 1)

    assert hedged == [True, False, False, False] * 3


def test_nothing_is_hedged_without_a_retry_token(script):
    """Hedges count as extra load like retries do."""
    s = script(retry_budget={"capacity": 0.0, "floor_per_s": 0.0})
    s.warm(answer_s=0.1)
    call = s.call()
    s.send(call, "start", 0.0)

    assert s.send(call, "timer", 0.151) == []
    assert s.send(call, "timer", 5.0) == []


def test_hedging_can_be_switched_off(script):
    """Then a late attempt is only waited for."""
    s = script(hedging={"enabled": False})
    s.warm(answer_s=0.1)
    call = s.call(deadline_s=100.0)
    s.send(call, "start", 0.0)

    assert s.send(call, "timer", 30.0) == []


def look(s, call, until):
    """Fire the timer whenever it is asked for, up to a time; the time and actions of the first that acts."""
    while s.wake <= until:
        now = s.wake
        if actions := s.send(call, "timer", now):
            return now, actions
    return None


def test_a_provider_of_few_latencies_is_hedged_by_the_longest(script):
    """While they make no quantile, a factor over the longest holds."""
    s = script()
    s.ask(0.0, answer_s=0.2)
    call = s.call()
    s.send(call, "start", 1.0)

    assert s.wake == pytest.approx(1.6)


def test_of_calls_at_an_unknown_provider_one_scouts(script):
    """The first to be old enough asks another provider too; the next ones only look, for cold_delay_s."""
    s = script(hedging={"cold_scout_s": 0.3, "cold_delay_s": 2.0})
    first, second = s.call(), s.call()
    s.send(first, "start", 0.0)
    assert look(s, first, 2.0) == (0.3, [("start", 2, "beta", "hedge")])

    s.send(second, "start", 0.25)
    assert look(s, second, 0.59) is None


def test_scouts_become_ever_rarer(script):
    """Where all providers are slow, or the scout's one is dead, looking round costs little."""
    s = script(hedging={"cold_scout_s": 0.3, "cold_delay_s": 600.0})
    scouts = []
    for number in range(200):
        call, now = s.call(deadline_s=100.0), number * 0.05
        s.send(call, "start", now)
        scouts += [at for at, _ in [look(s, call, now + 0.31) or (None, None)] if at is not None]

    assert len(scouts) == 6
    assert all(later - sooner >= 0.3 * 2**n for n, (sooner, later) in enumerate(itertools.pairwise(scouts)))


def test_once_another_provider_has_answered_nobody_waits_for_an_unknown_one(script):
    """What it needed is known: a call older than three times that waits in vain and is hedged at once."""
    s = script(hedging={"cold_scout_s": 0.3})
    first, second, third = s.call(), s.call(), s.call()
    for now, call in ((0.0, first), (0.02, second), (0.04, third)):
        s.send(call, "start", now)
    assert s.send(first, "timer", 0.3) == [("start", 2, "beta", "hedge")]
    assert s.send(second, "timer", 0.32) == []
    s.send(first, "attempt_succeeded", 0.35, 2)

    assert s.send(second, "timer", 0.38) == [("start", 2, "beta", "hedge")]
    assert s.send(third, "timer", 0.341) == [("start", 2, "beta", "hedge")]


def test_a_provider_that_answers_meanwhile_is_known(script):
    """A call that began when nothing was known is judged by what others have learnt since."""
    s = script(hedging={"cold_scout_s": 0.3})
    call, other = s.call(), s.call()
    s.send(call, "start", 0.0)
    s.send(other, "start", 0.0)
    s.send(other, "attempt_succeeded", 0.2, 1)

    assert look(s, call, 0.59) is None
    assert look(s, call, 0.7) == (pytest.approx(0.6), [("start", 2, "beta", "hedge")])


def test_a_call_that_no_budget_helps_is_looked_at_again(script):
    """It is rescued as soon as the provider's breaker has opened, though it was refused before."""
    s = script(hedging={"burst": 0.0, "cold_delay_s": 0.3})
    call = s.call()
    s.send(call, "start", 0.0)
    assert look(s, call, 0.9) is None

    s.trip(0.9)
    _, actions = look(s, call, 1.3)
    assert actions == [("start", 2, "beta", "hedge")]


def test_lost_races_open_the_breaker_of_a_hanging_provider(script):
    """A provider overtaken three times in a row gets no further call, though none of its attempts ended."""
    s = script()
    s.warm(answer_s=0.1)
    for now in (1.0, 2.0, 3.0):
        call = s.call()
        s.send(call, "start", now)
        s.send(call, "timer", now + 0.151)
        s.send(call, "attempt_succeeded", now + 0.2, 2)

    assert s.provider().breaker.state == "open"
    s.ask(4.0, provider="beta")


def test_the_age_of_attempts_in_flight_opens_the_breaker(script):
    """Nobody need finish, fail or leave: being far beyond the usual is enough."""
    s = script(hedging={"burst": 0.0}, retry_budget={"capacity": 0.0})
    s.warm(answer_s=0.1)
    calls = [s.call() for _ in range(3)]
    for call in calls:
        s.send(call, "start", 0.0)
    for call in calls:
        s.send(call, "timer", 0.301)

    assert s.provider().breaker.state == "open"


def test_once_the_breaker_is_open_leaving_is_free(script):
    """An attempt whose provider is no longer trusted is hedged though the budgets are empty."""
    s = script(hedging={"burst": 0.0, "call_share": 0.0}, retry_budget={"capacity": 0.0, "floor_per_s": 0.0})
    s.warm(answer_s=0.1)
    call = s.call()
    s.send(call, "start", 0.0)
    s.trip(0.05)

    assert s.send(call, "timer", 0.151) == [("start", 2, "beta", "hedge")]


def test_a_late_answer_is_counted_once(script):
    """Late in flight, then answered: one slow result, no success, no failure."""
    s = script(hedging={"enabled": False})
    s.warm(answer_s=0.1)
    call = s.call()
    s.send(call, "start", 0.0)
    s.send(call, "timer", 0.301)
    s.send(call, "attempt_succeeded", 0.4, 1)

    window = s.provider().breaker._window
    assert (window.calls, window.slows, window.failures) == (1, 1, 0)


def test_the_first_token_wins_a_streams_race(script):
    """Once the hedge has a token the first is cancelled; nothing was delivered, so nothing restarts."""
    s = script()
    s.warm(stream=True, answer_s=0.1)
    call = s.call(stream=True)

    s.play(
        call,
        (0.0, "start", [("start", 1, "alpha", "first")]),
        (0.151, "timer", [("start", 2, "beta", "hedge")]),
        (0.2, "token", 2, [("cancel", 1), ("deliver", 2)]),
        (0.3, "attempt_succeeded", 2, [("finish", 2)]),
    )
    assert call.trace.restarts == 0


def stalled(s, **options):
    s.warm(stream=True, answer_s=0.1)
    call = s.call(stream=True, **options)
    s.send(call, "start", 0.0)
    s.send(call, "token", 0.1, 1)
    return call


def test_an_unusual_silence_in_mid_stream_is_raced(script):
    """Long before the stall time another provider starts; its first token restarts the stream."""
    s = script(timeouts={"stall_s": 10.0})
    call = stalled(s)

    s.play(
        call,
        (0.24, "timer", []),
        (0.36, "timer", [("start", 2, "beta", "restart")]),
        (0.45, "token", 2, [("restart", "beta"), ("cancel", 1), ("deliver", 2)]),
        (0.5, "attempt_succeeded", 2, [("finish", 2)]),
    )
    assert call.trace.restarts == 1
    assert s.provider().breaker._window.slows == 1


def test_a_stream_that_resumes_first_goes_on(script):
    """The replacement is cancelled unseen."""
    s = script(timeouts={"stall_s": 10.0})
    call = stalled(s)
    s.send(call, "timer", 0.36)

    assert s.send(call, "token", 0.4, 1) == [("cancel", 2), ("deliver", 1)]
    assert s.send(call, "attempt_succeeded", 0.5, 1) == [("finish", 1)]
    assert call.trace.restarts == 0


def test_the_loser_of_the_first_race_takes_over_a_winner_that_stalls(script):
    """It was cancelled for another's sake and has failed nobody: as good as never asked."""
    s = script(("alpha", "beta"), timeouts={"stall_s": 10.0})
    s.warm(stream=True, answer_s=0.1)
    call = s.call(stream=True)

    s.play(
        call,
        (0.0, "start", [("start", 1, "alpha", "first")]),
        (0.151, "timer", [("start", 2, "beta", "hedge")]),
        (0.16, "token", 1, [("cancel", 2), ("deliver", 1)]),
        (0.42, "timer", [("start", 3, "beta", "restart")]),
        (0.5, "token", 3, [("restart", "beta"), ("cancel", 1), ("deliver", 3)]),
        (0.6, "attempt_succeeded", 3, [("finish", 3)]),
    )


def test_raise_races_nothing(script):
    """A consumer who wants errors rather than restarts gets no speculative one."""
    s = script(streaming={"on_midstream_failure": "raise"}, timeouts={"stall_s": 10.0})
    call = stalled(s)

    assert s.send(call, "timer", 0.36) == []
    assert s.send(call, "timer", 10.1) == [("cancel", 1), ("fail", "StreamInterrupted")]


def test_a_recovering_provider_is_probed_beside_the_call(script):
    """The call goes to a healthy provider; the probe repeats its request for the breaker's sake."""
    s = script()
    until = s.trip(0.0)
    call = s.call()

    assert s.send(call, "start", until) == [("start", 1, "beta", "first"), ("probe", 2, "alpha")]
    assert s.send(call, "attempt_succeeded", until + 0.05, 1) == [("finish", 1)]
    assert s.provider().breaker.state == "half-open"
    (probe,) = s.probes
    assert s.send(probe, "start", until) == [("start", 2, "alpha", "probe")]
    s.send(probe, "attempt_succeeded", until + 0.1, 2)
    assert s.provider().breaker.state == "closed"


def test_only_one_probe_is_out(script):
    """Calls that come while a probe is out neither probe nor wait for it."""
    s = script()
    until = s.trip(0.0)
    s.send(s.call(), "start", until)

    for _ in range(50):
        assert s.send(s.call(), "start", until) == [("start", 1, "beta", "first")]


def test_a_probe_that_fails_lengthens_the_rest(script, failed):
    """The next probe goes later than the first did."""
    s = script()
    first = s.trip(0.0)
    s.send(s.call(), "start", first)
    (probe,) = s.probes
    s.send(probe, "start", first)
    assert s.send(probe, "attempt_failed", first, 2, failed("connect")) == [("fail", "AllProvidersFailed")]

    assert s.provider().breaker.admissible_at(first) - first >= 2 * s.options.breaker.open_s


def test_a_probe_that_is_late_fails(script):
    """A provider that is still slow has not recovered, and its probe is not waited for."""
    s = script()
    s.warm(answer_s=0.1)
    until = s.trip(0.0)
    s.send(s.call(), "start", until)
    (probe,) = s.probes
    s.send(probe, "start", until)

    assert s.send(probe, "timer", until + 0.151) == [("cancel", 2), ("fail", "AllProvidersFailed")]
    assert s.provider().breaker.state == "open"


def test_a_cancelled_probe_is_neutral(script):
    """Its place is free at once, and the breaker neither opens nor closes."""
    s = script()
    until = s.trip(0.0)
    s.send(s.call(), "start", until)
    (probe,) = s.probes
    s.send(probe, "start", until)
    s.send(probe, "cancelled", until + 0.01)

    assert s.provider().breaker.state == "half-open"
    assert s.send(s.call(), "start", until + 0.02)[-1] == ("probe", 2, "alpha")


def test_a_probe_nobody_drives_is_forgotten(script):
    """A lost probe blocks its provider no longer than its lease."""
    s = script(breaker={"probe_lease_s": 3.0})
    until = s.trip(0.0)
    s.send(s.call(), "start", until)

    assert s.send(s.call(), "start", until + 2.9) == [("start", 1, "beta", "first")]
    assert s.send(s.call(), "start", until + 3.0)[-1] == ("probe", 2, "alpha")


def test_a_probe_ends_with_its_lease_and_says_nothing(script):
    """A stream that flows longer than the lease is let go without a verdict."""
    s = script(breaker={"probe_lease_s": 3.0})
    until = s.trip(0.0)
    s.send(s.call(stream=True), "start", until)
    (probe,) = s.probes
    s.send(probe, "start", until)
    now = until
    while not probe.over and now < until + 5:
        now += 0.1
        s.send(probe, "token", now, 2)
        s.send(probe, "timer", now)

    assert now == pytest.approx(until + 3.0, abs=0.11)
    assert s.provider().breaker.state == "half-open"
    assert s.send(s.call(), "start", now)[-1] == ("probe", 2, "alpha")


def test_with_nobody_else_a_call_carries_the_probe(script, failed):
    """One provider left, and that one recovering: the caller tries it rather than failing unheard."""
    s = script(("alpha", "beta"))
    s.provider("beta").rate_limit.until = 1000.0
    until = s.trip(0.0)
    call = s.call()

    assert s.send(call, "start", until) == [("start", 1, "alpha", "probe")]
    assert s.send(call, "attempt_succeeded", until + 0.1, 1) == [("finish", 1)]
    assert call.trace.attempts[0].breaker_state == "half-open"


def test_traffic_returns_by_a_ramp(script):
    """After closing, a growing share comes back while another provider can take the rest."""
    s = script(breaker={"ramp_s": 10.0})
    until = s.trip(0.0)
    breaker = s.provider().breaker
    breaker.success(until, breaker.begin(until))
    asked = []
    for step in range(1000):
        call = s.call()
        (start, *_) = s.send(call, "start", until + step / 100)
        asked.append(start[2])
        s.send(call, "attempt_succeeded", until + step / 100, 1)

    shares = [asked[i : i + 250].count("alpha") / 250 for i in range(0, 1000, 250)]
    assert shares == sorted(shares)
    assert shares[0] < 0.3
    assert shares[-1] > 0.8
    s.ask(until + 10.0, provider="alpha")


def test_the_ramp_stops_nobody_who_has_no_other(script):
    """A preference, not a prohibition."""
    s = script(("alpha", "beta"))
    s.provider("beta").breaker.force("open")
    until = s.trip(0.0)
    breaker = s.provider().breaker
    breaker.success(until, breaker.begin(until))

    for _ in range(20):
        s.ask(until, answer_s=0.0, provider="alpha")
