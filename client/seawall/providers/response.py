"""Decodes one response of any wire: head, body, end. What is particular to a wire is its `Reader`'s.

A response ends in exactly one of two ways, however its bytes are split: a `Reply`, or a
`ProviderError` that every later call repeats.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from enum import Enum, auto
from typing import Protocol

import msgspec

from seawall.providers.json_document import NotJsonError
from seawall.providers.limits import LimitOptions
from seawall.providers.provider_errors import ErrorFacts, ErrorTable, InBandError, failure, kind_of
from seawall.providers.retry_after import retry_after_s
from seawall.providers.sse import COMMENT, SseEvent, SseParser
from seawall.providers.wire import Delta, Ping, Reply
from seawall.resilience.failures import Failure, FailureKind, ProviderError

_PING = Ping()
_DOCUMENT_TYPES = {"", "application/json", "text/plain", "application/octet-stream", "text/json"}
_STREAM_TYPES = _DOCUMENT_TYPES | {"text/event-stream"}
# Of `data`, `event`, `id`, `retry`, a comment, a byte order mark.
_STREAM_BEGINNINGS = {b"d", b"e", b"i", b"r", b":", b"\xef"}
_IN_STREAM = {FailureKind.SERVER_ERROR, FailureKind.OVERLOADED}
_ID_CHARS_MAX = 128
_MESSAGE_CHARS_MAX = 300


class DecoderContext(msgspec.Struct, frozen=True, kw_only=True):
    """What all decoders of a client share.

    `wall_clock` gives the seconds since the epoch, for waits that are stated as dates. `show_messages` puts the
    provider's own words into `Failure.detail`; they may quote the prompt, so this is for debugging only.
    """

    limits: LimitOptions = LimitOptions()
    wall_clock: Callable[[], float] = time.time
    show_messages: bool = False


class Reader(Protocol):
    """What a wire knows of its own answers; holds the state of one response."""

    errors: ErrorTable
    request_id_header: str

    @property
    def finished(self) -> bool:
        """The wire's terminal event was read: nothing of the answer follows."""
        ...

    def event(self, event: SseEvent, deltas: list[Delta]) -> None:
        """Read one stream event. Raises `NotJsonError`, `InBandError` or `ProviderError`."""
        ...

    def document(self, body: bytes) -> None:
        """Read an answer that is one JSON document. Raises as `event` does."""
        ...

    def error(self, body: bytes) -> ErrorFacts | None:
        """Read an error body; None if it is not this wire's error JSON."""
        ...

    def reply(self, request_id: str | None) -> Reply:
        """Return the answer. Raises `ProviderError` if its end was never read."""
        ...


class _Body(Enum):
    """What the body is taken for."""

    UNDECIDED = auto()  # a stream was asked for; the first byte decides
    STREAM = auto()
    DOCUMENT = auto()
    ERROR = auto()


