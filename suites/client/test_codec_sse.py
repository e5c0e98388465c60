"""Server-sent events out of bytes, however the bytes are split."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall.providers.sse import COMMENT, SseEvent, SseParser


def parse(*chunks, limit=1_000):
    parser = SseParser(limit)
    events = [event for chunk in chunks for event in parser.feed(chunk)]
    return events, parser


@pytest.mark.parametrize("end", [b"\n", b"\r", b"\r\n"])
def test_lines_end_in_any_of_the_three_ways(end):
    """LF, CR and CRLF mean the same."""
    body = end.join([b"event: a", b"data: 1", b"", b"data: 2", b"", b""])

    assert parse(body)[0] == [SseEvent(b"a", b"1"), SseEvent(b"", b"2")]


def test_a_crlf_may_be_split_between_its_characters():
    """The LF that follows a CR in the next chunk ends no line of its own."""
    assert parse(b"data: 1\r", b"\n\r", b"\n")[0] == [SseEvent(b"", b"1")]
    assert parse(b"data: 1\r", b"\ndata: 2\r\n\r\n")[0] == [SseEvent(b"", b"1\n2")]


def test_fields_are_read_as_the_standard_says():
    """The space is optional and only one is taken, data lines join, unknown fields do not matter."""
    assert parse(b"data:{}\n\n")[0] == [SseEvent(b"", b"{}")]
    assert parse(b"data:  x\n\n")[0] == [SseEvent(b"", b" x")]
    assert parse(b"data: a\ndata: b\nid: 7\nretry: 1\nfoo\n\n")[0] == [SseEvent(b"", b"a\nb")]
    assert parse(b"\xef\xbb\xbfdata: x\n\n")[0] == [SseEvent(b"", b"x")]
    assert parse(b"event: x\n\n\n\n")[0] == []


def test_comments_are_told_apart_from_events():
    """A comment is a sign of life and nothing more."""
    assert parse(b": keep-alive\n\n:\n")[0] == [COMMENT, COMMENT]


def test_an_event_without_its_blank_line_is_not_delivered_but_can_be_asked_for():
    """Only the end of the body shows that nothing more belongs to it."""
    events, parser = parse(b"data: 1\n\ndata: 2\ndata: 3")

    assert events == [SseEvent(b"", b"1")]
    assert parser.flush() == [SseEvent(b"", b"2\n3")]
    assert parser.flush() == []


@pytest.mark.parametrize(
    "chunks",
    [
        [b"data: " + b"x" * 200],
        [b"data: x\n" * 40],
        [b"x" * 60] * 2,
        [b": " + b"x" * 200 + b"\n"],
        [b"event: x\n" * 40],
    ],
)
def test_an_event_beyond_the_limit_is_given_up(chunks):
    """Neither one endless line nor endless lines are kept."""
    events, parser = parse(b"data: first\n\n", *chunks, b"\n\ndata: later\n\n", limit=100)

    assert events == [SseEvent(b"", b"first")]
    assert parser.overflowed
    assert parser.flush() == []


def test_a_line_without_an_end_is_given_up_as_it_grows():
    """It is not kept until it ends."""
    parser = SseParser(100)
    for _ in range(11):
        parser.feed(b"x" * 10)

    assert parser.overflowed


def test_many_small_events_are_no_large_one():
    """The limit is per event."""
    events, parser = parse(b"data: 12345\n\n" * 1_000, limit=20)

    assert len(events) == 1_000
    assert not parser.overflowed


fragments = st.lists(
    st.sampled_from(
        [
            b"data: a",
            b"data:b",
            b"event: e",
            b":c",
            b"\n",
            b"\r",
            b"\r\n",
            b"\n\n",
            b"\xef\xbb\xbf",
            b"x" * 30,
        ]
    )
).map(b"".join)


@settings(max_examples=300, deadline=None)
@given(body=fragments | st.binary(max_size=80), cuts=st.lists(st.integers(0, 400), max_size=8))
def test_how_bytes_are_split_changes_nothing(body, cuts):
    """Any split gives the same events and the same overflow."""
    edges = sorted({0, len(body), *(cut for cut in cuts if cut <= len(body))})
    pieces = [body[a:b] for a, b in pairwise(edges)]

    whole, one = parse(body, limit=40)
    split, other = parse(*pieces, limit=40)

    assert split == whole
    assert other.overflowed == one.overflowed
    assert other.flush() == one.flush()
