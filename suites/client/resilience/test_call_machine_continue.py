"""A stream that broke off and is gone on from: who may, when it is a restart instead, and what the trace says."""

import msgspec
import pytest

from seawall.resilience.traits import ProviderTraits


@pytest.fixture
def scripted(script):
    """Make a script in which these providers take a text to go on from."""

    def make(*prefilled, names=("alpha", "beta", "gamma"), **options):
        streaming = {"on_midstream_failure": "continue", **options.pop("streaming", {})}
        s = script(names, streaming=streaming, **options)
        for name in prefilled:
            s.provider(name).traits = msgspec.structs.replace(ProviderTraits(), prefill=True)
        return s

    return make


def flowing(s, *, tokens=2, **options):
    call = s.call(stream=True, **options)
    s.send(call, "start", 0.0)
    for number in range(tokens):
        s.send(call, "token", 0.01 * (number + 1), 1)
    return call


def test_the_next_provider_goes_on(scripted, failed):
    """The consumer is told nothing; the trace tells who went on from whom, and counts it."""
    s = scripted("beta")
    call = flowing(s)

    s.play(
        call,
        (0.1, "attempt_failed", 1, failed("stream_cut"), [("start", 2, "beta", "continue")]),
        (0.2, "token", 2, [("deliver", 2)]),
        (0.3, "attempt_succeeded", 2, [("finish", 2)]),
    )
    assert (call.trace.continuations, call.trace.restarts) == (1, 0)
    assert [record.continued_from for record in call.trace.attempts] == [None, "alpha"]


def test_one_that_can_go_on_is_preferred(scripted, failed):
    """Of those not yet asked it is the one that takes a text to go on from, wherever it stands."""
    s = scripted("gamma")
    call = flowing(s)

    assert s.send(call, "attempt_failed", 0.1, 1, failed("stream_cut")) == [("start", 2, "gamma", "continue")]


def test_where_nobody_can_go_on_it_is_a_restart(scripted, failed):
    """The stream starts over at the next provider."""
    s = scripted()
    call = flowing(s)

    assert s.send(call, "attempt_failed", 0.1, 1, failed("stream_cut")) == [("start", 2, "beta", "restart")]
    assert s.send(call, "token", 0.2, 2) == [("restart", "beta"), ("deliver", 2)]


def test_nobody_goes_on_from_a_tool_call(scripted, failed):
    """Once one has begun the answer starts over, and what starts over may be gone on from again."""
    s = scripted("beta", "gamma")
    call = flowing(s)
    call.tool_begun(1)
    s.send(call, "token", 0.05, 1)
    assert s.send(call, "attempt_failed", 0.1, 1, failed("stream_cut")) == [("start", 2, "beta", "restart")]
    assert s.send(call, "token", 0.2, 2) == [("restart", "beta"), ("deliver", 2)]

    assert s.send(call, "attempt_failed", 0.3, 2, failed("stream_cut")) == [("start", 3, "gamma", "continue")]


def test_an_answer_that_has_to_be_whole_starts_over(scripted, failed):
    """A schema is not followed by two halves."""
    s = scripted("beta")
    call = flowing(s)
    call.rule_out_continuing()

    assert s.send(call, "attempt_failed", 0.1, 1, failed("stream_cut")) == [("start", 2, "beta", "restart")]


def test_one_that_refuses_the_text_is_asked_for_a_whole_answer(scripted, failed):
    """Its 400 is about the text it was given; it blames no request and bars nobody."""
    s = scripted("beta", names=("alpha", "beta"))
    call = flowing(s)
    s.send(call, "attempt_failed", 0.1, 1, failed("stream_cut"))

    assert s.send(call, "attempt_failed", 0.2, 2, failed("invalid_request")) == [
        ("start", 3, "beta", "restart")
    ]
    assert s.send(call, "token", 0.3, 3) == [("restart", "beta"), ("deliver", 3)]
    assert s.send(call, "attempt_succeeded", 0.4, 3) == [("finish", 3)]
    assert (call.trace.continuations, call.trace.restarts) == (0, 1)


def test_a_continuation_that_fails_is_continued(scripted, failed):
    """Before its first token by another provider from the same text; after it, from what it added."""
    s = scripted("beta", "gamma")
    call = flowing(s)
    s.send(call, "attempt_failed", 0.1, 1, failed("stream_cut"))
    assert s.send(call, "attempt_failed", 0.2, 2, failed("overloaded")) == [("start", 3, "gamma", "continue")]
    assert s.send(call, "token", 0.3, 3) == [("deliver", 3)]

    s.send(call, "attempt_failed", 0.4, 3, failed("stream_cut"))
    while not (again := s.send(call, "timer", s.wake)):
        pass
    assert again == [("start", 4, "beta", "continue")]
    s.send(call, "attempt_succeeded", 9.0, 4)
    assert [record.continued_from for record in call.trace.attempts] == [None, "alpha", "alpha", "gamma"]


def test_continuations_are_limited_with_restarts(scripted, failed):
    """Both are counted against restarts_max."""
    s = scripted("beta", "gamma", streaming={"restarts_max": 1})
    call = flowing(s)
    s.send(call, "attempt_failed", 0.1, 1, failed("stream_cut"))
    s.send(call, "token", 0.2, 2)

    assert s.send(call, "attempt_failed", 0.3, 2, failed("stream_cut")) == [("fail", "StreamInterrupted")]


def test_a_silent_stream_is_gone_on_from_before_it_is_given_up(scripted):
    """Whoever brings the next token has the stream; if it is the first, the continuation is ended."""
    s = scripted("beta")
    call = flowing(s)
    assert s.send(call, "timer", 0.19) == [("start", 2, "beta", "continue")]
    assert s.send(call, "token", 0.2, 1) == [("cancel", 2), ("deliver", 1)]

    other = flowing(s)
    s.send(other, "timer", 0.19)
    assert s.send(other, "token", 0.2, 2) == [("cancel", 1), ("deliver", 2)]
    assert s.send(other, "attempt_succeeded", 0.3, 2) == [("finish", 2)]
    assert (other.trace.continuations, other.trace.restarts) == (1, 0)


def test_a_commit_window_holds_a_continuation_back_too(scripted, failed):
    """One that fails among its first tokens has changed nothing: another goes on from the same text."""
    s = scripted("beta", "gamma", streaming={"buffer_tokens": 2})
    call = flowing(s, tokens=3)
    s.send(call, "attempt_failed", 0.1, 1, failed("stream_cut"))
    assert s.send(call, "token", 0.2, 2) == []

    assert s.send(call, "attempt_failed", 0.3, 2, failed("stream_cut")) == [("start", 3, "gamma", "continue")]
    assert s.send(call, "token", 0.4, 3, 3) == [("deliver", 3)]
    s.send(call, "attempt_succeeded", 0.5, 3)
    assert call.trace.continuations == 1
    assert call.trace.attempts[-1].continued_from == "alpha"
