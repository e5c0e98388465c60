"""The seams of a provider: what a codec and an HTTP engine promise to the drivers above them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from typing import Protocol

import msgspec

from seawall.embeddings import EmbeddingReply, EmbeddingRequest
from seawall.messages import CompletionRequest, ProviderReply, TextDelta, ToolCallDelta


class HttpRequest(msgspec.Struct, frozen=True):
    """One HTTP request, ready to be sent. `headers` belongs to this request alone; drivers may copy and add."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes


class Ping(msgspec.Struct, frozen=True):
    """A sign of life that is no part of the answer.

    `thinking` is true where the model is at work on something that is not handed out (reasoning): that is
    progress. Otherwise it only shows that the connection is open.
    """

    thinking: bool = False


Delta = TextDelta | ToolCallDelta | Ping
Reply = ProviderReply | EmbeddingReply


class Decoder(Protocol):
    """Turns the bytes of one response into deltas and a reply, or into one `ProviderError`. Does no I/O.

    The order is `head`, any number of `feed`, `close`. Each raises `ProviderError`, and after the first one
    raises nothing else. What arrived before a fault is still handed out: the error then comes with the next
    call, so a driver asks `finished` after each `feed`.
    """

    @property
    def finished(self) -> bool:
        """Nothing more need be read, for better or worse: call `close` now."""
        ...

    def head(self, status: int, headers: Mapping[str, str]) -> None:
        """Take the status and the headers (looked up by lower-case name)."""
        ...

    def feed(self, data: bytes) -> list[Delta]:
        """Take the next bytes of the body, any number of them, and return what they complete."""
        ...

    def close(self) -> Reply:
        """Return the whole answer. Raises where the body ended before the answer did."""
        ...


class Codec(Protocol):
    """One wire for one provider: knows its address, key and model; keeps no state between requests."""

    def encode(self, request: CompletionRequest, *, stream: bool) -> HttpRequest:
        """Write the request in the wire's dialect. Raises `ProviderError(invalid_request)` if it cannot be."""
        ...

    def decoder(self, *, stream: bool) -> Decoder:
        """Return a decoder for one response."""
        ...


class EmbeddingCodec(Protocol):
    """One wire's embeddings for one provider: knows its address, key and model; keeps no state between requests."""

    def encode(self, request: EmbeddingRequest) -> HttpRequest:
        """Write the request in the wire's dialect. Raises `ProviderError(invalid_request)` if it cannot be."""
        ...

    def decoder(self, request: EmbeddingRequest) -> Decoder:
        """Return a decoder for the response to `request`; it raises where the vectors do not fit that."""
        ...


class HttpResponse(Protocol):
    """A response whose head has arrived. Iterating it yields the decoded body and raises `ProviderError`."""

    @property
    def status(self) -> int:
        """The HTTP status."""
        ...

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers; names are matched whatever their case."""
        ...

    def __aiter__(self) -> AsyncIterator[bytes]:
        """Iterate over the body as it arrives."""
        ...

    def abort(self) -> None:
        """Close the connection at once. Harmless when called again or after `release`."""
        ...

    def release(self) -> None:
        """Give the connection back when the body ends; if that takes more than a moment, close it."""
        ...


class HttpEngine(Protocol):
    """Sends requests. Never retries, never follows a redirect, sets no timeout but the one for connecting."""

    async def send(self, request: HttpRequest, *, connect_timeout_s: float) -> HttpResponse:
        """Send and wait for the head of the response. Raises `ProviderError`."""
        ...

    async def aclose(self) -> None:
        """Close every connection."""
        ...
