"""Every HTTP engine against a server that plays bytes: each way to fail is one failure, nothing is left open."""

import asyncio
import contextlib
import gzip
import json
import random
import socket
import ssl
import struct
import subprocess
import sys
import traceback
import zlib
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

import aiohttp
import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from seawall.errors import ConfigurationError
from seawall.providers import http_aiohttp, http_httpx2
from seawall.providers.decompression import PIECE_BYTES_MAX, Inflater
from seawall.providers.http_aiohttp import AiohttpEngine
from seawall.providers.http_aiohttp_errors import HTTP_ERRORS, failure_before_head
from seawall.providers.http_httpx2 import Httpx2Engine
from seawall.providers.http_options import HttpOptions
from seawall.providers.wire import HttpRequest
from seawall.resilience.failures import FailureKind, ProviderError

K = FailureKind
KEY = "sk-very-secret-0123456789"
JSON = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
OK = JSON + b"Content-Length: 2\r\n\r\n{}"
CHUNKED = JSON + b"Transfer-Encoding: chunked\r\n\r\n"
FIN, RST = "fin", "rst"


class Origin:
    """Plays `script` (bytes, events to wait for, FIN, RST) for each request; keeps what it was sent."""

    def __init__(self):
        self.script = (OK,)
        self.connections = 0
        self.heads = []
        self.bodies = []
        self.url = ""
        self.reads_bodies = True
        self._tasks = set()

    async def start(self, **options):
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, **options)
        scheme = "https" if options else "http"
        self.url = f"{scheme}://127.0.0.1:{self._server.sockets[0].getsockname()[1]}/v1/x"

    async def stop(self):
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks)

    async def _serve(self, reader, writer):
        self.connections += 1
        self._tasks.add(asyncio.current_task())
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while True:
                self.heads.append(head := await reader.readuntil(b"\r\n\r\n"))
                length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n")[0] or 0)
                if self.reads_bodies:
                    self.bodies.append(await reader.readexactly(length))
                if not await self._play(writer):
                    break
        writer.close()

    async def _play(self, writer):
        for step in self.script:
            if step == RST:
                linger = struct.pack("ii", 1, 0)
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
                writer.transport.abort()
            if step in (FIN, RST):
                return False
            if isinstance(step, asyncio.Event):
                await step.wait()
            else:
                writer.write(step)
                await writer.drain()
        return True


@pytest.fixture
async def origin():
    """A server, and its address."""
    origin = Origin()
    await origin.start()
    yield origin
    await origin.stop()


def make_engine(name, *, proxy=None, ca_file=None):
    """An engine as a service would have it."""
    if name == "aiohttp":
        return AiohttpEngine(HttpOptions(proxy=proxy, ca_file=ca_file))
    verified = ssl.create_default_context(cafile=ca_file) if ca_file else True
    limits = httpx2.Limits(max_connections=None)
    return Httpx2Engine(httpx2.AsyncClient(proxy=proxy, verify=verified, limits=limits, trust_env=False))


@pytest.fixture(params=["aiohttp", "httpx2"])
def engine_name(request):
    """Each engine in turn."""
    return request.param


@pytest.fixture
async def engine(engine_name):
    """An engine with the default options."""
    engine = make_engine(engine_name)
    yield engine
    await engine.aclose()


def request_to(url, body=b'{"q": 1}', **headers):
    return HttpRequest("POST", url, {"Authorization": f"Bearer {KEY}", **headers}, body)


async def fetch(engine, url, **kwargs):
    """Send and read everything; return (status, body, failure)."""
    try:
        response = await engine.send(request_to(url, **kwargs), connect_timeout_s=2)
    except ProviderError as error:
        return None, b"", error.failure
    body = b""
    try:
        async for data in response:
            body += data
    except ProviderError as error:
        return response.status, body, error.failure
    finally:
        response.release()
    return response.status, body, None


