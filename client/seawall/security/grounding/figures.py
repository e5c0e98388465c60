"""Figures in an answer must occur in what it was given: numbers are compared by value, however they are written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import NamedTuple

_FIGURE = re.compile(r"\d[\d.,'\u2019\u00a0\u202f ]{0,40}")
_GROUPED = re.compile(r"\d{1,3}(?:([.,'\u2019\u00a0\u202f ])\d{3})+")
_SCALE = re.compile(r"\s?(thousand|million|billion|trillion|k|m|bn|b)\b", re.IGNORECASE)
_SCALES = {
    "k": 3,
    "thousand": 3,
    "m": 6,
    "million": 6,
    "b": 9,
    "bn": 9,
    "billion": 9,
    "trillion": 12,
}
_UNIT = re.compile(r"\s?[%\u2030$\u20ac\u00a3\u00a5]")
_CURRENCIES = frozenset("$\u20ac\u00a3\u00a5")
_ORDINAL = re.compile(r"(?:^|\n)[ \t]{0,8}\d{1,3}[.)]\s")
_CITATION = re.compile(r"\[source:[^\[\]\n]{1,100}\]")
_SMALL_MAX = 10
_SHOWN_MAX = 8
_WORDS = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
    "twenty",
]
_WORD = re.compile(rf"\b(?:{'|'.join(_WORDS)})\b", re.IGNORECASE)


class KnownFigures:
    """The figures of some texts."""

    def __init__(self, texts: Iterable[str]) -> None:
        self._values: set[Decimal] = set()
        for text in texts:
            for figure in _figures(text):
                self._values |= figure.values
            self._values.update(Decimal(_WORDS.index(found[0].lower())) for found in _WORD.finditer(text))

    def problems(self, text: str) -> Iterator[str]:
        """Yield the figures of a text that are not known. Bare whole numbers up to ten and ordinals of lists pass."""
        blanked = _ORDINAL.sub("\n", _CITATION.sub(" ", text))
        shown = 0
        for figure in _figures(blanked):
            if figure.values & self._values or (figure.bare and min(figure.values) <= _SMALL_MAX):
                continue
            shown += 1
            if shown > _SHOWN_MAX:
                return
            yield f"the figure {figure.written!r} is not in what was given"


class _Figure(NamedTuple):
    """A figure as written and the values it may mean. `bare`: a whole number without unit or scale."""

    written: str
    values: set[Decimal]
    bare: bool


def _figures(text: str) -> Iterator[_Figure]:
    position = 0
    while found := _FIGURE.search(text, position):
        written = _one_number(found[0])
        position = end = found.start() + len(written)
        values = set(_readings(written))
        if scale := _SCALE.match(text, end):
            values = {value.scaleb(_SCALES[scale[1].lower()]) for value in values}
        unit = _UNIT.match(text, end) or text[max(0, found.start() - 1) : found.start()] in _CURRENCIES
        yield _Figure(written, values, bare=written.isdigit() and not scale and not unit)


def _one_number(run: str) -> str:
    """Return the first number of a run of digits and separators: blanks part numbers unless they group thousands."""
    if grouped := _GROUPED.match(run):
        rest = re.match(r"[.,]\d+", run[grouped.end() :])
        if not run[grouped.end() : grouped.end() + 1].isdigit():
            return grouped[0] + (rest[0] if rest else "")
    return re.match(r"\d+(?:[.,]\d+)*", run)[0]  # type: ignore[index]  # it begins with a digit


def _readings(written: str) -> Iterator[Decimal]:
    """Yield what digits with separators may mean: `1,234` is 1234 here and 1.234 elsewhere."""
    grouping = re.sub(r"[ '\u2019\u00a0\u202f]", "", written)
    yield from (
        Decimal(reading)
        for reading in {grouping.replace(",", ""), _decimal_comma(grouping)}
        if _is_number(reading)
    )
    digits = re.sub(r"\D", "", grouping)
    if _GROUPED.fullmatch(written):
        yield Decimal(digits)


def _decimal_comma(text: str) -> str:
    return text.replace(".", "").replace(",", ".")


def _is_number(text: str) -> bool:
    return re.fullmatch(r"\d+(?:\.\d+)?", text) is not None
