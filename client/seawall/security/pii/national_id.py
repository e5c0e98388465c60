"""National identity, tax and social-security numbers, by country, each with its own proof."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

from seawall.security.finding import Finding, Kind
from seawall.security.folded_text import FoldedText, digits_of
from seawall.security.linear_pattern import LinearPattern, LinearPatternSet
from seawall.security.pii.cue import RECORD_NUMBER, Cue
from seawall.security.pii.national_id_scheme import Proof, Scheme
from seawall.security.pii.national_ids_americas import AMERICAS
from seawall.security.pii.national_ids_asia import ASIA
from seawall.security.pii.national_ids_europe import EUROPE

SCHEMES: tuple[Scheme, ...] = (*EUROPE, *AMERICAS, *ASIA)
ANY_ID = Cue(
    r"id|ids|id no|idno|identity|identification|identifier|national|ssn|social security|social insurance|insurance|tax|taxpayer|tin|citizen|"
    r"personal (?:number|code|id|no)|resident|residence|civil|government|registration number|fiscal|patient|personnummer|"
    r"ausweis|ausweisnummer|steuer|steuernummer|steuer-id|steueridentifikationsnummer|idnr|versicherungsnummer|sozialversicherungsnummer|"
    r"identit.|num.ro|s.curit. sociale|nir|insee|identidad|documento|dni|nie|nif|codice fiscale|cf|identit.|identidade|cpf|rg|"
    r"burgerservicenummer|bsn|sofinummer|rijksregisternummer|registre national|pesel|rodn. .{1,2}slo|rodne cislo|henkil.tunnus|hetu|f.dselsnummer|cpr|aadhaar|aadhar|uidai|pan"
)


# A number that its owner calls so, whatever its country: schemes not known here, and mistyped ones.
NAMED = LinearPattern(
    r"(?:^|[^a-z])(?:national (?:id|identity|identification|insurance)(?: card)?|identity card|id card|identity document|social (?:security|insurance)|tax(?:payer)?(?: payer)?(?: id| identification)?|"
    r"personal (?:id|identity|identification)|citizen(?:ship)?(?: id)?|resident(?: id)?|ssn|tin|fiscal code|my id|steuer-?id(?:nummer)?|steueridentifikationsnummer|sozialversicherungs-?nummer|ausweis-?nummer|personalausweis|"
    r"num\xe9ro (?:de s\xe9curit\xe9 sociale|fiscal)|codice fiscale|dni|nie|curp|rfc|cpf|pesel|bsn|burgerservicenummer|personnummer|f\xf8dselsnummer|cpr|henkil\xf6tunnus|rodn\xe9 \xe8\xedslo|aadhaar)"
    r"(?: ?(?:number|no|nr|num|#)\.?)?(?: ?(?:on file|on record))?[ \"']{0,2}(?:is|es|ist|est|\xe9|:|=)?[ :=\"']{0,3}"
    r"(?P<number>[A-Z]{0,4}[0-9][0-9A-Z]{0,12}(?:[ ./-]?[0-9A-Z]{1,8}){0,5})",
    ignore_case=True,
)
NAMED_DIGITS_MIN, NAMED_LENGTH_MAX = 6, 24


def _named_ids(text: FoldedText) -> Iterator[Finding]:
    for match in NAMED.finditer(text.shadow):
        start, end = match.span(1)
        piece = text.shadow[start:end]
        end = start + len(
            piece.split(b" ")[0] if any(byte in _LOWER for byte in piece.partition(b" ")[2]) else piece
        )
        if (
            len(digits_of(text.shadow[start:end])) >= NAMED_DIGITS_MIN
            and end - start <= NAMED_LENGTH_MAX
            and text.stands_alone(start, end)
        ):
            yield Finding(start, end, Kind.NATIONAL_ID, 0.6, "national_id.named")


_DIGITS = LinearPattern("[0-9][ .-]?[0-9][0-9 .-]?[0-9]")
_LOWER = frozenset(b"abcdefghijklmnopqrstuvwxyz")


def find_national_ids(text: FoldedText) -> Iterator[Finding]:
    """Yield national ids: well formed, proved by their check digits, and named as such where digits alone prove little."""
    shadow = text.shadow
    if _DIGITS.search(shadow) is None:
        return
    yield from _named_ids(text)
    for index in _forms().present(shadow):
        scheme = SCHEMES[index]
        for start, end in scheme.pattern.spans(shadow):
            if not text.stands_alone(start, end) or _continues(shadow, start, end):
                continue
            compact = shadow[start:end].translate(None, b" .-/\xa0\xad+").decode("latin-1").upper()
            if scheme.is_valid(compact) and (score := _score(scheme, text, start, end)):
                yield Finding(start, end, Kind.NATIONAL_ID, score, f"national_id.{scheme.name}")


def _continues(shadow: bytes, start: int, end: int) -> bool:
    """Tell whether the digits are a part of a longer hyphenated or decimal token."""
    before = shadow[max(0, start - 2) : start]
    after = shadow[end : end + 2]
    return (before[-1:] in (b"-", b".", b"/") and before[:1].isalnum()) or (
        after[:1] in (b"-", b".", b"/") and after[1:].isalnum()
    )


def _score(scheme: Scheme, text: FoldedText, start: int, end: int) -> float:
    if scheme.cue is not None and _cue(scheme.cue).precedes(text, start):
        return 0.95
    if scheme.cue is not None and _cue(scheme.cue).follows(text, end):
        return 0.9
    if scheme.proof is Proof.NAME:
        return 0
    if RECORD_NUMBER.nearness(text, start, reach=24) > ANY_ID.nearness(text, start, reach=24):
        return 0
    if scheme.proof is Proof.FORM:
        return 0.8
    return 0.7 if ANY_ID.precedes(text, start) else 0


@cache
def _forms() -> LinearPatternSet:
    # One pass tells which of the sixty forms occur; most texts hold none or few.
    edge = r"[^0-9A-Za-z_]"
    return LinearPatternSet(
        (f"(?:^|{edge})(?:{scheme.form})(?:$|{edge})" for scheme in SCHEMES), ignore_case=True
    )


@cache
def _cue(words: str) -> Cue:
    return Cue(words)
