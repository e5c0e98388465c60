"""From what a provider says went wrong to one `Failure`: by code, by type, by phrase, by status, in that order.

Each wire brings a table of its own and a reader for its error bodies; this module does what they share. A
provider's free text stays out of `Failure.detail` (it may quote the prompt or the key); codes and types, which
are identifiers, go in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from seawall.resilience.failures import Failure, FailureKind, ProviderError

HTTP_OK = 200
_SERVER_ERRORS_FROM = 500
_CLIENT_ERRORS_FROM = 400
_NUMERIC_CODE_MAX = 1_000_000
_IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z_]{0,63}|\d{1,6}")

_STATUS_KINDS: Mapping[int, FailureKind] = {
    401: FailureKind.AUTH,
    402: FailureKind.QUOTA_EXHAUSTED,
    403: FailureKind.PERMISSION,
    408: FailureKind.SERVER_ERROR,
    409: FailureKind.SERVER_ERROR,
    425: FailureKind.SERVER_ERROR,
    429: FailureKind.RATE_LIMITED,
    499: FailureKind.SERVER_ERROR,
    529: FailureKind.OVERLOADED,
}
_REQUEST_STATUSES = {400, 404, 413, 422}
_PHRASE_STATUSES = {HTTP_OK, 400, 413, 422, 429, 500}
_SCOPES: Mapping[FailureKind, str] = {
    FailureKind.CONNECT: "provider",
    FailureKind.TLS: "provider",
    FailureKind.TIMEOUT_CONNECT: "provider",
    FailureKind.AUTH: "provider",
    FailureKind.QUOTA_EXHAUSTED: "provider",
    FailureKind.INVALID_REQUEST: "request",
    FailureKind.CONTEXT_LENGTH: "request",
    FailureKind.CONTENT_FILTERED: "request",
    FailureKind.REFUSED: "request",
}


class ErrorTable(msgspec.Struct, frozen=True, kw_only=True):
    """What a wire's error codes mean.

    `codes` decide whatever the status; `event_types` decide where there is none, in an error event inside a
    200; `phrases` (lower case) are looked for in the message where a wire has no code for the case.
    """

    codes: Mapping[str, FailureKind]
    event_types: Mapping[str, FailureKind]
    phrases: tuple[tuple[str, FailureKind], ...] = ()


class ErrorFacts(msgspec.Struct, frozen=True, kw_only=True):
    """An error body, in no wire's dialect. `codes` are its codes and types, most telling first."""

    codes: tuple[str, ...] = ()
    param: str | None = None
    message: str = ""
    retry_delay: str | None = None
    request_id: str | None = None


def failure(
    kind: FailureKind,
    detail: str,
    *,
    status: int | None = None,
    code: str | None = None,
    retry_after_s: float | None = None,
    request_id: str | None = None,
) -> Failure:
    """Build a `Failure` with the scope that its kind implies."""
    return Failure(
        kind=kind,
        http_status=status,
        code=code,
        retry_after_s=retry_after_s,
        scope=_SCOPES.get(kind, "model"),
        detail=detail,
        request_id=request_id,
    )


def provider_error(kind: FailureKind, detail: str, **facts: Any) -> ProviderError:
    """Build the exception that carries such a `Failure`."""
    return ProviderError(failure(kind, detail, **facts))


def kind_of(status: int, facts: ErrorFacts | None, table: ErrorTable) -> FailureKind:
    """Classify an error response (or an error inside a 200); `facts` is None where the body was no error JSON."""
    for code in facts.codes if facts else ():
        if (kind := table.codes.get(code)) is not None:
            return kind
    if facts and status in _PHRASE_STATUSES:
        message = facts.message.lower()
        for phrase, kind in table.phrases:
            if phrase in message:
                return kind
    if status == HTTP_OK:
        codes = facts.codes if facts else ()
        types = (table.event_types.get(code) or _kind_of_number(code) for code in codes)
        return next((kind for kind in types if kind), FailureKind.SERVER_ERROR)
    if (kind := _STATUS_KINDS.get(status)) is not None:
        return kind
    if status >= _SERVER_ERRORS_FROM:
        return FailureKind.SERVER_ERROR
    # A 4xx that is not the provider's own JSON comes from something in front of it: no word on the request.
    return (
        FailureKind.INVALID_REQUEST if facts and status >= _CLIENT_ERRORS_FROM else FailureKind.BAD_RESPONSE
    )


def _kind_of_number(code: str) -> FailureKind | None:
    """Return what an error inside a 200 means whose code is the status it would have had, as gateways write it."""
    if not code.isdecimal():
        return None
    return FailureKind.INVALID_REQUEST if int(code) in _REQUEST_STATUSES else _STATUS_KINDS.get(int(code))


_PARAM = re.compile(r"[a-z_]{1,40}(?:[.\[][a-z0-9_]{1,40}\]?){0,8}")


class InBandError(Exception):
    """An answer of status 200 turned out to be, or to end in, an error."""

    def __init__(self, facts: ErrorFacts) -> None:
        super().__init__(facts.codes)
        self.facts = facts


def identifiers(*values: object) -> tuple[str, ...]:
    """Return those of `values` that are shaped like an error code; free text, keys and ids are not."""
    texts = (str(v) if isinstance(v, int) and abs(v) < _NUMERIC_CODE_MAX else v for v in values)
    return tuple(text for text in texts if isinstance(text, str) and _IDENTIFIER.fullmatch(text))


def parameter(value: object) -> str | None:
    """Return `value` if it is shaped like the path of a request parameter, such as `messages[0].role`."""
    return value if isinstance(value, str) and _PARAM.fullmatch(value) else None
