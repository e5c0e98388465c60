"""The server speaks HTTP/1.1 as clients and proxies need it, and stands anything else."""

import asyncio
import json
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from seawall_simulators.connection import BODY_BYTES_MAX, HEAD_BYTES_MAX, PIPELINED_MAX
from seawall_simulators.wires import WIRES

POST = b"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\n"
BODY = b'{"model":"m","messages":[{"role":"user","content":"hello"}]}'


async def test_a_connection_serves_one_request_after_the_other(serve):
    """Keep-alive: two answers on one connection, which is still open."""
    client = await (await serve()).connect()

    assert [(await client.chat()).status for _ in range(2)] == [200, 200]
    assert not client.reader.at_eof()


async def test_pipelined_requests_are_answered_in_order(serve):
    """Many more requests than are held back at once, sent in one piece: as many answers, in their order."""
    client = await (await serve(alpha={"behaviour": {"first_token_ms": {"median": 1}}})).connect()
    n = PIPELINED_MAX * 3
    requests = [
        client.encode("GET", "/v1/models/m", headers={"x-client-request-id": str(i)}) for i in range(n - 1)
    ]
    slow = client.encode("POST", "/v1/chat/completions", body=BODY)

    await client.send(slow + b"".join(requests))
    answers = [(await client.receive()).json["object"] for _ in range(n)]

    assert answers == ["chat.completion"] + ["model"] * (n - 1)


async def test_a_client_that_does_not_read_is_not_answered_without_bound(serve):
    """Megabytes of pipelined requests and nobody reading: the server stops reading, and goes on when read from."""
    served = await serve(alpha={"behaviour": {"tokens": 2000}})
    client = await served.connect()
    n = 1000
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "x" * 20_000}]}).encode()
    sending = asyncio.create_task(client.send(client.encode("POST", "/v1/chat/completions", body=body) * n))
    while not any(connection.paused for connection in served.simulators._connections):
        await served.rows()

    answered = [len(await served.rows()) for _ in range(30)]

    assert not sending.done()
    assert answered[-1] < n / 2
    received = [len((await client.receive()).body) for _ in range(n)]
    await sending
    assert min(received) > 2000


async def test_head_is_get_without_its_body(serve):
    """HEAD: the same head, no body, and the connection goes on."""
    client = await (await serve()).connect()

    head = await client.ask("HEAD", "/v1/models")
    get = await client.ask("GET", "/v1/models")

    assert head.headers["content-length"] == get.headers["content-length"] == str(len(get.body))


async def test_a_client_that_expects_100_continue_is_told_to(serve):
    """The interim answer comes before the body is sent, the final one after."""
    client = await (await serve()).connect()

    await client.send(POST + b"content-length: %d\r\nexpect: 100-continue\r\n\r\n" % len(BODY))
    interim = await client.receive()
    await client.send(BODY)

    assert interim.status == 100
    assert (await client.receive()).status == 200


async def test_http_1_0_gets_no_chunks(serve):
    """An old client gets the stream as it is, ended by the close of the connection."""
    client = await (await serve()).connect()
    body = BODY[:-1] + b',"stream":true}'

    await client.send(b"POST /v1/chat/completions HTTP/1.0\r\ncontent-length: %d\r\n\r\n" % len(body) + body)
    response = await client.receive()

    assert "transfer-encoding" not in response.headers
    assert response.headers["connection"] == "close"
    assert response.body.startswith(b"data: {")
    assert response.body.endswith(b"data: [DONE]\n\n")


async def test_connection_close_is_obeyed(serve):
    """The answer says so and the connection ends."""
    client = await (await serve()).connect()

    response = await client.ask("GET", "/v1/models", headers={"connection": "close"})

    assert response.headers["connection"] == "close"
    assert await client.rest() == (b"", "fin")


