"""A text reduced to its letters and digits, as it is and with its escapes undone, and the way back."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from seawall.security.linear_pattern import LinearPattern
from seawall.security.secrets.disguise import squeezed

_ESCAPE = LinearPattern(
    r"%[0-9a-f]{2}|\\x[0-9a-f]{2}|\\u00[0-9a-f]{2}|&#x[0-9a-f]{1,4};?|&#[0-9]{1,5};?|&(?:amp|lt|gt|quot|apos);|=[0-9a-f]{2}|\\[nrtbf\"'/\\]"
)
_MARKS = (b"%", b"\\", b"&", b"=")
_HEX_OPENINGS = ((b"%", 16), (b"\\x", 16), (b"\\u00", 16), (b"&#x", 16), (b"&#", 10), (b"=", 16))
_ALPHANUMERIC = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789")
_Chunk = tuple[bytes, int, int]


class SqueezedView:
    """`letters` are the letters and digits; `locate` tells where in the text one of them stands."""

    def __init__(self, chunks: list[_Chunk]) -> None:
        self._chunks = chunks
        self.letters = b"".join(squeezed(data) for data, _, _ in chunks)

    def locate(self, index: int) -> tuple[int, int]:
        """Return start and end in the text of the letter at `index`."""
        return self._spans[index]

    @cached_property
    def _spans(self) -> list[tuple[int, int]]:
        spans = []
        for data, start, end in self._chunks:
            if end - start == len(data):
                spans += [
                    (start + index, start + index + 1)
                    for index, byte in enumerate(data)
                    if byte in _ALPHANUMERIC
                ]
            elif data and data[0] in _ALPHANUMERIC:
                spans.append((start, end))
        return spans


def views(lower: bytes) -> Iterator[SqueezedView]:
    """Yield the view of a lower-case text as it is, and, if it holds escapes, the view with them undone."""
    yield SqueezedView([(lower, 0, len(lower))])
    if any(mark in lower for mark in _MARKS):
        chunks = _unescape(lower)
        if len(chunks) > 1:
            yield SqueezedView(chunks)


def _unescape(lower: bytes) -> list[_Chunk]:
    chunks: list[_Chunk] = []
    position = 0
    for start, end in _ESCAPE.spans(lower):
        chunks.append((lower[position:start], position, start))
        chunks.append((_character(lower[start:end]), start, end))
        position = end
    chunks.append((lower[position:], position, len(lower)))
    return chunks


def _character(escape: bytes) -> bytes:
    """Return the one character that an escape stands for; nothing if it is no letter or digit."""
    for opening, radix in _HEX_OPENINGS:
        if escape.startswith(opening):
            code = int(escape[len(opening) :].rstrip(b";"), radix)
            return chr(code).lower().encode("latin-1", "replace")[:1] if code < 256 else b""  # noqa: PLR2004
    return b""
