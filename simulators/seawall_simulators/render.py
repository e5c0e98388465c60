"""Heads and chunks as HTTP/1.1 has them on the wire. No Date header: equal answers are equal bytes."""

from http.client import responses

from seawall_simulators.script import Head

_REASONS = responses | {529: "Site is overloaded"}
_BODILESS = frozenset({204, 304})
LAST_CHUNK = b"0\r\n\r\n"


def has_body(status: int) -> bool:
    """Whether a response of this status may have a body at all."""
    return status not in _BODILESS


def head_bytes(head: Head, *, close: bool, chunked: bool) -> bytes:
    """A response head; `close` announces that the connection ends with it."""
    status = head.status
    lines = [f"HTTP/1.1 {status} {_REASONS.get(status, 'Unknown')}\r\ncontent-type: {head.content_type}\r\n"]
    lines += [f"{name}: {value}\r\n" for name, value in head.headers]
    if chunked:
        lines.append("transfer-encoding: chunked\r\n")
    elif head.length is not None and has_body(status):
        lines.append(f"content-length: {head.length}\r\n")
    lines.append("connection: close\r\n\r\n" if close else "\r\n")
    return "".join(lines).encode("latin-1", "replace")


def chunk(data: bytes) -> bytes:
    """One chunk of a chunked body; `data` is not empty, or it would end the body."""
    return b"%x\r\n%b\r\n" % (len(data), data)
