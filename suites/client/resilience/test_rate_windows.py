"""A provider whose headers say that nothing is left is passed over before it says 429."""

import pytest

from seawall.resilience.rate_limits import RateWindow

SPENT = "its headers say that nothing is left of its rate limit"


def answered(s, now, window, **options):
    """A call that the first provider answers with these headers."""
    call = s.call(**options)
    (start,) = s.send(call, "start", now)
    call.response_head(now, 1, 200, window)
    s.send(call, "attempt_succeeded", now, 1)
    return start[2]


def asked(s, now):
    """Whom a call asks; it is left running."""
    call = s.call()
    return s.send(call, "start", now)[0][2]


@pytest.mark.parametrize("window", [RateWindow(0, 5.0), RateWindow(9, 60.0, 0, 5.0)])
def test_an_exhausted_provider_is_passed_over_until_its_reset(script, window):
    """Requests or tokens: either will do. The trace says why and until when."""
    s = script()
    assert answered(s, 0.0, window) == "alpha"
    call = s.call()
    s.play(
        call, (1.0, "start", [("start", 1, "beta", "first")]), (1.1, "attempt_succeeded", 1, [("finish", 1)])
    )

    (skipped,) = call.trace.skipped
    assert (skipped.provider, skipped.why, skipped.until_s) == ("alpha", SPENT, 4.0)
    assert asked(s, 5.01) == "alpha"


def test_those_sent_since_are_taken_off(script):
    """Two were left after the first call; two more are on their way, so a fourth goes elsewhere."""
    s = script()
    assert answered(s, 0.0, RateWindow(2, 30.0)) == "alpha"

    assert [asked(s, 1.0) for _ in range(3)] == ["alpha", "alpha", "beta"]


def test_an_older_answer_is_no_news(script):
    """A response that overtakes another one's counts by when its request was sent."""
    s = script()
    early, late = s.call(), s.call()
    s.send(early, "start", 0.0)
    s.send(late, "start", 0.0)
    late.response_head(0.1, 1, 200, RateWindow(0, 30.0))
    early.response_head(0.2, 1, 200, RateWindow(100, 30.0))

    assert asked(s, 0.3) == "beta"


def test_better_news_ends_it_at_once(script):
    """A later response with something left is believed, and so is one without a word."""
    s = script()
    calls = [s.call() for _ in range(2)]
    for call in calls:
        s.send(call, "start", 0.0)
    calls[0].response_head(0.1, 1, 200, RateWindow(0, 30.0))
    calls[1].response_head(0.2, 1, 200, RateWindow(50, 30.0))

    assert asked(s, 0.3) == "alpha"


def test_who_has_nobody_else_asks_it_all_the_same(script):
    """A window that says nothing is left, for ever, makes no provider useless."""
    s = script(("alpha",))

    assert [answered(s, float(now), RateWindow(0, 86_400.0)) for now in range(5)] == ["alpha"] * 5


def test_a_reset_in_a_year_is_capped(script):
    """It is tried again after `window_max_s`."""
    s = script(rate_limits={"window_max_s": 60.0})
    answered(s, 0.0, RateWindow(0, 31_536_000.0))

    assert asked(s, 59.0) == "beta"
    assert asked(s, 60.1) == "alpha"


def test_it_can_be_turned_off(script):
    """Then headers are not believed."""
    s = script(rate_limits={"use_headers": False})
    answered(s, 0.0, RateWindow(0, 30.0))

    assert asked(s, 1.0) == "alpha"


def test_a_spent_window_is_a_better_last_resort_than_an_open_breaker(script):
    """With nobody healthy left, who may only be out of budget is asked first."""
    s = script(("alpha", "beta"))
    s.trip(0.0, "alpha", passes=True)
    call = s.call()
    s.send(call, "start", 0.0)
    call.response_head(0.0, 1, 200, RateWindow(0, 30.0))

    assert asked(s, 0.1) == "beta"
