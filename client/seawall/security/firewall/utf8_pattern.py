"""Linear-time patterns over text of any script: RE2 over UTF-8, spans in characters."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cached_property
from itertools import islice

try:
    import re2  # type: ignore[import-untyped]
except ImportError as error:  # pragma: no cover - a lean installation
    raise ImportError("the firewall needs its engines: pip install 'seawall[security]'") from error

_CONTINUATION = bytes(range(0x80, 0xC0))
_BLOCK_BYTES = 4096


class Utf8Text:
    """A text, its bytes, and the number of the character that a byte belongs to."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.data = text.encode("utf-8", "replace")
        self._is_ascii = len(self.data) == len(text)

    @cached_property
    def _characters_before_block(self) -> list[int]:
        counts = [0]
        for start in range(0, len(self.data), _BLOCK_BYTES):
            counts.append(counts[-1] + _characters(self.data[start : start + _BLOCK_BYTES]))
        return counts

    def position(self, byte: int) -> int:
        """Return how many characters begin before `byte`."""
        if self._is_ascii:
            return byte
        block = byte // _BLOCK_BYTES
        return self._characters_before_block[block] + _characters(self.data[block * _BLOCK_BYTES : byte])


def _characters(data: bytes) -> int:
    return len(data.translate(None, _CONTINUATION))


def _options() -> re2.Options:
    options = re2.Options()
    options.log_errors = False
    options.one_line = False
    options.never_capture = True
    options.max_mem = 32 << 20
    return options


class Utf8Pattern:
    """A pattern without back-references and look-around: RE2 refuses them."""

    __slots__ = ("_compiled", "source")

    def __init__(self, source: str) -> None:
        self.source = source
        try:
            self._compiled = re2.compile(source.encode(), _options())
        except re2.error as error:
            raise ValueError(f"not a linear-time pattern: {source!r}: {error}") from error

    def spans(self, text: Utf8Text, limit: int) -> Iterator[tuple[int, int]]:
        """Yield start and end, in characters, of at most `limit` matches; empty ones are left out."""
        for match in islice(self._compiled.finditer(text.data), limit):
            start, end = match.span()
            if end > start:
                yield text.position(start), text.position(end)


class Utf8PatternSet:
    """Patterns looked for in one pass."""

    __slots__ = ("_set",)

    def __init__(self, patterns: Iterable[Utf8Pattern]) -> None:
        self._set = re2.Set.SearchSet(_options())
        for pattern in patterns:
            self._set.Add(pattern.source.encode())
        self._set.Compile()

    def present(self, text: Utf8Text) -> frozenset[int]:
        """Return the places in the set of the patterns that match anywhere."""
        return frozenset(self._set.Match(text.data) or ())
