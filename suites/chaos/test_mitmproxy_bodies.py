"""What the addon does to bodies, however their bytes are cut into pieces."""

import hashlib
import itertools

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall_chaos.faults.wire_frames import TOKEN_PATHS, sample_answers
from seawall_chaos.mitm.addon.bodies import AfterTokens, BreakNext, HalfBody, as_it_is, nothing
from seawall_chaos.mitm.addon.events import Events
from seawall_chaos.mitm.addon.rule import Rule, has_content, model_of
from seawall_simulators.draw import Draw
from seawall_simulators.wire import ProviderView, Request
from seawall_simulators.wires import WIRES

TOKEN = b"token"


def stream_of(tokens, *, end=b"\n\n"):
    """A stream of a prelude, tokens with something in between, and a tail."""
    events = [b"event: start" + end]
    for number in range(tokens):
        events.append(b"data: %b %d" % (TOKEN, number) + end)
        if number == 1:
            events.append(b": ping" + end)
    return [*events, b"data: last" + end, b"data: [DONE]" + end]


@st.composite
def cut_streams(draw):
    """A stream, and its bytes in pieces."""
    events = stream_of(draw(st.integers(0, 6)), end=draw(st.sampled_from([b"\n\n", b"\r\n\r\n"])))
    whole = b"".join(events)
    cuts = sorted(draw(st.sets(st.integers(0, len(whole)), max_size=20)))
    bounds = [0, *cuts, len(whole)]
    return events, [whole[a:b] for a, b in itertools.pairwise(bounds) if a < b]


def run(stream, pieces):
    """What a stream callable sends for these pieces and the end."""
    return b"".join(b"".join(stream(piece)) for piece in [*pieces, b""])


@given(cut_streams())
def test_events_come_out_whole_however_they_went_in(case):
    """Each event once, in order, nothing lost."""
    events, pieces = case
    splitter = Events()

    assert [event for piece in pieces for event in splitter.feed(piece)] == events
    assert splitter.rest() == b""


@given(cut_streams(), st.integers(0, 8))
def test_it_acts_after_exactly_so_many_tokens(case, after):
    """What passed holds that many tokens (all, if there are fewer), the prelude, and never the tail."""
    events, pieces = case
    tokens = sum(TOKEN in event for event in events)
    acted = []

    def act(passed, following):
        acted.append(following)
        return [passed]

    sent = run(AfterTokens(after, lambda event: TOKEN in event, act, nothing), pieces)

    if tokens == 0:
        assert (acted, sent) == ([], b"".join(events))
    else:
        assert len(acted) == 1
        assert sent.count(TOKEN) == min(after, tokens)
        assert sent.startswith(events[0])
        assert b"last" not in sent


@given(cut_streams(), st.integers(0, 8))
def test_where_nothing_is_taken_away_everything_arrives(case, after):
    """A pause changes no byte."""
    events, pieces = case
    stream = AfterTokens(after, lambda event: TOKEN in event, lambda *both: list(both), as_it_is)

    assert run(stream, pieces) == b"".join(events)


@given(cut_streams(), st.integers(0, 6))
def test_exactly_the_next_event_is_broken(case, after):
    """All others pass as they were, and it fires once."""
    events, pieces = case
    fired = []
    breaker = BreakNext(lambda: fired.append(1))
    sent = run(AfterTokens(after, lambda event: TOKEN in event, breaker.act, breaker), pieces)
    if sum(TOKEN in event for event in events) == 0:
        assert (sent, fired) == (b"".join(events), [])
        return
    left = Events().feed(sent)

    assert len(fired) == 1
    assert len(left) == len(events)
    assert sum(one != other for one, other in zip(left, events, strict=True)) == 1