async def test_an_offer_to_upgrade_is_declined(serve):
    """A request that offers h2c is answered as any other, and is the last on its connection."""
    client = await (await serve()).connect()

    response = await client.ask("GET", "/v1/models", headers={"connection": "upgrade", "upgrade": "h2c"})

    assert (response.status, response.headers["connection"]) == (200, "close")
    assert await client.rest() == (b"", "fin")


@pytest.mark.parametrize("body", [BODY, b""], ids=["body", "empty"])
async def test_a_chunked_request_is_read(serve, body):
    """As proxies forward streamed uploads."""
    client = await (await serve()).connect()
    pieces = [body[i : i + 7] for i in range(0, len(body), 7)]
    chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces)

    await client.send(POST + b"transfer-encoding: chunked\r\n\r\n" + chunks + b"0\r\n\r\n")

    assert (await client.receive()).status == (200 if body else 400)


async def test_an_absolute_target_is_understood(serve):
    """As a client sends it that takes the provider for a proxy."""
    client = await (await serve()).connect()

    assert (await client.ask("GET", "http://anything.test/v1/models?x=1")).status == 200


async def test_a_request_that_arrives_byte_by_byte_is_one_request(serve):
    """No boundary between reads means anything."""
    client = await (await serve()).connect()

    for byte in client.encode("POST", "/v1/chat/completions", body=BODY):
        await client.send(bytes([byte]))
        await asyncio.sleep(0)

    assert (await client.receive()).status == 200


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        pytest.param(b"GET / HTTP/1.1\r\nx: " + b"y" * (HEAD_BYTES_MAX + 1), 431, id="endless header"),
        pytest.param(b"GET / HTTP/1.1\r\n" + b"a: b\r\n" * 8 * HEAD_BYTES_MAX, 431, id="endless headers"),
        pytest.param(
            b"GET / HTTP/1.1\r\n" + b"".join(b"x%d: y\r\n" % i for i in range(200)) + b"\r\n",
            431,
            id="many headers",
        ),
        pytest.param(b"GET /" + b"y" * (HEAD_BYTES_MAX + 1), 431, id="endless target"),
        pytest.param(POST + b"content-length: %d\r\n\r\n" % (BODY_BYTES_MAX + 1), 413, id="announced body"),
        pytest.param(POST + b"content-length: 5\r\nexpect: tea\r\n\r\n", 417, id="unknown expectation"),
        pytest.param(POST + b"content-length: -1\r\n\r\n", 400, id="negative length"),
        pytest.param(POST + b"content-length: 1\r\ncontent-length: 2\r\n\r\n", 400, id="two lengths"),
        pytest.param(
            POST + b"content-length: 3\r\ntransfer-encoding: chunked\r\n\r\n", 400, id="both framings"
        ),
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400, id="TLS"),
        pytest.param(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, id="HTTP/2"),
    ],
)
async def test_what_is_too_large_or_no_http_is_refused(serve, request_bytes, status):
    """A 4xx, readable although much was sent in vain, and the connection ends."""
    client = await (await serve()).connect()

    await client.send(request_bytes)
    answer, ended = await client.rest()

    assert answer.startswith(b"HTTP/1.1 %d " % status)
    assert ended == "fin"


