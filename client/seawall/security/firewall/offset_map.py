"""Where each character of a rewritten text came from."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple

FORWARD, WHOLE, BACKWARD = 1, 0, -1


class Edit(NamedTuple):
    """Replace `text[start:end]` by `replacement`, which may be empty."""

    start: int
    end: int
    replacement: str


class Piece(NamedTuple):
    """From `at` in the new text on: what came from `text[start:end]`, `step` telling how."""

    at: int
    start: int
    end: int
    step: int


class OffsetMap:
    """Spans of a rewritten text as spans of the text it was made from."""

    __slots__ = ("_ats", "_pieces")

    def __init__(self, pieces: list[Piece]) -> None:
        self._pieces = pieces
        self._ats = [piece.at for piece in pieces]

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the smallest span of the source that made `[start:end]`, which must not be empty."""
        first, last = self._character(start), self._character(end - 1)
        return min(first[0], last[0]), max(first[1], last[1])

    def _character(self, position: int) -> tuple[int, int]:
        piece = self._pieces[max(0, bisect_right(self._ats, position) - 1)]
        if piece.step == WHOLE:
            return piece.start, piece.end
        offset = position - piece.at
        start = piece.start + offset if piece.step == FORWARD else piece.end - 1 - offset
        return start, start + 1


def reversed_map(length: int) -> OffsetMap:
    """Return the map of a text written backwards."""
    return OffsetMap([Piece(0, 0, length, BACKWARD)])


def rewrite(text: str, edits: Iterable[Edit]) -> tuple[str, OffsetMap]:
    """Return the text with `edits` made, which must be in order and apart, and the map back to `text`."""
    parts: list[str] = []
    pieces: list[Piece] = []
    at = position = 0
    for start, end, replacement in edits:
        if start > position:
            parts.append(text[position:start])
            pieces.append(Piece(at, position, start, FORWARD))
            at += start - position
        if replacement:
            parts.append(replacement)
            pieces.append(Piece(at, start, end, WHOLE))
            at += len(replacement)
        position = end
    if position < len(text) or not pieces:
        parts.append(text[position:])
        pieces.append(Piece(at, position, len(text), FORWARD))
    return "".join(parts), OffsetMap(pieces)