@given(st.binary(min_size=1, max_size=200), st.lists(st.integers(0, 200), max_size=5))
def test_a_plain_body_is_acted_on_in_its_middle(body, cuts):
    """Half passes, half follows."""
    halves = []
    stream = HalfBody(lambda *both: halves.append(both) or [])
    bounds = [0, *sorted(min(cut, len(body)) for cut in cuts), len(body)]
    run(stream, [body[a:b] for a, b in itertools.pairwise(bounds) if a < b])

    assert halves == [(body[: len(body) // 2], body[len(body) // 2 :])]


SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}}
FUNCTION = {"name": "lookup", "parameters": SCHEMA}
ASK = "[tool:lookup]"
TOOL_REQUESTS = {
    "openai": [
        (
            "/v1/chat/completions",
            {
                "messages": [{"role": "user", "content": ASK}],
                "tools": [{"type": "function", "function": FUNCTION}],
            },
        ),
        ("/v1/responses", {"input": ASK, "tools": [{"type": "function", **FUNCTION}]}),
    ],
    "azure": [
        (
            "/openai/deployments/m/chat/completions",
            {
                "messages": [{"role": "user", "content": ASK}],
                "tools": [{"type": "function", "function": FUNCTION}],
            },
        ),
        ("/openai/v1/responses", {"input": ASK, "tools": [{"type": "function", **FUNCTION}]}),
    ],
    "anthropic": [
        (
            "/v1/messages",
            {
                "max_tokens": 99,
                "messages": [{"role": "user", "content": ASK}],
                "tools": [{"name": "lookup", "input_schema": SCHEMA}],
            },
        )
    ],
    "gemini": [
        (
            "/v1beta/models/m:streamGenerateContent",
            {
                "contents": [{"role": "user", "parts": [{"text": ASK}]}],
                "tools": [{"functionDeclarations": [FUNCTION]}],
            },
        )
    ],
}


def tool_answers(wire):
    """Streamed answers that call a tool."""
    for path, document in TOOL_REQUESTS[wire]:
        own = {} if wire == "gemini" else {"model": "m", "stream": True}
        body = msgspec.json.encode({**document, **own})
        headers = {"anthropic-version": "2023-06-01"}
        request = Request(
            method="POST", path=path, query="alt=sse&api-version=2024-10-21", headers=headers, body=body
        )
        yield WIRES[wire].answer(request, ProviderView(name="p", models=("m",), tokens=4), Draw(b"x"))


@pytest.mark.parametrize("wire", WIRES)
def test_content_tokens_are_told_from_other_events_as_the_wire_itself_does(wire):
    """On every streaming operation, tools included: one event counts in what is sent as a token, none elsewhere."""
    for answer in [*sample_answers(wire).values(), *tool_answers(wire)]:
        for frame in answer.token_chunks:
            counted = [has_content(event, TOKEN_PATHS[wire]) for event in Events().feed(frame)]
            assert counted == [False] * (len(counted) - 1) + [True], frame
        for frame in (*answer.head_chunks, *answer.tail_chunks):
            assert not any(has_content(event, TOKEN_PATHS[wire]) for event in Events().feed(frame)), frame
        assert answer.token_chunks


@pytest.mark.parametrize("wire", WIRES)
def test_every_wire_has_an_error_event(wire):
    """A frame that is an event of its own."""
    for answer in sample_answers(wire).values():
        frame = answer.error_frame(None)
        assert len(Events().feed(frame)) == 1
        assert b"error" in frame


@given(st.integers(0, 2**63 - 1), st.lists(st.text(min_size=1), min_size=1, max_size=20, unique=True))
def test_a_rules_choice_depends_on_seed_and_request_only(seed, requests):
    """Whatever the order; all at 1, none at 0."""
    rule = Rule("x", "alpha", "respond", 0.5, seed, None, {})
    everything, no_thing = (Rule("x", "alpha", "respond", p, seed, None, {}) for p in (1.0, 0.0))
    picked = {key for key in requests if rule.picks(key)}

    assert picked == {key for key in reversed(requests) if rule.picks(key)}
    assert all(everything.picks(key) for key in requests)
    assert not any(no_thing.picks(key) for key in requests)


def test_a_rules_share_is_its_probability():
    """Of ten thousand, about a third."""
    rule = Rule("x", "alpha", "respond", 1 / 3, 1, None, {})
    keys = (hashlib.sha256(str(number).encode()).hexdigest() for number in range(10_000))

    assert 3100 < sum(rule.picks(key) for key in keys) < 3570


@pytest.mark.parametrize(
    ("path", "body", "model"),
    [
        ("/v1/chat/completions", b'{"model": "gpt"}', "gpt"),
        ("/v1beta/models/gemini:streamGenerateContent?alt=sse", b"{}", "gemini"),
        ("/v1/chat/completions", b"not json", None),
        ("/v1/chat/completions", b'["model"]', None),
        ("/v1/chat/completions", None, None),
    ],
)
def test_the_model_of_a_request(path, body, model):
    """In the path or in the body, or nowhere."""
    assert model_of(path, body) == model
