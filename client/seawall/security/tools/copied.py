"""Whether words were copied from text that nobody vouches for, rather than from the person who asks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any

from seawall.security.grounding.citations import plain

_CHARS_MIN = 4
_DIGITS_MIN = 3
_TOKEN_CHARS_MIN = 16
_SHINGLE_WORDS = 5
_TOKEN_MARKS = ("@", "://", "www.", "\\", "/")


class Context:
    """The words of a conversation, by whether somebody vouches for them."""

    def __init__(self, *, trusted: Iterable[str], untrusted: Iterable[str]) -> None:
        self._trusted = " \n ".join(map(plain, trusted))
        self._untrusted = " \n ".join(map(plain, untrusted))
        self._tokens = {*_telling_tokens(self._untrusted)} - {*_telling_tokens(self._trusted)}
        self._shingles = {*_shingles(self._untrusted)} - {*_shingles(self._trusted)}

    @property
    def tainted(self) -> bool:
        """Whether there is any text that nobody vouches for."""
        return bool(self._untrusted.strip())

    def copied(self, value: Any) -> bool:
        """Tell whether a value, or a telling piece of it, comes from untrusted text and from nowhere else."""
        if isinstance(value, bool) or value is None:
            return False
        if isinstance(value, int | float):
            written = f"{value:g}" if isinstance(value, float) else str(value)
            return sum(map(str.isdigit, written)) >= _DIGITS_MIN and self._only_untrusted(written)
        text = plain(str(value))
        if len(text) < _CHARS_MIN:
            return False
        return (
            self._only_untrusted(text)
            or not self._tokens.isdisjoint(_telling_tokens(text))
            or not self._shingles.isdisjoint(_shingles(text))
        )

    def _only_untrusted(self, text: str) -> bool:
        return text in self._untrusted and text not in self._trusted


def _telling_tokens(text: str) -> Iterator[str]:
    """Yield what points somewhere by itself: addresses, links, paths, long ids."""
    for word in text.split():
        token = word.strip("\"'`<>()[]{},;:.!?")
        telling = len(token) >= _TOKEN_CHARS_MIN or any(mark in token for mark in _TOKEN_MARKS)
        if telling and len(token) >= _CHARS_MIN:
            yield token


def _shingles(text: str) -> Iterator[str]:
    words = text.split()
    windows = zip(*(islice(words, start, None) for start in range(_SHINGLE_WORDS)), strict=False)
    return (" ".join(window) for window in windows)
