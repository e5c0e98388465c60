"""Regular expressions that take linear time whatever the text is: RE2 over a text's one-byte shadow."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol

try:
    import re2  # type: ignore[import-untyped]
except ImportError as error:  # pragma: no cover - a lean installation
    raise ImportError("redaction needs its engines: pip install 'seawall[security]'") from error

# For the states that an engine remembers between texts; beyond it they are forgotten and found again.
MEMORY_BYTES = 16 << 20


class Match(Protocol):
    """The part of a match object that detectors use."""

    def span(self, group: int = 0) -> tuple[int, int]:
        """Return start and end of the group, (-1, -1) where it took no part."""
        ...

    def group(self, *groups: int) -> Any:
        """Return the bytes of the group."""
        ...


def _options(*, ignore_case: bool) -> object:
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.case_sensitive = not ignore_case
    options.log_errors = False
    options.max_mem = MEMORY_BYTES
    return options


class LinearPattern:
    """A pattern over Latin-1 bytes. No back-references and no look-around: RE2 refuses them.

    Repeats should be bounded, or stand last: a search looks ahead no further than its longest match, so walking
    over all matches stays linear too.
    """

    __slots__ = ("_compiled", "source")

    def __init__(self, source: str, *, ignore_case: bool = False) -> None:
        self.source = source
        try:
            self._compiled = re2.compile(source.encode("latin-1"), _options(ignore_case=ignore_case))
        except re2.error as error:
            raise ValueError(f"not a linear-time pattern: {source!r}: {error}") from error

    @property
    def groups(self) -> int:
        """How many groups the pattern has."""
        count: int = self._compiled.groups
        return count

    def finditer(self, data: bytes, start: int = 0, end: int | None = None) -> Iterator[Match]:
        """Yield all matches from left to right, none overlapping another."""
        found: Iterator[Match] = self._compiled.finditer(data, start, end)
        return found

    def spans(self, data: bytes) -> Iterator[tuple[int, int]]:
        """Yield start and end of all matches."""
        for match in self._compiled.finditer(data):
            yield match.span()

    def search(self, data: bytes, start: int = 0, end: int | None = None) -> Match | None:
        """Return the first match."""
        found: Match | None = self._compiled.search(data, start, end)
        return found

    def match(self, data: bytes, start: int = 0, end: int | None = None) -> Match | None:
        """Return the match that begins at `start`."""
        found: Match | None = self._compiled.match(data, start, end)
        return found

    def fullmatch(self, data: bytes) -> bool:
        """Tell whether the pattern describes all of `data`."""
        return self._compiled.fullmatch(data) is not None


class LinearPatternSet:
    """Tells in one pass which of many patterns occur in a text at all."""

    __slots__ = ("_set",)

    def __init__(self, sources: Iterable[str], *, ignore_case: bool = False) -> None:
        self._set = re2.Set.SearchSet(_options(ignore_case=ignore_case))
        for source in sources:
            self._set.Add(source.encode("latin-1"))
        self._set.Compile()

    def present(self, data: bytes) -> list[int]:
        """Return the positions, in the order given, of the patterns that occur in `data`."""
        found: list[int] | None = self._set.Match(data)
        return sorted(found) if found else []