async def until(condition):
    """Let the event loop turn until something has happened."""
    async with asyncio.timeout(5):
        while not condition():  # noqa: ASYNC110 - not ours to signal
            await asyncio.sleep(0)


async def test_a_request_is_sent_as_it_is_and_its_answer_handed_back(origin, engine):
    """Method, path, headers and body arrive; nothing is added that a provider could stumble over."""
    assert await fetch(engine, f"{origin.url}/a%2Fb%3Ac?alt=sse") == (200, b"{}", None)

    head = origin.heads[0].decode()
    assert head.startswith("POST /v1/x/a%2Fb%3Ac?alt=sse HTTP/1.1\r\n")
    assert f"Authorization: Bearer {KEY}\r\n" in head
    assert "Accept-Encoding: identity" in head
    assert "Cookie" not in head
    assert origin.bodies == [b'{"q": 1}']


async def test_connections_are_kept_and_shared(origin, engine):
    """One connection serves one request after another."""
    for _ in range(5):
        await fetch(engine, origin.url)

    assert origin.connections == 1
    assert len(origin.heads) == 5


@pytest.mark.parametrize(
    ("script", "status", "kind"),
    [
        ((FIN,), None, K.CONNECT),
        ((RST,), None, K.CONNECT),
        ((b"HTTP/1.1 200 OK\r\nContent-", FIN), None, K.CONNECT),
        ((b"SSH-2.0-OpenSSH_9.2\r\n\r\n", FIN), None, K.BAD_RESPONSE),
        ((b"HTTP/1.1 200 OK\r\nX-A: " + b"a" * 20_000 + b"\r\n\r\n",), None, K.BAD_RESPONSE),
        ((b"HTTP/1.1 200 OK\r\n" + b"X-A: a\r\n" * 500 + b"\r\n",), None, K.BAD_RESPONSE),
        ((JSON + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}",), None, K.BAD_RESPONSE),
        ((JSON + b"Content-Length: 9\r\n\r\n{}", FIN), 200, K.STREAM_CUT),
        ((JSON + b"Content-Length: 9\r\n\r\n{}", RST), None, K.STREAM_CUT),
        ((CHUNKED + b"5\r\nabcde\r\n", FIN), 200, K.STREAM_CUT),
        ((CHUNKED + b"5\r\nab", FIN), 200, K.STREAM_CUT),
        ((JSON + b"Content-Encoding: br\r\nContent-Length: 2\r\n\r\n{}",), None, K.BAD_RESPONSE),
        ((JSON + b"Content-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}",), 200, K.BAD_RESPONSE),
    ],
)
async def test_what_can_go_wrong_on_the_wire(origin, engine, script, status, kind):
    """Before the head and inside the body, by the kind that policies decide by."""
    origin.script = script
    found, _, failure = await fetch(engine, origin.url)

    assert failure.kind is kind
    if status is not None:
        assert (found, failure.http_status) == (status, status)
    assert len(origin.heads) == 1  # whatever went wrong, nothing below the policies tried again


async def test_a_body_that_breaks_the_rules_of_http_does_not_hang_its_reader(origin, engine):
    """aiohttp alone would wait for ever when the broken chunk comes after a good one."""
    seen = asyncio.Event()
    origin.script = (CHUNKED + b"5\r\nabcde\r\n", seen, b"zz\r\nxx")
    response = await engine.send(request_to(origin.url), connect_timeout_s=2)
    body = aiter(response)
    assert await anext(body) == b"abcde"
    seen.set()

    with pytest.raises(ProviderError) as caught:
        async with asyncio.timeout(5):
            await anext(body)

    assert caught.value.failure.kind is K.BAD_RESPONSE


async def test_nobody_listens(engine):
    """A refused connection names the operating system's reason."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}/"
        _, _, failure = await fetch(engine, url)

    assert (failure.kind, failure.code, failure.scope) == (K.CONNECT, "ECONNREFUSED", "provider")


async def test_a_connection_that_does_not_come_about_in_time(origin, engine):
    """A server that never answers the TLS handshake."""
    url = origin.url.replace("http:", "https:")
    with pytest.raises(ProviderError) as caught:
        await engine.send(request_to(url), connect_timeout_s=0.1)

    assert caught.value.failure.kind is K.TIMEOUT_CONNECT


def test_an_unknown_host_is_told_apart():
    """No look-up leaves this machine: the translation alone is asked."""
    key = aiohttp.client_reqrep.ConnectionKey("h", 1, False, True, None, None, None, None)
    error = aiohttp.ClientConnectorDNSError(key, OSError(-2, "Name or service not known"))

    assert isinstance(error, HTTP_ERRORS)
    assert (failure_before_head(error).kind, failure_before_head(error).code) == (K.CONNECT, "dns")


async def test_a_kept_connection_that_the_server_has_given_up_is_a_connect_failure(origin, engine):
    """It is said, not hidden by a second request: retries have one owner."""
    await fetch(engine, origin.url)
    origin.script = (FIN,)
    _, _, failure = await fetch(engine, origin.url)

    assert (failure.kind, failure.code) == (K.CONNECT, "closed")
    assert (origin.connections, len(origin.heads)) == (1, 2)
    origin.script = (OK,)
    assert await fetch(engine, origin.url) == (200, b"{}", None)


async def test_redirects_are_not_followed(origin, engine):
    """Neither the prompt nor the key goes where a response points."""
    origin.script = (f"HTTP/1.1 307 T\r\nLocation: {origin.url}/next\r\nContent-Length: 0\r\n\r\n".encode(),)

    assert await fetch(engine, origin.url) == (307, b"", None)
    assert len(origin.heads) == 1


async def test_cookies_are_not_kept(origin, engine):
    """One caller's session never leaks into another's request."""
    origin.script = (JSON + b"Set-Cookie: a=b\r\nContent-Length: 2\r\n\r\n{}",)
    await fetch(engine, origin.url)
    await fetch(engine, origin.url)

    assert b"ookie" not in origin.heads[1]


async def test_proxies_of_the_environment_are_not_used(origin, engine, engine_name, monkeypatch):
    """Only the settings' own proxy is, where there is one."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.delenv("NO_PROXY", raising=False)
    monkeypatch.delenv("no_proxy", raising=False)

    assert (await fetch(engine, origin.url))[0] == 200
    proxied = make_engine(engine_name, proxy=origin.url.removesuffix("/v1/x"))
    try:
        assert (await fetch(proxied, "http://elsewhere.invalid/v1"))[0] == 200
        assert origin.heads[1].startswith(b"POST http://elsewhere.invalid/v1 ")
    finally:
        await proxied.aclose()


async def test_what_cannot_be_sent_is_not(origin, engine):
    """A header that would become two, an impossible port."""
    for failure in (
        (await fetch(engine, origin.url, **{"X-Client-Request-Id": "a\r\nHost: evil"}))[2],
        (await fetch(engine, "http://127.0.0.1:99999/"))[2],
    ):
        assert failure.kind is K.INVALID_REQUEST
    assert origin.heads == []


async def test_a_client_that_retries_on_its_own_is_refused():
    """A second owner of retries is named, not tolerated."""
    client = httpx2.AsyncClient(transport=httpx2.AsyncHTTPTransport(retries=2))
    with pytest.raises(ConfigurationError, match="retries=2"):
        Httpx2Engine(client)
    await client.aclose()


async def test_a_full_pool_is_said_to_be_full(origin):
    """A client of one's own with few connections fails calls in time instead of queueing them without end."""
    engine = Httpx2Engine(httpx2.AsyncClient(limits=httpx2.Limits(max_connections=1), trust_env=False))
    origin.script = (CHUNKED, asyncio.Event())
    response = await engine.send(request_to(origin.url), connect_timeout_s=2)
    with pytest.raises(ProviderError) as caught:
        await engine.send(request_to(origin.url), connect_timeout_s=0.05)
    response.abort()
    await engine.aclose()

    assert (caught.value.failure.kind, caught.value.failure.code) == (K.TIMEOUT_CONNECT, "pool")


async def test_what_the_client_brings_is_used_and_its_leniency_is_not(origin):
    """Its headers are sent; redirects and cookies stay as they are for every engine."""
    engine = Httpx2Engine(
        httpx2.AsyncClient(
            headers={"X-Team": "harbour"}, follow_redirects=True, timeout=0.001, trust_env=False
        )
    )
    origin.script = (f"HTTP/1.1 307 T\r\nLocation: {origin.url}/n\r\nContent-Length: 0\r\n\r\n".encode(),)
    status, _, _ = await fetch(engine, origin.url)
    await engine.aclose()

    assert status == 307
    assert len(origin.heads) == 1
    assert b"X-Team: harbour" in origin.heads[0]


async def test_no_failure_holds_the_key(origin, engine):
    """aiohttp's errors keep the request's headers; none of it is chained or shown."""
    origin.script = (b"nonsense\r\n\r\n",)
    with pytest.raises(ProviderError) as caught:
        await engine.send(request_to(origin.url), connect_timeout_s=2)

    assert KEY not in "".join(traceback.format_exception(caught.value)) + repr(caught.value)
    assert caught.value.__context__ is None


@pytest.mark.parametrize("encoding", ["gzip", "x-gzip", "GZIP", "deflate", "raw deflate", "identity"])
async def test_compressed_bodies_are_decoded_though_not_asked_for(origin, engine, encoding):
    """In every form in which servers send them, in pieces of any size."""
    text = b'{"text": "' + b"to and fro " * 30_000 + b'"}'
    raw = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    packed = {
        "deflate": zlib.compress(text),
        "raw deflate": raw.compress(text) + raw.flush(),
        "identity": text,
    }.get(encoding, gzip.compress(text[:1_000]) + gzip.compress(text[1_000:]))
    head = JSON + f"Content-Encoding: {encoding.removeprefix('raw ')}\r\n".encode()
    origin.script = (head + b"Connection: close\r\n\r\n", packed[:7], packed[7:], FIN)

    assert (await fetch(engine, origin.url))[1:] == (text, None)


async def test_a_compressed_body_that_ends_early_is_noticed(origin, engine):
    """Even where the connection's end is the only mark of the body's."""
    packed = gzip.compress(bytes(range(256)) * 100)[:-9]
    origin.script = (JSON + b"Content-Encoding: gzip\r\nConnection: close\r\n\r\n" + packed, FIN)

    assert (await fetch(engine, origin.url))[2].kind is K.BAD_RESPONSE


def test_pieces_of_a_bomb_are_small():
    """However much a few bytes unfold to."""
    inflater = Inflater()
    inflater.push(zlib.compress(bytes(10_000_000), 9))
    sizes = []
    while piece := inflater.pull():
        sizes.append(len(piece))

    assert sum(sizes) == 10_000_000
    assert max(sizes) <= PIECE_BYTES_MAX


BOMB = """
import asyncio, resource, sys, zlib
from seawall.providers.http_aiohttp import AiohttpEngine
from seawall.providers.options import ProviderOptions
from seawall.providers.response import DecoderContext
from seawall.providers.wires import codec_for
from seawall.messages import CompletionRequest, Message
from seawall.resilience.failures import ProviderError

async def serve(reader, writer):
    await reader.readuntil(b"\\r\\n\\r\\n")
    writer.write(b"HTTP/1.1 200 OK\\r\\nContent-Type: application/json\\r\\nContent-Encoding: gzip\\r\\n\\r\\n")
    packer = zlib.compressobj(9, wbits=31)
    zeros = bytes(1_000_000)
    try:
        for _ in range(400):
            writer.write(packer.compress(zeros))
            await asyncio.sleep(0)
        writer.write(packer.flush())
    except ConnectionError:
        pass
    writer.close()

async def main():
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    codec = codec_for(ProviderOptions(name="a", wire="openai_chat", model="m", base_url=base, auth="none"), DecoderContext())
    engine = AiohttpEngine()
    request = codec.encode(CompletionRequest(messages=(Message(role="user", content="x"),)), stream=False)
    response = await engine.send(request, connect_timeout_s=2)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    decoder = codec.decoder(stream=False)
    decoder.head(response.status, response.headers)
    try:
        async for data in response:
            decoder.feed(data)
    except ProviderError as error:
        print(error.failure.kind.value, error.failure.code, end=" ")
    response.abort()
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
    await engine.aclose()
    server.close()

asyncio.run(main())
"""


def test_a_gzip_bomb_is_given_up_before_it_fills_the_memory():
    """400 MB behind 400 KB cost no more than the limit on an answer and a little."""
    run = subprocess.run([sys.executable, "-c", BOMB], capture_output=True, text=True, check=True, timeout=60)
    kind, code, grown_kb = run.stdout.split()

    assert (kind, code) == ("bad_response", "oversized")
    assert int(grown_kb) < 32 * 1_024


async def test_an_abort_closes_the_connection_at_once(origin, engine):
    """The server notices, the reader is not left waiting, and a second abort does no harm."""
    origin.script = (CHUNKED + b"5\r\nabcde\r\n", asyncio.Event())
    response = await engine.send(request_to(origin.url), connect_timeout_s=2)
    reader = asyncio.ensure_future(anext(aiter(response)))
    await reader
    response.abort()
    response.abort()
    response.release()

    origin.script = (OK,)
    assert (await fetch(engine, origin.url))[0] == 200
    assert origin.connections == 2


@pytest.mark.parametrize("engine_name", ["aiohttp"], indirect=True)
async def test_an_abort_does_not_wait_for_an_upload(origin, engine):
    """A server may answer early and read no further; what is left of a large prompt is dropped.

    httpx2 reads no answer before the request is sent: there, it is the call's deadline that ends this.
    """
    origin.reads_bodies = False
    origin.script = (CHUNKED + b"5\r\nabcde\r\n", asyncio.Event())
    response = await engine.send(request_to(origin.url, body=bytes(20_000_000)), connect_timeout_s=2)
    transport = response._response.connection.transport
    stuck = 0  # turns of the loop in which nothing more could be written
    while stuck < 500:
        await asyncio.sleep(0)
        stuck = stuck + 1 if transport.get_write_buffer_size() > 0 else 0
    response.abort()
    for _ in range(3):
        await asyncio.sleep(0)

    assert transport.get_extra_info("socket").fileno() == -1


async def test_a_cancelled_request_leaves_no_connection_behind(origin, engine):
    """While the head is awaited and while the body is."""
    for script in ((asyncio.Event(),), (CHUNKED, asyncio.Event())):
        origin.script = script
        origin.heads.clear()
        task = asyncio.create_task(fetch(engine, origin.url))
        await until(lambda: origin.heads)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    origin.script = (OK,)
    before = origin.connections
    assert (await fetch(engine, origin.url))[0] == 200
    assert origin.connections == before + 1


async def until_settled(engine):
    """The connections that an engine keeps, and what it holds for requests, once it has nothing to clear up."""
    if isinstance(engine, Httpx2Engine):
        await until(lambda: not engine._closing)
        pool = engine._client._transport._pool
        return pool.connections, pool._requests
    await until(lambda: len(engine._lost_connections._reading) <= 2)
    (idle,) = engine._session.connector._conns.values()
    return idle, list(engine._session.connector._acquired)


async def test_a_reader_that_gave_up_one_wait_gets_the_same_piece_at_the_next(origin, engine):
    """A consumer's time-out for one event costs it nothing of the stream."""
    more = asyncio.Event()
    origin.script = (CHUNKED, b"2\r\nab\r\n", more, b"2\r\ncd\r\n0\r\n\r\n")
    response = await engine.send(request_to(origin.url), connect_timeout_s=1)
    pieces = [await anext(response)]
    for _ in range(3):
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await anext(response)
    more.set()
    pieces += [piece async for piece in response]
    response.release()

    assert b"".join(pieces) == b"abcd"


async def test_cancelling_at_any_moment_leaks_nothing(origin, engine):
    """Neither sockets nor tasks nor bookkeeping, however far a request had come."""
    origin.script = (CHUNKED + b"5\r\nabcde\r\n", b"5\r\nabcde\r\n0\r\n\r\n")
    rng = random.Random(7)
    for _ in range(300):
        task = asyncio.create_task(fetch(engine, origin.url))
        for _ in range(rng.randrange(25)):
            await asyncio.sleep(0)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    origin.script = (OK,)
    assert (await fetch(engine, origin.url))[0] == 200
    kept, in_use = await until_settled(engine)

    assert (len(kept) <= 2, in_use) == (True, [])
    assert {task for task in asyncio.all_tasks() if task not in origin._tasks} == {asyncio.current_task()}


def is_closed(response):
    underlying = response._response
    return underlying.is_closed if isinstance(underlying, httpx2.Response) else underlying.closed


async def test_a_connection_is_kept_when_its_body_ends_just_after_the_answer(origin, engine):
    """A stream's last chunk often comes after the event that completes it."""
    rest = asyncio.Event()
    origin.script = (CHUNKED + b"5\r\nabcde\r\n", rest, b"0\r\n\r\n")
    response = await engine.send(request_to(origin.url), connect_timeout_s=2)
    assert await anext(aiter(response)) == b"abcde"
    response.release()
    rest.set()
    await until(lambda: is_closed(response))
    origin.script = (OK,)
    await fetch(engine, origin.url)

    assert origin.connections == 1


async def test_a_body_that_never_ends_is_not_waited_for(origin, engine, monkeypatch):
    """The answer in it is complete; the connection goes."""
    for module in (http_aiohttp, http_httpx2):
        monkeypatch.setattr(module, "_REMAINDER_S", 0.01)
    origin.script = (CHUNKED + b"5\r\nabcde\r\n", asyncio.Event())
    response = await engine.send(request_to(origin.url), connect_timeout_s=2)
    await anext(aiter(response))
    response.release()
    await until(lambda: is_closed(response))


def certificate(folder, host):
    """Write a self-signed certificate for `host`; return the paths of it and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "test")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(host))]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem, key_pem = folder / f"{host}.pem", folder / f"{host}.key"
    pem.write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    key_pem.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return pem, key_pem


@pytest.mark.parametrize(
    ("host", "trusted", "kind"),
    [("127.0.0.1", True, None), ("127.0.0.1", False, K.TLS), ("127.0.0.2", True, K.TLS)],
    ids=["trusted", "untrusted", "wrong host"],
)
async def test_certificates_are_verified(engine_name, tmp_path, host, trusted, kind):
    """Who signed it and whom it is for."""
    pem, key = certificate(tmp_path, host)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(pem, key)
    origin = Origin()
    await origin.start(ssl=context)
    engine = make_engine(engine_name, ca_file=str(pem) if trusted else None)
    status, _, failure = await fetch(engine, origin.url)
    await engine.aclose()
    await origin.stop()

    assert status == (None if kind else 200)
    if kind:
        assert (failure.kind, failure.code) == (kind, "certificate")
        assert origin.heads == []


async def test_an_answer_of_every_wire_through_the_engine(origin, engine, wire):
    """Codec and seam together: a stream of each wire arrives whole."""
    frames = b"".join(wire.stream)
    origin.script = (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n",
        *(frames[i : i + 50] for i in range(0, len(frames), 50)),
        FIN,
    )
    response = await engine.send(request_to(origin.url), connect_timeout_s=2)
    decoder = wire.codec().decoder(stream=True)
    decoder.head(response.status, response.headers)
    async for data in response:
        decoder.feed(data)
    response.release()

    assert decoder.close().text == wire.text
    assert json.loads(origin.bodies[0]) == {"q": 1}
