"""HTTP by an `httpx2.AsyncClient` of your own: for who needs its mounts, client certificates, hooks or HTTP/2.

It keeps the same promises as the default engine, at several times its CPU: nothing is repeated, followed, stored
or read without limit.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine, Mapping
from contextlib import suppress
from http.cookiejar import DefaultCookiePolicy
from typing import Any

import httpx2

from seawall.errors import ConfigurationError
from seawall.providers.decompression import Inflater, UndecodableError, inflater_for
from seawall.providers.http_httpx2_errors import HTTP_ERRORS, failure_before_head, failure_in_body
from seawall.providers.provider_errors import provider_error
from seawall.providers.wire import HttpRequest, HttpResponse
from seawall.resilience.failures import FailureKind, ProviderError

_LINE_BYTES_MAX = 8_190
_HEADERS_MAX = 128
_PORT_MAX = 65_535
_PIECE_BYTES = 65_536
_BODY_AT_ONCE_BYTES_MAX = 262_144
_REMAINDER_S = 1.0  # for the end of a body whose answer is complete


class Httpx2Engine:
    """An `HttpEngine` over a client that is made for it alone, and that it closes.

    The client's proxies, certificates, limits and headers hold; its timeouts and redirects do not, and it takes no
    cookies from providers. Give it room: `limits=httpx2.Limits(max_connections=None)`. A provider that answers
    before it has read a large request is heard only afterwards. It belongs to the event loop that first uses it.

    Raises `ConfigurationError` for a client that retries on its own.
    """

    def __init__(self, client: httpx2.AsyncClient) -> None:
        _refuse_retries(client)
        client.cookies.jar.set_policy(DefaultCookiePolicy(allowed_domains=()))
        self._client = client
        self._closing: set[asyncio.Task[None]] = set()

    async def send(self, request: HttpRequest, *, connect_timeout_s: float) -> HttpResponse:
        """Send and wait for the head. The time limit is for a connection, new or out of the pool."""
        try:
            response = await self._client.send(
                self._build(request, connect_timeout_s), stream=True, follow_redirects=False
            )
        except HTTP_ERRORS as error:
            failure = failure_before_head(error)
        else:
            return Httpx2Response(response, self._close_soon)
        # Outside the handler: the client's errors hold the request's headers, and with them the key.
        raise ProviderError(failure)

    async def aclose(self) -> None:
        """Close every connection, and the client."""
        closing = tuple(self._closing)
        for task in closing:
            task.cancel()
        await asyncio.gather(*closing, return_exceptions=True)
        await self._client.aclose()

    def _build(self, request: HttpRequest, connect_timeout_s: float) -> httpx2.Request:
        headers = request.headers | {"Accept-Encoding": "identity"}
        content: bytes | AsyncIterator[bytes] = request.body
        if len(request.body) > _BODY_AT_ONCE_BYTES_MAX:
            # In pieces, so that writing it does not hold up the event loop.
            headers["Content-Length"] = str(len(request.body))
            content = _pieces(request.body)
        built = self._client.build_request(
            request.method,
            request.url,
            content=content,
            headers=headers,
            timeout=httpx2.Timeout(None, connect=connect_timeout_s, pool=connect_timeout_s),
        )
        if (built.url.port or 0) > _PORT_MAX:  # which httpx2 would find out only by a bug
            raise httpx2.InvalidURL("a port beyond 65535")
        return built

    def _close_soon(self, closing: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(closing)
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)


class Httpx2Response:
    """A response whose head has arrived."""

    __slots__ = ("_body", "_close_soon", "_inflater", "_reading", "_response", "headers", "status")

    def __init__(self, response: httpx2.Response, close_soon: Any) -> None:
        self._response = response
        self._close_soon = close_soon
        self._body = response.aiter_raw()
        self._reading: asyncio.Task[bytes] | None = None
        self.status: int = response.status_code
        self.headers: Mapping[str, str] = response.headers
        try:
            _check_size(response.headers)
            self._inflater = self._inflater_for(response.headers.get("Content-Encoding", ""))
        except ProviderError:
            self.abort()
            raise

    def _inflater_for(self, encoding: str) -> Inflater | None:
        try:
            return inflater_for(encoding)
        except UndecodableError as error:
            raise ProviderError(failure_in_body(error, self.status)) from None

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self

    async def __anext__(self) -> bytes:
        try:
            data = await (self._raw() if self._inflater is None else self._inflated(self._inflater))
        except HTTP_ERRORS as error:
            failure = failure_in_body(error, self.status)
        else:
            if data:
                return data
            raise StopAsyncIteration
        self.abort()
        raise ProviderError(failure)

    async def _raw(self) -> bytes:
        # In a task of its own, since a wait that is given up would end the body for whoever comes back for the rest.
        if self._reading is None:
            self._reading = asyncio.create_task(self._piece())
        data = await asyncio.shield(self._reading)
        self._reading = None
        return data

    async def _piece(self) -> bytes:
        return await anext(self._body, b"")

    async def _inflated(self, inflater: Inflater) -> bytes:
        while not (piece := inflater.pull()):
            data = await self._raw()
            if not data:
                inflater.finish()
                return b""
            inflater.push(data)
        return piece

    def abort(self) -> None:
        """Close the connection (with HTTP/2, the stream on it) in the loop's next turn."""
        if not self._response.is_closed:
            self._close_soon(self._stop())

    def release(self) -> None:
        """Give the connection back once the body has ended, which the answer in it often does just before."""
        if not self._response.is_closed:
            self._close_soon(self._read_rest())

    async def _stop(self) -> None:
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait([self._reading])
        await self._response.aclose()

    async def _read_rest(self) -> None:
        try:
            with suppress(TimeoutError, *HTTP_ERRORS):
                async with asyncio.timeout(_REMAINDER_S):
                    async for _ in self._body:
                        pass
        finally:
            await self._response.aclose()


def _refuse_retries(client: httpx2.AsyncClient) -> None:
    """Retries have one owner. The client tells of its own nowhere in public; where it is found it is named."""
    mounts: Mapping[Any, Any] = getattr(client, "_mounts", {})
    for transport in (getattr(client, "_transport", None), *mounts.values()):
        if retries := getattr(getattr(transport, "_pool", None), "_retries", 0):
            raise ConfigurationError(
                f"the httpx2 client's transport has retries={retries}: Seawall's policies retry, nothing below"
            )


def _check_size(headers: httpx2.Headers) -> None:
    raw = headers.raw
    if len(raw) > _HEADERS_MAX or any(len(name) + len(value) > _LINE_BYTES_MAX for name, value in raw):
        raise provider_error(FailureKind.BAD_RESPONSE, "headers beyond their limits")


async def _pieces(body: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(body), _PIECE_BYTES):
        yield body[start : start + _PIECE_BYTES]
