"""Server-sent events out of pieces of a body."""

ENDS = (b"\n\n", b"\r\n\r\n")


class Events:
    """Cuts a byte stream into whole events, each with the blank line that ends it."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._searched = 0

    def feed(self, data: bytes) -> list[bytes]:
        """The events that are complete now."""
        self._buffer += data
        events = []
        while (end := self._end()) is not None:
            events.append(bytes(self._buffer[:end]))
            del self._buffer[:end]
            self._searched = 0
        # The end of an event may be half here: look again from just before it.
        self._searched = max(0, len(self._buffer) - 3)
        return events

    def rest(self) -> bytes:
        """What came after the last whole event; forgotten here."""
        rest = bytes(self._buffer)
        self._buffer.clear()
        self._searched = 0
        return rest

    def _end(self) -> int | None:
        found = [(at + len(end)) for end in ENDS if (at := self._buffer.find(end, self._searched)) >= 0]
        return min(found, default=None)


def broken(event: bytes) -> bytes:
    """The event without the end of its JSON, still closed as an event."""
    content = event.rstrip(b"\r\n")
    start = content.find(b"{")
    cut = start + max(1, (len(content) - start) * 2 // 3) if start >= 0 else len(content) // 2
    return content[:cut] + event[len(content) :]