async def test_a_body_beyond_the_limit_is_refused_while_it_arrives(serve):
    """A chunked body announces no length; it is cut off at the limit all the same."""
    client = await (await serve()).connect()
    chunk = b"%x\r\n%b\r\n" % (1 << 20, bytes(1 << 20))

    await client.send(POST + b"transfer-encoding: chunked\r\n\r\n")
    for _ in range(BODY_BYTES_MAX // (1 << 20) + 1):
        await client.send(chunk)

    assert (await client.rest())[0].startswith(b"HTTP/1.1 413 ")


async def test_garbage_after_a_good_request_does_not_spoil_its_answer(serve):
    """The good request is answered first, slow as it is; then comes the refusal."""
    client = await (await serve(alpha={"behaviour": {"first_token_ms": {"median": 20}}})).connect()

    await client.send(client.encode("POST", "/v1/chat/completions", body=BODY) + b"\0\0\0\0\r\n\r\n")

    assert (await client.receive()).status == 200
    assert (await client.receive()).status == 400


async def test_a_request_that_never_finishes_arriving_expires(serve):
    """Half a request and then nothing: 408 once its time is over."""
    served = await serve()
    client = await served.connect()
    await client.send(POST)
    await (await served.connect()).chat()

    (slow,) = [c for c in served.simulators._connections if c._partial_since_s]
    slow.expire(slow._partial_since_s + 31)

    assert (await client.rest())[0].startswith(b"HTTP/1.1 408 ")


MUTATED = st.builds(
    lambda good, at, cut, junk: good[: at % (len(good) + 1)] + junk + good[(at + cut) % (len(good) + 1) :],
    st.just(POST + b"content-length: %d\r\n\r\n" % len(BODY) + BODY),
    st.integers(0, 1000),
    st.integers(0, 20),
    st.binary(max_size=20),
)


EXAMPLES = {"deadline": None, "suppress_health_check": [HealthCheck.function_scoped_fixture]}


@settings(max_examples=150, **EXAMPLES)
@given(data=st.one_of(st.binary(max_size=300), MUTATED), cuts=st.lists(st.integers(0, 300), max_size=3))
async def test_any_bytes_get_a_4xx_or_a_close(garbage_served, data, cuts):
    """Whatever is sent, in whatever pieces: an answer or a close, no exception and no hang."""
    client = await garbage_served.connect()
    for start, end in pairwise(sorted({0, *cuts, len(data)})):
        await client.send(data[start:end])
        await asyncio.sleep(0)
    client.writer.write_eof()
    answer, _ = await client.rest()
    client.close()

    statuses = [part[:3] for part in answer.split(b"HTTP/1.1 ")[1:]]
    assert answer == b"" or answer.startswith(b"HTTP/1.1 ")
    assert all(status in (b"100", b"200") or status[:1] == b"4" for status in statuses)


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(
                [
                    "model",
                    "messages",
                    "role",
                    "content",
                    "stream",
                    "tools",
                    "type",
                    "contents",
                    "parts",
                    "text",
                ]
            ),
            inner,
            max_size=5,
        ),
    ),
    max_leaves=12,
)
OPERATIONS = {
    "openai": ["/v1/chat/completions", "/v1/responses", "/v1/embeddings"],
    "azure": [
        "/openai/v1/chat/completions",
        "/openai/deployments/m/chat/completions?api-version=2024-10-21",
        "/openai/deployments/?api-version=2024-10-21",
    ],
    "anthropic": ["/v1/messages"],
    "gemini": ["/v1beta/models/m:generateContent", "/v1/models/m:embedContent", "/v1/models/:"],
}


@settings(max_examples=60, **EXAMPLES)
@given(
    body=st.one_of(
        JSON.map(lambda value: json.dumps(value).encode()),
        st.binary(max_size=60),
        st.integers(1, 3000).map(lambda depth: b'{"model":"m","messages":' + b"[" * depth),
        st.integers(1, 3000).map(lambda depth: b'{"model":' * depth + b"1" + b"}" * depth),
    )
)
@pytest.mark.parametrize("wire", WIRES)
async def test_any_body_is_answered(garbage_served, wire, body):
    """Whatever a body holds, every operation of every wire answers it or refuses it with a 4xx."""
    client = await garbage_served.connect(wire)

    for path in OPERATIONS[wire]:
        status = (await client.ask("POST", path, body=body)).status
        assert status == 200 or 400 <= status < 500

    client.close()


@pytest.fixture
async def garbage_served(serve):
    """One provider of each wire, for all examples of a property."""
    return await serve(alpha={}, **{wire: {"wire": wire} for wire in WIRES})
