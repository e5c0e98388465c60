"""Postal addresses, by rules: a street, a box or a cue, and then what addresses go on with."""

from __future__ import annotations

from collections.abc import Iterator

from seawall.security.finding import Finding, Kind
from seawall.security.folded_text import FoldedText
from seawall.security.linear_pattern import LinearPattern, LinearPatternSet
from seawall.security.pii.address_tail import WORD, extend
from seawall.security.pii.date import MONTHS
from seawall.security.pii.street import (
    PARTICLES,
    STREET_COMPOUNDS,
    STREET_COMPOUNDS_ORDINARY,
    STREET_ENDINGS,
    STREET_ENDINGS_ORDINARY,
    STREET_OPENINGS,
    STREET_OPENINGS_ORDINARY,
    STREET_SECOND_WORDS,
    UNITS,
)

_HOUSE = r"[0-9]{1,6}[A-Za-z]?(?:[-/][0-9]{1,5}[A-Za-z]?)?"
_LETTERS = r"[A-Z\xc0-\xd6\xd8-\xde][A-Za-z\xc0-\xd6\xd8-\xf6\xf8-\xff-]+"
_NAME = rf"(?:(?:{PARTICLES}) ){{0,2}}{WORD}(?:[ -](?:(?:{PARTICLES}) ?){{0,2}}{WORD}){{0,4}}"
NUMBERED = LinearPattern(
    rf"(?:{_HOUSE},? ){{1,2}}(?:[NSEW]\.? |North |South |East |West )?(?:{WORD} ){{1,4}}(?:{STREET_ENDINGS})\b\.?(?: [NSEW]{{1,2}}\b)?"
)
NUMBERED_LOOSELY = LinearPattern(rf"(?:{_HOUSE},? ){{1,2}}(?:{WORD} ){{1,4}}(?:{STREET_ENDINGS_ORDINARY})\b")
COMPOUND = LinearPattern(rf"(?:{_HOUSE} )?(?:{WORD}[ -]){{0,3}}{_LETTERS}(?:{STREET_COMPOUNDS}) {_HOUSE}\b")
COMPOUND_LOOSELY = LinearPattern(
    rf"(?:{_HOUSE} )?(?:{WORD}[ -]){{0,3}}{_LETTERS}(?:{STREET_COMPOUNDS_ORDINARY}) {_HOUSE}\b"
)
SECOND_WORD = LinearPattern(
    rf"(?:{_HOUSE} )?{WORD}(?:[ -]{WORD}){{0,3}}[ -](?:{STREET_SECOND_WORDS}) {_HOUSE}\b\.?"
)
OPENED = LinearPattern(rf"(?:{_HOUSE}(?: ?(?:bis|ter))?,? ){{0,2}}(?:{STREET_OPENINGS}) {_NAME}")
OPENED_LOOSELY = LinearPattern(rf"{_HOUSE}(?: ?(?:bis|ter))?,? (?:{STREET_OPENINGS_ORDINARY}) {_NAME}")
BETWEEN_NUMBERS = LinearPattern(rf"{_HOUSE} (?:{WORD} ){{1,4}}{_HOUSE}\b")
BEFORE_POSTCODE = LinearPattern(
    rf"{WORD}(?:[ -](?:(?:{PARTICLES}) )?{WORD}){{0,4}},? {_HOUSE}\.?,[ \n](?:[A-Z]{{1,2}}-)?(?:[0-9]{{4,6}}|[0-9]{{3}} [0-9]{{2}}|[0-9]{{2}}-[0-9]{{3}}|[0-9]{{5}}-[0-9]{{3}}|[0-9]{{4}}-[0-9]{{3}}),? {WORD}"
)
UNIT_FIRST = LinearPattern(
    rf"(?:{UNITS})\.? ?[0-9A-Z][0-9A-Za-z]{{0,4}},? (?:[0-9]{{1,5}},? )?(?:{WORD} ){{0,3}}{WORD}, "
)
BOX = LinearPattern(
    r"(?:P\.? ?O\.? ?Box|[Pp]ost ?[Bb]ox|Postbox|Postfach|Postbus|Apartado(?: de [Cc]orreos)?|Bo\xeete [Pp]ostale|B\.?P\.?|Casella [Pp]ostale|Caixa [Pp]ostal|Postboks|Box) #?[0-9]{1,7}\b"
)
MILITARY = LinearPattern(
    r"(?i:(?:psc|unit|cmr) [0-9]{1,5},? box [0-9]{1,5}|us[a-z]{1,4} [a-z\xc0-\xff]{1,30}),?[ \n]{1,3}(?i:apo|fpo|dpo),? (?i:ae|aa|ap) [0-9]{5}"
)
_PLACE_NOUNS = (
    r"[Aa]ddress(?:es)?|[Aa]dresse|[Aa]nschrift|[Dd]irecci\xf3n|[Dd]omicilio|[Ii]ndirizzo|[Aa]dres|[Ee]ndere\xe7o|[Dd]omicile|[Ww]ohnhaft|[Ww]ohnt|[Hh]abite|[Dd]emeurant|[Vv]ive|[Rr]esidente|[Aa]bita|[Ww]oont|[Ww]oonachtig|"
    r"[Zz]amieszka\xb3y|[Mm]ieszka|[Ss]hip to|[Bb]ill to|[Dd]eliver to|[Ss]end to|[Mm]ail to|[Ii]nvoice to|User"
)
_PLACE_VERBS = r"[Ll]ives?|[Ll]ived|[Ll]iving|[Ll]ocated|[Rr]esid(?:es?|ing|ence)|[Oo]ffices?|[Dd]eliver(?:y|ed)?|[Ss]hip(?:ped|ping)?|[Ss]en[dt]|[Mm]ail(?:ed)?|[Mm]oved|[Mm]eet me|[Tt]axi|[Aa]rrived|[Rr]estaurant|[Hh]ouse|[Hh]ome|[Aa]partment|[Pp]arcel|[Pp]ackage|is it\?|[Ii]t's"
CUED = LinearPattern(
    rf"\b(?:(?:{_PLACE_NOUNS})(?:[ :,\"']{{1,3}}(?:is|are|was|at|to|in|on|en|\xe0|au|a|em|here|they|it|with|the same|same|following|new|line|1|street)){{0,5}}"
    rf"|(?:{_PLACE_VERBS})(?: (?:is|are|was|a|an|new|one|it|them|me|us|to be|the|here|back)){{0,3}} (?:at|to|in|on))[ :,\n\"'=\t]{{1,6}}"
    rf"(?P<run>(?:[0-9]|{WORD}))"
)
ACCEPT = 0.5
LETTERS_MIN = 4
FIRST_DIGIT_MAX = 64
_DATED = LinearPattern(rf"(?:^|[^a-z])(?:{MONTHS})(?:$|[^a-z])", ignore_case=True)
_DIGIT = LinearPattern("[0-9]")
_FIRST_ITEM = LinearPattern(r"[^0-9,\n]{2,60}(?:,|\n)[ \n>?\t]{0,6}")


