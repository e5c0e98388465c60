"""Secrets that the service knows by value: found whole, in parts, split up and in any encoding."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple, NoReturn

import ahocorasick  # type: ignore[import-not-found, unused-ignore]

from seawall.security.finding import Finding, Kind
from seawall.security.folded_text import FoldedText
from seawall.security.secrets.disguise import Guise, guises, squeezed
from seawall.security.secrets.squeezed_view import views

VALUE_LENGTH_MIN = 8
LETTERS_MIN = 6
# A piece of a guise that is looked for; a fragment of WINDOW + STRIDE - 1 letters always contains one.
WINDOW, STRIDE = 12, 4


def can_be_registered(value: str) -> bool:
    """Tell whether a secret is long enough to be looked for without finding it everywhere."""
    return len(value) >= VALUE_LENGTH_MIN and len(squeezed(FoldedText(value).lower)) >= LETTERS_MIN


class _Piece(NamedTuple):
    guise: Guise
    start: int
    length: int


class RegisteredSecrets:
    """Values that must never leave, given as `str` of at least 8 characters, 6 of them letters or digits.

    What is found: the value or any 15 successive letters and digits of it, whatever the case and whatever
    other characters stand between them, plain, reversed, in rot13, in percent, entity or backslash escapes,
    hexadecimal, octal, decimal, binary, base32, and base64 at every alignment, also twice. Printing and
    pickling show nothing.
    """

    __slots__ = ("_automaton", "_count")

    def __init__(self, values: Iterable[str]) -> None:
        self._automaton = ahocorasick.Automaton()
        self._count = 0
        for value in values:
            if not can_be_registered(value):
                raise ValueError(
                    f"registered secret number {self._count + 1} is too short: it needs {VALUE_LENGTH_MIN} characters, "
                    f"{LETTERS_MIN} of them letters or digits"
                )
            self._count += 1
            for guise in dict.fromkeys(guises(value)):
                self._add(guise)
        if self._count:
            self._automaton.make_automaton()

    def _add(self, guise: Guise) -> None:
        letters = guise.letters
        if len(letters) < LETTERS_MIN:
            return
        length = WINDOW if len(letters) >= WINDOW + STRIDE else len(letters)
        for start in (*range(0, len(letters) - length, STRIDE), len(letters) - length):
            key = letters[start : start + length].decode("ascii")
            if key not in self._automaton:
                self._automaton.add_word(key, _Piece(guise, start, length))

    def find(self, text: FoldedText) -> Iterator[Finding]:
        """Yield the parts of the text that hold a registered value in some guise."""
        if not self._count:
            return
        for view in views(text.lower):
            reached = 0
            for last, piece in self._automaton.iter(view.letters.decode("ascii")):
                if last < reached:
                    continue
                start, end, lead, trail = _grow(view.letters, piece, last + 1 - piece.length)
                reached = end
                first, final = view.locate(start)[0], view.locate(end - 1)[1]
                yield Finding(
                    _spread(text.shadow, first, -1, lead),
                    _spread(text.shadow, final, 1, trail),
                    Kind.SECRET,
                    1.0,
                    "secret.registered",
                )

    def __len__(self) -> int:
        return self._count

    def __repr__(self) -> str:
        return f"RegisteredSecrets({self._count} values)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("registered secrets stay in the memory of the process that was given them")


def _grow(letters: bytes, piece: _Piece, found: int) -> tuple[int, int, int, int]:
    """Extend a found piece as far as the text goes on being the guise; tell what may stand around it."""
    guise, left, right = piece.guise.letters, piece.start, piece.start + piece.length
    start, end = found, found + piece.length
    while left and start and guise[left - 1] == letters[start - 1]:
        left, start = left - 1, start - 1
    while right < len(guise) and end < len(letters) and guise[right] == letters[end]:
        right, end = right + 1, end + 1
    return start, end, 0 if left else piece.guise.lead, 0 if right < len(guise) else piece.guise.trail


def _spread(shadow: bytes, position: int, step: int, limit: int) -> int:
    """Move an end of a finding outwards over at most `limit` characters that are no space or quote."""
    for _ in range(limit):
        beside = position if step > 0 else position - 1
        if not 0 <= beside < len(shadow) or shadow[beside] in _SPACES_AND_QUOTES:
            break
        position += step
    return position


_SPACES_AND_QUOTES = frozenset(b" \t\r\n\"'`<>(){}[],")
