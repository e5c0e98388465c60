"""A text reduced to its letters and digits, as it is and with its escapes undone, and the way back."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

from seawall.security.linear_pattern import LinearPattern
from seawall.security.secrets.disguise import squeezed

# By the mark they begin with: a text may hold a mark that is no escape, so each family is also undone alone.
_FAMILIES = {
    b"\\": r"\\x[0-9a-f]{2}|\\u00[0-9a-f]{2}|\\[nrtbf\"'/\\]",
    b"%": r"%[0-9a-f]{2}",
    b"&": r"&#x[0-9a-f]{1,4};?|&#[0-9]{1,5};?|&(?:amp|lt|gt|quot|apos|#39);",
    b"=": r"=[0-9a-f]{2}",
}
_ESCAPES = {mark: LinearPattern(source) for mark, source in _FAMILIES.items()}
_ANY_ESCAPE = LinearPattern("|".join(_FAMILIES.values()))
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
    """Yield the view of a lower-case text as it is, and views with the escapes undone that it holds."""
    yield SqueezedView([(lower, 0, len(lower))])
    present = [
        pattern for mark, pattern in _ESCAPES.items() if mark in lower and pattern.search(lower) is not None
    ]
    if len(present) > 1:
        present.append(_ANY_ESCAPE)
    for pattern in present:
        yield SqueezedView(_unescape(lower, pattern))


def _unescape(lower: bytes, pattern: LinearPattern) -> list[_Chunk]:
    chunks: list[_Chunk] = []
    position = 0
    for start, end in pattern.spans(lower):
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
