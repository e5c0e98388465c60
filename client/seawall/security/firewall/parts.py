"""Several texts read as one, and the way back from a span to the parts it lies in."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import NamedTuple


class PartSpan(NamedTuple):
    """`parts[part][start:end]`."""

    part: int
    start: int
    end: int


class JoinedParts:
    """Parts with `separator` between them."""

    def __init__(self, parts: Sequence[str], separator: str) -> None:
        self.text = separator.join(parts)
        self._lengths = [len(part) for part in parts]
        self._starts = list(accumulate((length + len(separator) for length in self._lengths), initial=0))[:-1]

    def spans(self, start: int, end: int) -> Iterator[PartSpan]:
        """Yield the pieces of `text[start:end]` in each part it touches."""
        for part in range(max(0, bisect_right(self._starts, start) - 1), len(self._starts)):
            first = self._starts[part]
            if first >= end:
                return
            piece = PartSpan(part, max(0, start - first), min(self._lengths[part], end - first))
            if piece.end > piece.start:
                yield piece