def find_addresses(text: FoldedText) -> Iterator[Finding]:
    """Yield postal addresses."""
    for index in _SEED_SET.present(text.shadow):
        if index == len(_SEEDS):
            yield from _cued(text)
        else:
            yield from _seeded(text, *_SEEDS[index])


def _seeded(text: FoldedText, pattern: LinearPattern, base: float, detector: str) -> Iterator[Finding]:
    shadow = text.shadow
    reached = 0
    for start, end in pattern.spans(shadow):
        if (
            start < reached
            or (start and shadow[start - 1 : start].isalnum())
            or _DATED.search(shadow[start:end])
        ):
            continue
        extent = extend(text, start, end)
        score = base + 0.3 * min(extent.proofs, 2) + (0.15 if extent.is_numbered else 0)
        if score >= ACCEPT:
            reached = extent.end
            yield Finding(start, extent.end, Kind.ADDRESS, round(min(score, 0.95), 2), detector)


_SEEDS = (
    (NUMBERED, 0.7, "address.street"),
    (NUMBERED_LOOSELY, 0.25, "address.street"),
    (COMPOUND, 0.6, "address.street"),
    (COMPOUND_LOOSELY, 0.25, "address.street"),
    (SECOND_WORD, 0.5, "address.street"),
    (OPENED, 0.35, "address.street"),
    (OPENED_LOOSELY, 0.25, "address.street"),
    (BEFORE_POSTCODE, 0.5, "address.before_postcode"),
    (BETWEEN_NUMBERS, -0.05, "address.between_numbers"),
    (UNIT_FIRST, 0.0, "address.unit"),
    (BOX, 0.55, "address.box"),
    (MILITARY, 0.95, "address.military"),
)


_SEED_SET = LinearPatternSet((*(pattern.source for pattern, _, _ in _SEEDS), CUED.source))


def _cued(text: FoldedText) -> Iterator[Finding]:
    for match in CUED.finditer(text.shadow):
        start, _ = match.span(1)
        if _DIGIT.search(text.shadow, start, min(start + FIRST_DIGIT_MAX, len(text))) is None:
            continue
        end = extend(text, start, start).end
        start = _skip_addressee(text.shadow, start, end)
        piece = text.shadow[start:end]
        letters = sum(1 for byte in piece if chr(byte).isalpha())
        if _DIGIT.search(piece) and letters >= LETTERS_MIN and not _DATED.search(piece):
            yield Finding(start, end, Kind.ADDRESS, 0.7, "address.cued")


def _skip_addressee(shadow: bytes, start: int, end: int) -> int:
    """Return where the address begins: behind a first line or item without a number, which names a person."""
    first = _FIRST_ITEM.match(shadow, start, end)
    return first.span()[1] if first is not None else start
