"""Passports: a number that the words around it call so, and the machine-readable zone."""

from __future__ import annotations

from collections.abc import Iterator

from seawall.security.finding import Finding, Kind
from seawall.security.folded_text import FoldedText
from seawall.security.linear_pattern import LinearPattern

NAMED = LinearPattern(
    r"(?:^|[^a-z])(?:passport|reisepass|reisepassnummer|passnummer|passeport|pasaporte|passaporto|passaporte|paspoort|paszport|paszportu|pas|pass)"
    r"(?:(?: (?:number|num|no|nr|id|card|n\xfamero|numero|num\xe9ro|nummer)|[-_]?(?:no|nr|number|num|id|nummer))\.?)?"
    r"(?:[ :=#(\"'\xb0\xba.]{1,5}(?:is|was|number|no\.?|nr\.?|n\.?\xb0|:)?){1,4}[ \"']{0,2}"
    r"(?P<number>[A-Z]{0,3}[0-9]{6,9}[A-Z]{0,2}|[A-Z][0-9][A-Z0-9]{7}|[CFGHJKLMNPRTVWXYZ][CFGHJKLMNPRTVWXYZ0-9]{8})",
    ignore_case=True,
)
# ICAO 9303 TD3, second line: number, its check digit, nationality, birth, sex, expiry.
MRZ = LinearPattern(r"[A-Z0-9<]{9}[0-9<][A-Z<]{3}[0-9]{6}[0-9][MFX<][0-9]{6}[0-9][A-Z0-9<]{14}[0-9<]{2}")
MRZ_NAMES = LinearPattern(r"P[A-Z<][A-Z<]{3}[A-Z]{1,20}[A-Z<]{2,38}<<[A-Z<]{1,39}")
_MRZ_WEIGHTS = (7, 3, 1) * 3


def find_passports(text: FoldedText) -> Iterator[Finding]:
    """Yield passport numbers and machine-readable lines."""
    if b"pas" in text.lower:
        for match in NAMED.finditer(text.shadow):
            start, end = match.span(1)
            if text.stands_alone(start, end) and any(48 <= byte <= 57 for byte in text.shadow[start:end]):  # noqa: PLR2004
                yield Finding(start, end, Kind.PASSPORT, 0.8, "passport.named")
    if b"<<" in text.shadow:
        for start, end in MRZ.spans(text.shadow):
            if _check_digit(text.shadow[start : start + 9]) == text.shadow[start + 9 : start + 10].replace(
                b"<", b"0"
            ):
                yield Finding(start, end, Kind.PASSPORT, 0.97, "passport.machine_readable")
        for start, end in MRZ_NAMES.spans(text.shadow):
            if end - start >= 40 and text.stands_alone(start, end):  # noqa: PLR2004
                yield Finding(start, end, Kind.PASSPORT, 0.9, "passport.machine_readable")


def _check_digit(field: bytes) -> bytes:
    values = [0 if char == "<" else int(char, 36) for char in field.decode()]
    return str(sum(value * weight for value, weight in zip(values, _MRZ_WEIGHTS, strict=True)) % 10).encode()
