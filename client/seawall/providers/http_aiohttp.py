"""HTTP by aiohttp: one pool of kept-alive connections, nothing repeated, followed, stored or read without limit.

aiohttp itself would retry idempotent methods on a stale connection; requests here are POSTs, which it does not,
and a connection that turns out to be closed is a `connect` failure like any other, for the call's owner to retry.
"""

from __future__ import annotations

import asyncio
import io
import ssl
from collections.abc import AsyncIterator, Mapping

import aiohttp
from aiohttp import http_exceptions
from aiohttp.client_proto import ResponseHandler
from yarl import URL

from seawall.providers.decompression import Inflater, UndecodableError, inflater_for
from seawall.providers.http_aiohttp_errors import HTTP_ERRORS, failure_before_head, failure_in_body
from seawall.providers.http_options import HttpOptions
from seawall.providers.own_sockets import open_socket
from seawall.providers.wire import HttpRequest, HttpResponse
from seawall.resilience.failures import ProviderError

_LINE_BYTES_MAX = 8_190
_HEADERS_MAX = 128
_READ_BYTES = 65_536
_URLS_KEPT_MAX = 256
_BODY_AT_ONCE_BYTES_MAX = 262_144
_REMAINDER_S = 1.0  # for the end of a body whose answer is complete


class AiohttpEngine:
    """The default `HttpEngine`. Belongs to the event loop that first uses it."""

    def __init__(self, options: HttpOptions | None = None) -> None:
        self._options = options or HttpOptions()
        self._session: aiohttp.ClientSession | None = None
        self._urls: dict[str, URL] = {}
        self._timeout = aiohttp.ClientTimeout(total=None)
        self._lost_connections = LostConnections()

    async def send(self, request: HttpRequest, *, connect_timeout_s: float) -> HttpResponse:
        """Send and wait for the head. The connection is new or kept alive; the time limit is for a new one."""
        session = self._session or self._open_session()
        if self._timeout.connect != connect_timeout_s:  # seldom, and one is dear
            self._timeout = aiohttp.ClientTimeout(total=None, connect=connect_timeout_s)
        # A large body goes out in pieces, so that writing it does not hold up the event loop.
        body = request.body if len(request.body) <= _BODY_AT_ONCE_BYTES_MAX else io.BytesIO(request.body)
        try:
            response = await session.request(
                request.method,
                self._url(request.url),
                data=body,
                headers=request.headers,
                allow_redirects=False,
                proxy=self._options.proxy,
                timeout=self._timeout,
            )
        except HTTP_ERRORS as error:
            failure = failure_before_head(error)
        else:
            self._lost_connections.watch(response)
            return AiohttpResponse(response)
        # Outside the handler: aiohttp's errors hold the request's headers, and with them the key.
        raise ProviderError(failure)

    async def aclose(self) -> None:
        """Close every connection."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    def _open_session(self) -> aiohttp.ClientSession:
        verified = ssl.create_default_context(cafile=self._options.ca_file) if self._options.ca_file else True
        connector = aiohttp.TCPConnector(
            limit=0,  # how many attempts run at once is decided above
            keepalive_timeout=self._options.keepalive_s,
            ssl=verified,
            socket_factory=open_socket,
        )
        self._session = aiohttp.ClientSession(
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"Accept-Encoding": "identity"},
            auto_decompress=False,
            trust_env=False,
            read_bufsize=_READ_BYTES,
            max_line_size=_LINE_BYTES_MAX,
            max_field_size=_LINE_BYTES_MAX,
            max_headers=_HEADERS_MAX,
        )
        return self._session

    def _url(self, url: str) -> URL:
        parsed = self._urls.get(url)
        if parsed is None:
            if len(self._urls) >= _URLS_KEPT_MAX:
                self._urls.clear()
            parsed = self._urls[url] = URL(url, encoded=True)
        return parsed


class LostConnections:
    """Wakes who reads a body when its connection closes.

    aiohttp 3.14 does not always: where a chunk breaks the rules of HTTP it closes the connection and leaves the
    reader waiting for ever.
    """

    def __init__(self) -> None:
        self._reading: dict[ResponseHandler, aiohttp.StreamReader] = {}

    def watch(self, response: aiohttp.ClientResponse) -> None:
        """Watch the connection of a response that has not been read to its end."""
        connection = response.connection
        protocol = connection.protocol if connection is not None else None
        if protocol is None:
            return
        known = protocol in self._reading
        self._reading[protocol] = response.content
        if known:
            return
        if (closed := protocol.closed) is None:
            self._lost(protocol)
        else:
            closed.add_done_callback(lambda closed: self._lost(protocol, closed))

    def _lost(self, protocol: ResponseHandler, closed: asyncio.Future[None] | None = None) -> None:
        if closed is not None and not closed.cancelled():
            closed.exception()  # asyncio reports one that nobody looked at
        content = self._reading.pop(protocol)
        if not content.is_eof() and content.exception() is None:
            content.set_exception(http_exceptions.PayloadEncodingError("closed while the body was parsed"))


class AiohttpResponse:
    """A response whose head has arrived."""

    __slots__ = ("_inflater", "_response", "headers", "status")

    def __init__(self, response: aiohttp.ClientResponse) -> None:
        self._response = response
        self.status: int = response.status
        self.headers: Mapping[str, str] = response.headers
        encoding = response.headers.get("Content-Encoding")
        self._inflater = self._inflater_for(encoding) if encoding else None

    def _inflater_for(self, encoding: str) -> Inflater | None:
        try:
            return inflater_for(encoding)
        except UndecodableError as error:
            self.abort()
            raise ProviderError(failure_in_body(error, self.status)) from None

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        try:
            content = self._response.content
            data = await (content.readany() if self._inflater is None else self._inflated(self._inflater))
        except HTTP_ERRORS as error:
            failure = failure_in_body(error, self.status)
        else:
            if data:
                return data
            raise StopAsyncIteration
        self.abort()
        raise ProviderError(failure)

    async def _inflated(self, inflater: Inflater) -> bytes:
        while not (piece := inflater.pull()):
            data = await self._response.content.readany()
            if not data:
                inflater.finish()
                return b""
            inflater.push(data)
        return piece

    def abort(self) -> None:
        """Close the connection at once, whatever is still to be sent or read."""
        connection = self._response.connection
        if connection is not None and connection.transport is not None:
            connection.transport.abort()
        self._response.close()

    def release(self) -> None:
        """Give the connection back once the body has ended, which the answer in it often does just before."""
        if not self._response.closed:
            asyncio.get_running_loop().call_later(_REMAINDER_S, self._abort_unless_closed)

    def _abort_unless_closed(self) -> None:
        if not self._response.closed:
            self.abort()
