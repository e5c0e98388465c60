"""Whatever bytes arrive, in whatever pieces: deltas and a reply, or one `ProviderError`. Nothing else, ever."""

import json
import math
import tracemalloc
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seawall.messages import ProviderReply
from seawall.providers.limits import LimitOptions
from seawall.providers.retry_after import RETRY_AFTER_S_MAX
from seawall.resilience.failures import Failure

TOKENS = [
    b"\n\n", b"\r", b"data: ", b"data:[DONE]\n\n", b"event: error\n", b":\n", b"{", b"}", b"[", b"]", b'"', b"\\",
    b"null", b"true", b"-1", b"1e400", b"9" * 30, b"NaN", b'"\\ud800"', b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf",
    b"\x00", b"<html>", b'{"error": {}}', b'{"error": {"message": 1}}', b'"finish_reason": "stop"', b"[" * 80,
    b'"output_index": -5', b'{"type": "response.completed"}', b'"response.output_item.done"', b'"thoughtSignature": 1', b'"reasoning_content": "hm",',
    b'"extra_content": {"a": "\xff"},',
    b'"type": "thinking"', b'"type": "function_call"',
    b'{"type": "error"}', b'"tool_calls": [{}]', b'"index": -5', b'{"candidates": [{"content": {"parts": [{}]}}]}',
]  # fmt: skip
HEADERS = st.fixed_dictionaries(
    {},
    optional={
        "content-type": st.sampled_from(
            ["text/event-stream", "application/json", "", "text/html", "a/b;c=d"]
        ),
        "content-length": st.sampled_from(["0", "12", "-1", "x", "9" * 40]),
        "retry-after": st.sampled_from(["1", "-1", "inf", "Wed, 21 Oct 2026 07:28:00 GMT", "x"]) | st.text(),
        "x-request-id": st.text(max_size=10),
        "request-id": st.text(max_size=10),
    },
)


@st.composite
def damaged(draw, wire):
    """A body that began as real traffic: cut, doubled, reordered, overwritten."""
    body = draw(
        st.sampled_from(
            [
                b"".join(wire.stream),
                b"".join(wire.tool_stream),
                wire.document,
                wire.error,
                wire.error_frame,
                b"",
            ]
        )
    )
    for _ in range(draw(st.integers(0, 4))):
        at = draw(st.integers(0, len(body)))
        to = draw(st.integers(at, min(len(body), at + 40)))
        piece = draw(st.sampled_from(TOKENS) | st.binary(max_size=6) | st.just(body[at:to]))
        keep = body[to:] if draw(st.booleans()) else body[at:]
        body = body[:at] + piece + keep
    return body


def pieces(body, cuts):
    edges = sorted({0, len(body), *(cut % (len(body) + 1) for cut in cuts)})
    return [body[a:b] for a, b in pairwise(edges)]


LIMITS = LimitOptions(stream_bytes_max=4_096, body_bytes_max=2_048, event_bytes_max=1_024)
RESPONSES = st.fixed_dictionaries(
    {
        "status": st.sampled_from([200, 200, 200, 200, 204, 301, 400, 429, 500, 529]),
        "headers": HEADERS,
        "stream": st.booleans(),
    }
)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), response=RESPONSES, cuts=st.lists(st.integers(0, 10_000), max_size=12))
def test_any_bytes_give_an_answer_or_one_failure_however_they_are_split(wire, data, response, cuts):
    """And the split changes neither what is handed out nor how it ends."""
    body = data.draw(damaged(wire) | st.binary(max_size=200))
    codec = wire.codec(limits=LIMITS)

    whole = wire.decode([body], **response, codec=codec)
    split = wire.decode(pieces(body, cuts), **response, codec=codec)

    assert (whole.text, whole.calls) == (split.text, split.calls)
    assert (whole.reply, whole.failure) == (split.reply, split.failure)
    assert isinstance(whole.reply, ProviderReply) != isinstance(whole.failure, Failure)
    if whole.failure:
        assert 0 < (whole.failure.retry_after_s or 1) <= RETRY_AFTER_S_MAX
    if response["stream"] and whole.reply:
        # What was handed out is the answer: nothing is missing and nothing is slipped in.
        assert whole.reply.text == whole.text
        assert [(call.id, call.name, call.arguments) for call in whole.reply.tool_calls] == [
            (call_id, name, arguments or "{}") for call_id, name, arguments in whole.calls
        ]


VECTORS = {
    "openai_chat": {
        "object": "list",
        "model": "m-1",
        "data": [{"index": 1, "embedding": "AACAPwAAAAA="}, {"index": 0, "embedding": [0.5, 1]}],
        "usage": {"prompt_tokens": 7, "total_tokens": 7},
    },
    "gemini": {"embeddings": [{"values": [0.5, 1.0]}, {"values": [1.0, 0.0]}]},
}
NUMBERS = [
    b"1e400",
    b"9" * 400,
    b'"AAAA"',
    b'"AADAfw=="',
    b'"="',
    b'"index": 0',
    b'"index": -1',
    b"[]",
    b"null",
]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), response=RESPONSES, cuts=st.lists(st.integers(0, 10_000), max_size=12))
@pytest.mark.parametrize("name", sorted(VECTORS))
def test_any_bytes_give_fitting_vectors_or_one_failure(embedding_wire, name, data, response, cuts):
    """As many as there are texts, all of one length and of finite numbers, whatever was sent."""
    body = json.dumps(VECTORS[name]).encode()
    for _ in range(data.draw(st.integers(0, 3))):
        at = data.draw(st.integers(0, len(body)))
        piece = data.draw(st.sampled_from(NUMBERS + TOKENS) | st.binary(max_size=6))
        body = body[:at] + piece + body[data.draw(st.integers(at, min(len(body), at + 20))) :]
    del response["stream"]
    whole = embedding_wire(name, [body], texts=2, **response)
    split = embedding_wire(name, pieces(body, cuts), texts=2, **response)

    assert (whole.reply, whole.failure) == (split.reply, split.failure)
    assert (whole.reply is None) != (whole.failure is None)
    if whole.reply:
        first, second = whole.reply.vectors
        assert len(first) == len(second) > 0
        assert all(math.isfinite(number) for number in (*first, *second))


def test_byte_by_byte_is_the_same(wire):
    """The finest split there is, through characters, line ends and JSON."""
    for body in (
        b"".join(wire.stream),
        b"".join(wire.tool_stream),
        b"".join(wire.stream).replace(b"\n", b"\r\n"),
    ):
        whole = wire.decode([body])
        split = wire.decode([body[i : i + 1] for i in range(len(body))])

        assert whole.reply is not None
        assert (split.text, split.calls, split.reply) == (whole.text, whole.calls, whole.reply)


@pytest.mark.parametrize("stream", [False, True], ids=["document", "stream"])
@pytest.mark.parametrize("endless", [b"x" * 65_536, b": ping\n" * 9_000, b"data: {}\n\n" * 6_000])
def test_memory_stays_within_the_limit(wire, stream, endless):
    """A hundred megabytes that never end cost no more than what the limit lets in."""
    codec = wire.codec(limits=LimitOptions(body_bytes_max=262_144, stream_bytes_max=262_144))
    tracemalloc.start()
    try:
        outcome = wire.decode((endless for _ in range(1_600)), stream=stream, codec=codec)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()

    assert outcome.failure is not None
    assert peak < 16 * 262_144
