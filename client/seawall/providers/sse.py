"""Server-sent events, incrementally: bytes in any split become whole events, within a size limit.

Follows the HTML standard's event stream format: lines end in LF, CR or CRLF, a blank line ends an event,
lines that start with a colon are comments, the space after a field's colon is optional.
"""

from __future__ import annotations

import msgspec

BOM = b"\xef\xbb\xbf"


class SseEvent(msgspec.Struct, frozen=True, gc=False):
    """One event; `name` is empty where the stream gives none."""

    name: bytes
    data: bytes


COMMENT = SseEvent(b"", b"")
"""Stands for a comment line, which carries nothing but a sign of life."""


class SseParser:
    """Feed it bytes, it returns the events they complete.

    `overflowed` turns true when one event, or one line, exceeds `event_bytes_max`; nothing is parsed after that.
    """

    def __init__(self, event_bytes_max: int) -> None:
        self.overflowed = False
        self._event_bytes_max = event_bytes_max
        self._event_bytes = 0
        self._tail = bytearray()  # the line whose end has not arrived
        self._skip_lf = False  # the last byte was a CR, whose LF may follow
        self._at_start = True
        self._name = b""
        self._data: list[bytes] = []

    def feed(self, chunk: bytes) -> list[SseEvent]:
        """Return the events that `chunk` completes."""
        if self._skip_lf and chunk:
            self._skip_lf = False
            chunk = chunk.removeprefix(b"\n")
        if self.overflowed or not chunk:
            return []
        if b"\n" not in chunk and b"\r" not in chunk:
            self._keep(chunk)
            return []
        if self._tail:
            chunk = bytes(self._tail) + chunk
            self._tail.clear()
        lines = chunk.splitlines()
        rest = b""
        if chunk.endswith(b"\r"):
            self._skip_lf = True
        elif not chunk.endswith(b"\n"):
            rest = lines.pop()
        events = self._take(lines)
        if rest:
            self._keep(rest)
        return events

    def flush(self) -> list[SseEvent]:
        """Return the event that the end of the body left without its blank line, if there is one."""
        last = bytes(self._tail)
        self._tail.clear()
        return self._take([last, b""] if last else [b""])

    def _keep(self, rest: bytes) -> None:
        self._tail += rest
        if self._event_bytes + len(self._tail) > self._event_bytes_max:
            self._overflow()

    def _overflow(self) -> None:
        self.overflowed = True
        self._tail.clear()
        self._data.clear()

    def _take(self, lines: list[bytes]) -> list[SseEvent]:
        events: list[SseEvent] = []
        for line in lines:
            if self.overflowed:
                break
            if not line:
                if self._data:
                    events.append(SseEvent(self._name, b"\n".join(self._data)))
                    self._data.clear()
                self._name = b""
                self._event_bytes = 0
            elif self._event_bytes + len(line) > self._event_bytes_max:
                self._overflow()
            elif line.startswith(b":"):
                events.append(COMMENT)
            else:
                self._field(line)
            self._at_start = False
        return events

    def _field(self, line: bytes) -> None:
        if self._at_start:
            line = line.removeprefix(BOM)
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"data":
            self._data.append(value)
            self._event_bytes += len(line)
        elif field == b"event":
            self._name = value
            self._event_bytes += len(line)
