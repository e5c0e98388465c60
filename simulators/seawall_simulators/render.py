"""Heads and chunks as HTTP/1.1 has them on the wire. No Date header: equal answers are equal bytes."""

from functools import lru_cache
from http.client import responses

from seawall_simulators.script import Head
from seawall_simulators.wire import Headers

_REASONS = responses | {529: "Site is overloaded"}
_BODILESS = frozenset({204, 304})

LAST_CHUNK = b"0\r\n\r\n"


def has_body(status: int) -> bool:
    """Whether a response of this status may have a body at all."""
    return status not in _BODILESS


def header_bytes(headers: Headers) -> bytes:
    """Header lines."""
    return "".join([f"{name}: {value}\r\n" for name, value in headers]).encode("latin-1", "replace")


def head_bytes(head: Head, *, close: bool, chunked: bool) -> bytes:
    """A response head; `close` announces that the connection ends with it."""
    if chunked:
        framing = b"transfer-encoding: chunked\r\n"
    elif head.length is not None and head.status not in _BODILESS:
        framing = b"content-length: %d\r\n" % head.length
    else:
        framing = b""
    return b"%b%b%b%b%b" % (
        _opening(head.status, head.content_type),
        header_bytes(head.headers),
        head.prepared,
        framing,
        b"connection: close\r\n\r\n" if close else b"\r\n",
    )


@lru_cache(maxsize=1024)
def _opening(status: int, content_type: str) -> bytes:
    line = f"HTTP/1.1 {status} {_REASONS.get(status, 'Unknown')}\r\ncontent-type: {content_type}\r\n"
    return line.encode("latin-1", "replace")


def chunk(data: bytes) -> bytes:
    """One chunk of a chunked body; `data` is not empty, or it would end the body."""
    return b"%x\r\n%b\r\n" % (len(data), data)