class ResponseDecoder:
    """The `Decoder` of every wire."""

    _sse: SseParser  # only of a stream

    def __init__(self, reader: Reader, context: DecoderContext, *, stream: bool, secret: str) -> None:
        limits = context.limits
        self._reader = reader
        self._context = context
        self._stream = stream
        self._secret = secret
        if stream:
            self._sse = SseParser(limits.event_bytes_max)
        self._status = 0
        self._headers: Mapping[str, str] = {}
        self._request_id: str | None = None
        self._body = _Body.UNDECIDED if stream else _Body.DOCUMENT
        self._chunks: list[bytes] = []
        self._room = limits.stream_bytes_max if stream else limits.body_bytes_max
        self._failure: Failure | None = None

    @property
    def finished(self) -> bool:
        """Nothing more need be read."""
        return (
            self._failure is not None
            or self._reader.finished
            or (self._body is _Body.ERROR and self._room <= 0)
        )

    def head(self, status: int, headers: Mapping[str, str]) -> None:
        """Take the head. Raises `ProviderError` where it alone shows that no answer follows."""
        self._status = status
        self._headers = headers
        self._request_id = self._public_id(headers.get(self._reader.request_id_header))
        if 200 <= status < 300:  # noqa: PLR2004 - the class of success
            self._check_success(headers)
        elif 300 <= status < 400:  # noqa: PLR2004 - redirects
            self._fail(FailureKind.BAD_RESPONSE, "a redirect, which is not followed", code="redirect")
        else:
            self._body = _Body.ERROR
            self._room = self._context.limits.error_bytes_max
        self._raise_failure()

    def feed(self, data: bytes) -> list[Delta]:
        """Take the next bytes."""
        self._raise_failure()
        deltas: list[Delta] = []
        if not data or self.finished:
            return deltas
        excess = len(data) - self._room
        if excess > 0:
            data = data[: self._room]
        self._room -= len(data)
        if self._body is _Body.UNDECIDED:
            data = self._decide(data)
        if self._body is _Body.STREAM:
            self._read_events(self._sse.feed(data), deltas)
        else:
            self._chunks.append(data)
        if excess > 0 and self._body is not _Body.ERROR and not self.finished:
            self._fail(FailureKind.BAD_RESPONSE, "larger than its size limit", code="oversized")
        if not deltas:
            self._raise_failure()
        return deltas

    def close(self) -> Reply:
        """Take the end of the body."""
        self._raise_failure()
        try:
            if self._body is _Body.STREAM:
                return self._end_stream()
            if self._body is not _Body.ERROR:
                return self._end_document(b"".join(self._chunks))
            self._fail_by(self._reader.error(b"".join(self._chunks)))
        except NotJsonError as error:
            self._fail(FailureKind.BAD_RESPONSE, str(error))
        except InBandError as error:
            self._fail_by(error.facts)
        except ProviderError as error:
            self._fail(error.failure.kind, error.failure.detail, code=error.failure.code)
        self._raise_failure()
        raise AssertionError("unreachable: every branch above has set a failure")

    def _end_stream(self) -> Reply:
        if not self._reader.finished:
            rest: list[Delta] = []
            self._read_events(self._sse.flush(), rest)
            self._raise_failure()
            if any(not isinstance(delta, Ping) for delta in rest):
                # The caller was never given it: the stream broke off inside its last event.
                self._fail(FailureKind.STREAM_TRUNCATED, "the stream ended inside an event")
                self._raise_failure()
        return self._reader.reply(self._request_id)

    def _end_document(self, body: bytes) -> Reply:
        if not body.strip():
            raise NotJsonError("an empty body")
        if self._stream:
            facts = self._reader.error(body)
            if facts is None:
                raise NotJsonError("a document where a stream was asked for")
            raise InBandError(facts)
        self._reader.document(body)
        return self._reader.reply(self._request_id)

    def _check_success(self, headers: Mapping[str, str]) -> None:
        content_type = headers.get("content-type", "").partition(";")[0].strip().lower()
        wanted = _STREAM_TYPES if self._stream else _DOCUMENT_TYPES
        if content_type not in wanted and not content_type.endswith("+json"):
            what = {"text/html": "an HTML page", "text/event-stream": "a stream"}.get(content_type)
            self._fail(FailureKind.BAD_RESPONSE, f"{what or 'an unexpected content type'}, not an answer")
        declared = headers.get("content-length", "")
        if declared.isdecimal() and int(declared[:20]) > self._room:
            self._fail(FailureKind.BAD_RESPONSE, "larger than its size limit", code="oversized")

    def _decide(self, data: bytes) -> bytes:
        """See from its first character whether the body is a stream at all."""
        data = data.lstrip()
        if data.startswith((b"{", b"[")):
            self._body = _Body.DOCUMENT
        elif data[:1] in _STREAM_BEGINNINGS:
            self._body = _Body.STREAM
        elif data:
            self._fail(FailureKind.BAD_RESPONSE, "no event stream where one was asked for")
        return data

    def _read_events(self, events: list[SseEvent], deltas: list[Delta]) -> None:
        reader = self._reader
        try:
            for event in events:
                if reader.finished:
                    break
                if event is COMMENT:
                    deltas.append(_PING)
                else:
                    reader.event(event, deltas)
        except NotJsonError as error:
            self._fail(FailureKind.BAD_RESPONSE, str(error))
        except InBandError as error:
            self._fail_by(error.facts)
        except ProviderError as error:
            self._fail(error.failure.kind, error.failure.detail, code=error.failure.code)
        if self._sse.overflowed and not reader.finished:
            self._fail(FailureKind.BAD_RESPONSE, "an event larger than its size limit", code="oversized")

    def _fail_by(self, facts: ErrorFacts | None) -> None:
        kind = kind_of(self._status, facts, self._reader.errors)
        if self._body is _Body.STREAM and kind in _IN_STREAM:
            kind = FailureKind.STREAM_ERROR
        code = facts.codes[0] if facts and facts.codes else None
        self._fail(
            kind,
            self._describe(facts),
            code=code,
            wait_s=retry_after_s(
                self._headers,
                unix_time_s=self._context.wall_clock(),
                body_delay=facts.retry_delay if facts else None,
            ),
            request_id=facts.request_id if facts else None,
        )

    def _describe(self, facts: ErrorFacts | None) -> str:
        where = "inside the stream" if self._body is _Body.STREAM else f"with status {self._status}"
        if facts is None:
            return f"no JSON of the provider's {where}"
        said = ", ".join((*facts.codes, *([f"param {facts.param}"] if facts.param else [])))
        if self._context.show_messages and facts.message:
            said += f": {self._showable(facts.message)}"
        return f"an error {where}" + (f": {said}" if said else "")

    def _showable(self, message: str) -> str:
        """Return a provider's words without the key, terminal escapes or line ends, and not too many of them."""
        if self._secret:
            message = message.replace(self._secret, "***")
        return "".join(c if c.isprintable() else " " for c in message[:_MESSAGE_CHARS_MAX])

    def _fail(
        self,
        kind: FailureKind,
        detail: str,
        *,
        code: str | None = None,
        wait_s: float | None = None,
        request_id: str | None = None,
    ) -> None:
        """Set the failure, unless one is set."""
        if self._failure is None:
            self._failure = failure(
                kind,
                detail,
                status=self._status,
                code=code,
                retry_after_s=wait_s,
                request_id=self._request_id or self._public_id(request_id),
            )
            self._chunks.clear()

    def _raise_failure(self) -> None:
        if self._failure is not None:
            raise ProviderError(self._failure)

    def _public_id(self, value: str | None) -> str | None:
        """Return a request id as far as it may be shown: bounded, and not an echo of the key."""
        if not value or len(value) > _ID_CHARS_MAX or not value.isascii() or not value.isprintable():
            return None
        return None if self._secret and self._secret in value else value
