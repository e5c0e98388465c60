"""Citations in an answer: `[source:ID]`, with the quoted words before it, must be of the sources that were given.

In JSON answers an object with `source` (or `source_id`) and `quote` says the same.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any

_MARK = re.compile(r"\[source:([^\[\]\n]{1,100})\]")
_ID_SHOWN = 40
_QUOTE_CHARS_MAX = 2000
_QUOTE_CHARS_MIN = 3
_CLOSERS = {'"': '"', "\u201d": "\u201c", "\u00bb": "\u00ab", "\u2019": "\u2018"}
_ELLIPSES = re.compile(r"\.\.\.|\u2026|\[\u2026\]|\[\.\.\.\]")
_SOURCE_NAMES = ("source", "source_id")


def plain(text: str) -> str:
    """Return a text as quotes are compared: one width, one case, one blank between words, straight quotes."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    folded = folded.translate({0x201C: '"', 0x201D: '"', 0x2018: "'", 0x2019: "'", 0xAD: None, 0x200B: None})
    return " ".join(folded.split())


def citation_problems(text: str, sources: Mapping[str, str]) -> Iterator[str]:
    """Yield what is wrong with the citations of a plain text. `sources` are plain texts by id."""
    for mark in _MARK.finditer(text):
        source = mark[1].strip()
        if source not in sources:
            yield f"cites a source that was not given: {source[:_ID_SHOWN]!r}"
            continue
        quote = _quote_before(text, mark.start())
        if quote is not None and not occurs(quote, sources[source]):
            yield f"a quote is not in source {source[:_ID_SHOWN]!r}"


def citations(text: str) -> int:
    """Return how many citations a plain text has."""
    return sum(1 for _ in _MARK.finditer(text))


def document_citation_problems(document: Any, sources: Mapping[str, str]) -> Iterator[str]:
    """Yield what is wrong with the citations of a JSON answer."""
    if isinstance(document, list):
        for item in document:
            yield from document_citation_problems(item, sources)
    elif isinstance(document, dict):
        named = next((document[name] for name in _SOURCE_NAMES if name in document), None)
        if isinstance(named, str | int) and not isinstance(named, bool):
            yield from _entry_problems(str(named), document.get("quote"), sources)
        for value in document.values():
            yield from document_citation_problems(value, sources)


def _entry_problems(source: str, quote: Any, sources: Mapping[str, str]) -> Iterator[str]:
    if source not in sources:
        yield f"cites a source that was not given: {source[:_ID_SHOWN]!r}"
    elif isinstance(quote, str) and not occurs(quote, sources[source]):
        yield f"a quote is not in source {source[:_ID_SHOWN]!r}"


def occurs(quote: str, source: str) -> bool:
    """Tell whether a quote stands in a plain source; what an ellipsis parts must stand there in order."""
    position = 0
    pieces = [piece for piece in (plain(piece) for piece in _ELLIPSES.split(quote)) if piece]
    for piece in pieces:
        found = source.find(piece.strip(" .,;:!?"), position)
        if found < 0:
            return False
        position = found + len(piece)
    return bool(pieces)


def _quote_before(text: str, end: int) -> str | None:
    """Return the words in quotation marks that stand right before a citation, None if there are none."""
    end = len(text[max(0, end - _QUOTE_CHARS_MAX) : end].rstrip(" .,;:")) + max(0, end - _QUOTE_CHARS_MAX)
    if end == 0 or (closing := text[end - 1]) not in _CLOSERS:
        return None
    start = text.rfind(_CLOSERS[closing], max(0, end - _QUOTE_CHARS_MAX), end - 1)
    if start < 0 or end - start - 2 < _QUOTE_CHARS_MIN:
        return None
    return text[start + 1 : end - 1]
