"""What a hostile provider can do to a service through the wire: nothing but fail its own call."""

import asyncio
import io
import resource
import zlib

import pytest

from seawall import AllProvidersFailed, LLMError, LLMManager
from seawall.telemetry.logs import configure_json_logs

pytestmark = pytest.mark.security

MIB = 1 << 20
EVENT_STREAM = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n"
JSON = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n"


def kind_of(caught):
    """The failure kind of the one attempt."""
    return caught.value.trace.attempts[-1].failure.kind.value


async def stream_all(llm):
    """Everything a stream yields."""
    async with llm.stream("hello") as events:
        return [event async for event in events]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_takes_neither_prompt_nor_key_to_another_host(llm, provider, elsewhere, status):
    """The second host hears nothing at all; the call fails."""
    provider.says(
        b"HTTP/1.1 %d Moved\r\nlocation: %s\r\ncontent-length: 0\r\n\r\n" % (status, elsewhere.url.encode())
    )

    with pytest.raises(AllProvidersFailed) as caught:
        await llm.complete("a secret question")

    assert kind_of(caught) == "bad_response"
    assert elsewhere.requests == []
    assert b"a secret question" in provider.requests[0]


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
async def test_a_decompression_bomb_stays_small(llm, provider, encoding):
    """A few hundred kilobytes that would be a quarter of a gigabyte never are."""
    bomb = compressed(b" " * MIB, times=256, gzipped=encoding == "gzip")
    head = JSON + b"content-encoding: %s\r\ncontent-length: %d\r\n\r\n" % (encoding.encode(), len(bomb))
    provider.says(head, bomb)
    before = peak_rss_mib()

    with pytest.raises(AllProvidersFailed) as caught:
        await llm.complete("hello")

    assert kind_of(caught) == "bad_response"
    assert peak_rss_mib() - before < 96


def compressed(block, *, times, gzipped):
    """The block so many times over, compressed without ever being whole."""
    compressor = zlib.compressobj(1, zlib.DEFLATED, 31 if gzipped else 15)
    return b"".join(compressor.compress(block) for _ in range(times)) + compressor.flush()


def peak_rss_mib():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


ENDLESS = {
    "one line": (EVENT_STREAM, b"data: " + b"x" * 65_530),
    "one event": (EVENT_STREAM, b"data: x\n" * 8_192),
    "comments": (EVENT_STREAM, b": " + b"x" * 1_021 + b"\n"),
    "empty events": (EVENT_STREAM, b"\n\n" * 32_768),
    "no stream at all": (EVENT_STREAM, b"<html>" * 10_000),
}


@pytest.mark.parametrize("what", ENDLESS)
async def test_a_stream_without_end_or_sense_is_cut_off(llm, provider, what):
    """Whatever it is made of, it ends as one typed failure after a bounded number of bytes."""
    provider.goes_on(*ENDLESS[what])

    with pytest.raises(LLMError):
        await stream_all(llm)

    assert provider.sent < 300 * MIB


async def test_a_body_without_end_is_cut_off(llm, provider):
    """An answer that is not streamed is bounded too."""
    provider.goes_on(JSON + b"\r\n", b'{"a": "' + b"x" * 65_529)

    with pytest.raises(AllProvidersFailed) as caught:
        await llm.complete("hello")

    assert kind_of(caught) == "bad_response"
    assert provider.sent < 300 * MIB


async def test_headers_without_end_are_cut_off(llm, provider):
    """The limit is on the head as a whole, not on one header."""
    provider.goes_on(b"HTTP/1.1 200 OK\r\n", b"x-padding: " + b"y" * 1_000 + b"\r\n")

    with pytest.raises(AllProvidersFailed) as caught:
        await llm.complete("hello")

    assert kind_of(caught) == "bad_response"
    assert provider.sent < 8 * MIB


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
async def test_deep_json_does_not_exhaust_the_stack(llm, provider, opening):
    """A hundred thousand levels are a bad response, not a crash."""
    body = opening * 100_000
    provider.says(JSON + b"content-length: %d\r\n\r\n" % len(body), body)

    with pytest.raises(AllProvidersFailed) as caught:
        await llm.complete("hello")

    assert kind_of(caught) == "bad_response"


async def test_the_key_is_in_nothing_a_service_might_print(llm, provider, key, logger):
    """A provider that echoes the key finds no way to have it logged or raised."""
    body = b'{"error": {"message": "bad key %s", "type": "%s", "code": "%s"}}' % ((key.encode(),) * 3)
    provider.says(
        b"HTTP/1.1 401 Unauthorized\r\ncontent-type: application/json\r\nx-request-id: %s\r\ncontent-length: %d\r\n\r\n"
        % (key.encode(), len(body)),
        body,
    )
    log = io.StringIO()
    configure_json_logs(log)
    with pytest.raises(LLMError) as caught:
        await llm.complete("hello")

    shown = [
        str(caught.value),
        repr(caught.value),
        repr(caught.value.trace),
        repr(llm.settings),
        str(llm.settings),
    ]
    assert key.encode() in provider.requests[0]
    assert log.getvalue()
    assert [text for text in (*shown, log.getvalue()) if key in text] == []


async def test_cookies_of_a_provider_are_not_kept(llm, provider, chat_body):
    """What it sets is not sent back: calls of different users share the connection pool."""
    body = chat_body("fine")
    head = JSON + b"connection: close\r\nset-cookie: tracker=1; Path=/\r\ncontent-length: %d\r\n\r\n" % len(
        body
    )
    provider.says(head, body)

    await llm.complete("first")
    await llm.complete("second")

    assert len(provider.requests) == 2
    assert b"tracker" not in provider.requests[1]


async def test_a_lying_length_is_no_answer(llm, provider, chat_body):
    """A body shorter than its content-length is cut, however well it parses."""
    body = chat_body("half of the tru")
    provider.says(JSON + b"content-length: %d\r\n\r\n" % (len(body) + 10), body)

    with pytest.raises(AllProvidersFailed):
        await llm.complete("hello")


async def test_a_provider_that_trickles_headers_is_given_up(provider, key):
    """The deadline holds against a byte now and then."""

    async def trickle():
        yield b"HTTP/1.1 200 OK\r\n"
        for _ in range(400):
            await asyncio.sleep(0.02)
            yield b"x-a: b\r\n"

    provider.answer = trickle
    entry = {"name": "mallory", "wire": "openai_chat", "model": "m", "base_url": provider.url, "api_key": key}
    started = asyncio.get_running_loop().time()
    async with LLMManager.from_settings(
        environ={}, overrides={"providers": [entry], "deadline_s": 0.4}
    ) as llm:
        with pytest.raises(LLMError):
            await llm.complete("hello")

    assert asyncio.get_running_loop().time() - started < 3
