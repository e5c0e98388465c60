"""A text and its one-byte-per-character shadow, so that byte engines report character offsets."""

from __future__ import annotations

import codecs
import unicodedata
from bisect import bisect_right
from functools import cached_property

from seawall.security.column import Column, find_columns

IGNORABLE = "\xad"  # soft hyphen stands for everything invisible
OTHER_LETTER = "\xaa"  # letters without case: CJK, Arabic, Hebrew ...
_CATEGORY_STAND_INS = {
    "Lu": "\xde",
    "Lt": "\xde",
    "Ll": "\xfe",
    "Lo": OTHER_LETTER,
    "Lm": OTHER_LETTER,
    "Pd": "-",
    "Zs": " ",
    "Zl": "\n",
    "Zp": "\n",
    "Cf": IGNORABLE,
    "Mn": IGNORABLE,
    "Me": IGNORABLE,
}
# Quotation marks, the modifier apostrophe, the minus sign, and the letters with a stroke.
_NAMED_STAND_INS = {
    "\u2018": "'",
    "\u2019": "'",
    "\u02bc": "'",
    "\u201c": '"',
    "\u201d": '"',
    "\u201e": '"',
    "\u2212": "-",
    "\u0142": "l",
    "\u0141": "L",
}
_SYMBOL = "\xa4"
_WORD = frozenset(b for b in range(256) if chr(b).isalnum() and chr(b) != OTHER_LETTER) | {ord("_")}
_DIGIT = frozenset(b"0123456789")


class _StandIns(dict[int, str]):
    """Code point to the Latin-1 character that plays its part; computed once for each code point."""

    def __missing__(self, code: int) -> str:
        found = self[code] = _stand_in(chr(code))
        return found


def _stand_in(char: str) -> str:
    if named := _NAMED_STAND_INS.get(char):
        return named
    digit = unicodedata.decimal(char, None)
    if digit is not None:
        return str(digit)
    for form in (unicodedata.normalize("NFKC", char), unicodedata.normalize("NFKD", char)[:1]):
        if len(form) == 1 and form < "\u0100":
            return form
    return _CATEGORY_STAND_INS.get(unicodedata.category(char), _SYMBOL)


_stand_ins = _StandIns()


def _encode_stand_ins(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    return error.object[error.start : error.end].translate(_stand_ins), error.end


codecs.register_error("seawall.fold", _encode_stand_ins)


class FoldedText:
    """A text with a shadow of exactly one byte for each character.

    In the shadow digits of all scripts are ASCII digits, dashes are `-`, typographic quotes are plain, invisible
    characters are a soft hyphen, and cased letters beyond Latin-1 are a letter of the same case. Byte offsets in
    the shadow are character offsets in the text.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.shadow = text.encode("latin-1", "seawall.fold")

    @cached_property
    def lower(self) -> bytes:
        """The shadow with ASCII letters in lower case."""
        return self.shadow.lower()

    @cached_property
    def _columns(self) -> tuple[list[int], list[Column]]:
        columns = find_columns(self.lower)
        return [column.start for column in columns], columns

    @cached_property
    def digit_count(self) -> int:
        """How many digits the text has."""
        return len(self.shadow) - len(self.shadow.translate(None, b"0123456789"))

    def column_header(self, position: int) -> bytes:
        """Return the lower-case header of the table column that `position` is in, or nothing."""
        starts, columns = self._columns
        index = bisect_right(starts, position) - 1
        return columns[index].header if index >= 0 and position < columns[index].end else b""

    @property
    def cells(self) -> list[Column]:
        """Every cell that stands below a header, in order."""
        return self._columns[1]

    def __len__(self) -> int:
        return len(self.shadow)

    def before(self, position: int, length: int) -> bytes:
        """Up to `length` lower-case bytes in front of `position`."""
        return self.lower[max(0, position - length) : position]

    def after(self, position: int, length: int) -> bytes:
        """Up to `length` lower-case bytes from `position` on."""
        return self.lower[position : position + length]

    def stands_alone(self, start: int, end: int) -> bool:
        """Tell whether the span neither begins nor ends in the middle of a word."""
        shadow = self.shadow
        return (start == 0 or shadow[start - 1] not in _WORD or shadow[start] not in _WORD) and (
            end >= len(shadow) or shadow[end] not in _WORD or shadow[end - 1] not in _WORD
        )

    def touches_digit(self, start: int, end: int) -> bool:
        """Tell whether a digit, or a dot or hyphen and then a digit or letter, continues the span."""
        shadow = self.shadow
        if start and (
            shadow[start - 1] in _DIGIT
            or (start > 1 and shadow[start - 1] in b".-" and shadow[start - 2] in _WORD)
        ):
            return True
        if end < len(shadow) and shadow[end] in _DIGIT:
            return True
        return end + 1 < len(shadow) and shadow[end] in b".-" and shadow[end + 1] in _WORD


def digits_of(piece: bytes) -> bytes:
    """Return the ASCII digits of `piece`, in order."""
    return piece.translate(None, _NOT_DIGITS)


_NOT_DIGITS = bytes(b for b in range(256) if b not in _DIGIT)
