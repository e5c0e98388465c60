"""What an address goes on with behind its street: flat, city, region, postcode and country."""

from __future__ import annotations

import re
from typing import NamedTuple

from seawall.security.folded_text import FoldedText
from seawall.security.pii.lexicon import lexicon, plain
from seawall.security.pii.street import PARTICLES, STREET_ENDINGS, UNITS

WORD = r"[A-Z\xc0-\xd6\xd8-\xde][A-Za-z\xc0-\xd6\xd8-\xf6\xf8-\xff'\xad-]*"
_UNIT = rf"(?:{UNITS})\.? ?#?[0-9A-Z][0-9A-Za-z-]{{0,5}}\b"
_POSTCODE = (
    r"[A-Z]{1,2}[0-9][0-9A-Z]? ?[0-9][A-Z]{2}\b|[AC-FHKNPRTV-Y][0-9][0-9W] ?[0-9AC-FHKNPRTV-Y]{4}\b|[A-Z][0-9][A-Z] ?[0-9][A-Z][0-9]\b|[0-9]{4} ?[A-Z]{2}\b|[0-9]{2}-[0-9]{3}\b|[0-9]{5}-[0-9]{3,4}\b|[0-9]{4}-[0-9]{3}\b|"
    r"[0-9]{3} [0-9]{2,3}\b|(?:[A-Z]{1,2}-)?[0-9]{4,6}\b"
)
_NUMBER = (
    r"(?:[Nn][\xb0\xbao]\.? ?|[Nn]r\.? ?|[Nn]um\. ?)?[0-9]{1,6}[A-Za-z]?(?:[-/][0-9]{1,5}[A-Za-z]?)?\b\.?"
)
_SEPARATOR = r"(?: {0,2}, {0,2}| {0,2},? {0,2}\n(?:[ >?\t]{0,6}\n)?[ >?\t]{0,6},? {0,2}| {1,2})"
# Matched at one place, each alternative bounded or never given back: no backtracking, at a third of what RE2's groups cost.
_STEP = re.compile(
    rf"(?P<separator>{_SEPARATOR})?(?:(?P<unit>{_UNIT})|(?P<postcode>{_POSTCODE})|(?P<number>{_NUMBER})|(?P<particle>(?:{PARTICLES}|nan)\b)|(?P<word>\(?{WORD}+\)?\.?))".encode(
        "latin-1"
    )
)
STEPS_MAX = 20
SHORT_WORD = 5
_STREET_ENDING = frozenset(STREET_ENDINGS.lower().split("|"))
_UNIT_GROUP, _POSTCODE_GROUP, _NUMBER_GROUP, _PARTICLE_GROUP, _WORD_GROUP = range(2, 7)
_REGION_LENGTHS = (2, 3)
CITY_WORDS_MAX = 4
_FIELD_WORDS = frozenset(
    "contact phone telephone tel fax email mail please call name date thanks regards hello customer order invoice account card when where what and".split()  # noqa: SIM905
)


class Extent(NamedTuple):
    """How far an address reaches; `proofs` counts flats, postcodes, regions and countries in its tail."""

    end: int
    proofs: int
    is_numbered: bool


def extend(text: FoldedText, start: int, end: int) -> Extent:
    """Read on from `end`, where a street that began at `start` was read to.

    Words count up to the last proof. Behind it one more city still belongs: behind a postcode, or set off by a
    comma or a line end.
    """
    walk = _Walk(text, start, end)
    for _ in range(STEPS_MAX):
        if not walk.step():
            break
    return Extent(_strip(text.shadow, start, walk.stop), walk.proofs, walk.is_numbered)


class _Walk:
    __slots__ = ("_start", "_text", "city_words", "is_numbered", "position", "proofs", "stop")

    def __init__(self, text: FoldedText, start: int, end: int) -> None:
        self._text, self._start = text, start
        self.position = self.stop = end
        self.proofs = 0
        self.city_words = 0  # words of the city being read; 0: none may begin here
        self.is_numbered = False

    def step(self) -> bool:
        match = _STEP.match(self._text.shadow, self.position)
        in_tail = self.position != self._start
        if match is None or (in_tail and match.span(1)[0] < 0):
            return False
        group = match.lastindex or _WORD_GROUP
        begin, finish = match.span(group)
        token = self._text.text[begin:finish]
        breaks = in_tail and match.group(1).strip(b" ") != b""
        if group == _WORD_GROUP and _is_foreign(self._text, token, begin, finish, breaks=breaks):
            return False
        if group == _NUMBER_GROUP and not in_tail:
            pass
        elif group == _NUMBER_GROUP and not self.is_numbered:
            self.is_numbered = True
        proof = in_tail and _is_proof(group, token)
        self._count(group, token, finish, breaks=breaks, proof=proof)
        self.position = finish
        return not (token.endswith(".") and group == _WORD_GROUP and len(token) > SHORT_WORD)

    def _count(self, group: int, token: str, finish: int, *, breaks: bool, proof: bool) -> None:
        self.proofs += proof
        if (
            proof
            or group == _NUMBER_GROUP
            or (group == _WORD_GROUP and plain(token.rstrip(".")) in _STREET_ENDING)
        ):
            self.stop = finish
            self.city_words = 1 if group == _POSTCODE_GROUP else 0
        elif group == _POSTCODE_GROUP:
            self.stop, self.city_words = finish, 1
        elif group == _WORD_GROUP:
            self.city_words = 1 if breaks else self.city_words
            if 0 < self.city_words <= CITY_WORDS_MAX:
                self.stop = finish
                self.city_words += 1


def _is_proof(group: int, token: str) -> bool:
    if group == _WORD_GROUP:
        bare = token.strip("().")
        return (bare.isupper() and len(bare) in _REGION_LENGTHS) or plain(bare) in lexicon().places
    return group in (_UNIT_GROUP, _POSTCODE_GROUP)


def _is_foreign(text: FoldedText, token: str, begin: int, finish: int, *, breaks: bool) -> bool:
    """Tell whether a capitalised word belongs to the next sentence or field instead."""
    if text.shadow[finish : finish + 1] in (b":", b"="):
        return True
    word = plain(token.strip("()."))
    if breaks and word in _FIELD_WORDS:
        return True
    return (
        text.shadow[begin - 2 : begin - 1] == b"."
        and word in lexicon().ordinary
        and word not in _STREET_ENDING
    )


def _strip(shadow: bytes, start: int, end: int) -> int:
    while end > start and shadow[end - 1] in b" ,\n.-":
        end -= 1
    return end
