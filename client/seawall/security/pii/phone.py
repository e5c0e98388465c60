"""Telephone numbers: shapes that people write, judged by libphonenumber's tables and by the words around them."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import phonenumbers

from seawall.security.finding import Finding, Kind
from seawall.security.folded_text import FoldedText, digits_of
from seawall.security.linear_pattern import LinearPattern
from seawall.security.pii.cue import RECORD_NUMBER, Cue

# Where a number without a country code is looked up; any country's is found behind its `+`.
DEFAULT_REGIONS = (
    "US", "GB", "DE", "FR", "ES", "IT", "NL", "BE", "PL", "PT", "SE", "NO", "DK", "FI", "CH", "AT", "IE", "CZ", "HU",
    "RO", "GR", "BR", "MX", "AR", "IN", "CN", "JP", "KR", "AU", "NZ", "ZA", "TR",
)  # fmt: skip
# Seven and more digits with what may stand between them; then the exact shape is read.
DIGIT_RUN = LinearPattern(r"\(?\+? ?\(?\+?[0-9](?:[ \xa0\xad()./-]{0,4}[0-9]){6,}\)?")
EXTENSION_LENGTH_MAX = 16
CANDIDATE = LinearPattern(
    r"(?:\(?\+ ?)?\(?[0-9]{1,15}\)?(?:[ \xa0\xad./-]{0,2}\(?[0-9]{1,12}\)?){0,7}(?:,? ?(?:x|ext\.?|extension|poste|dw\.?|#) ?[0-9]{1,6})?",
    ignore_case=True,
)
PHONE = Cue(
    r"phone|phones|telephone|tel|telefon|t\xe9l|t\xe9l\xe9phone|telephone number|tel\xe9fono|telefono|telefone|telefoon|telefonnummer|telefoonnummer|"
    r"mobile|mobil|mobilnummer|m\xf3vil|movil|portable|handy|handynummer|celular|cellulare|cell|cellphone|gsm|kom\xf3rka|"
    r"fax|call|calls|called|calling|ring|rings|dial|dialed|text|sms|message|messages|whatsapp|signal|viber|voicemail|hotline|helpline|landline|"
    r"zur\xfcckrufen|r\xfcckruf|nummer ist|call back|reach|reached|reachable|contact|contacts|callback|answering|rufnummer|anrufen|erreichbar|unter|ruf|appelez|appeler|joindre|llame|llamar|llama|"
    r"chiamare|chiama|ligue|ligar|contato|contacto|kontakt|bel|bellen|zadzwo\xf1|dzwo\xf1|ring p\xe5|number is|phone_number|phonenumber|msisdn"
)
PHONE_AFTER = Cue(r"office|fax|mobile|cell|home|work|phone|tel|voice|landline|direct|ext")
DIGITS_MIN, DIGITS_MAX = 7, 15
ABROAD_DIGITS_MIN = 9
_NORTH_AMERICAN = LinearPattern(r"(?:1[-. ])?(?:\([2-9][0-9]{2}\) ?|[2-9][0-9]{2}[-. ])[0-9]{3}[-. ][0-9]{4}")
_TRUNK = LinearPattern(r"\(?0[1-9][0-9]{0,4}\)?(?:[ \xa0./-]{1,2}[0-9]{2,8}){1,5}")
_DATE_OR_DECIMAL = LinearPattern(
    r"(?:19|20)[0-9]{2}[-./ ][0-9]{1,2}[-./ ][0-9]{1,2}(?:[ -][0-9]{1,2})?|[0-9]{1,2}[-./][0-9]{1,2}[-./](?:19|20)?[0-9]{2}(?: [0-9]{1,2})?|"
    r"[0-9]+\.[0-9]+|[0-9]{1,3}(?:[. ][0-9]{3})+|(?:19|20)[0-9]{2} ?[-/] ?(?:19|20)[0-9]{2}|[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9]{3}-[0-9]{2}-[0-9]{4}|97[89][ -]?[0-9][-0-9 ]{9,14}"
)
_EXTENSION = LinearPattern(r",? ?(?:x|ext\.?|extension|poste|dw\.?|#) ?[0-9]{1,6}$", ignore_case=True)


def find_phones(text: FoldedText, regions: tuple[str, ...] = DEFAULT_REGIONS) -> Iterator[Finding]:
    """Yield telephone numbers; `regions` are ISO 3166 codes, upper case."""
    for run_start, run_end in DIGIT_RUN.spans(text.shadow):
        for match in CANDIDATE.finditer(
            text.shadow, run_start, min(run_end + EXTENSION_LENGTH_MAX, len(text))
        ):
            start, end = _trim(text.shadow, *match.span())
            score = _score(text, start, end, regions) if start < run_end else 0
            if score:
                yield Finding(start, end, Kind.PHONE, score, "phone")


def _trim(shadow: bytes, start: int, end: int) -> tuple[int, int]:
    if shadow[start:end].count(b"(") > shadow[start:end].count(b")") and shadow[start : start + 1] == b"(":
        start += 1
    while shadow[end - 1] in b" ./-\xa0\xad(" or (
        shadow[end - 1 : end] == b")" and b"(" not in shadow[start:end]
    ):
        end -= 1
    return start, end


def _score(text: FoldedText, start: int, end: int, regions: tuple[str, ...]) -> float:
    shape = text.shadow[start:end]
    extension = _EXTENSION.search(shape)
    body = shape[: extension.span()[0]] if extension else shape
    digits = digits_of(body)
    if not DIGITS_MIN <= len(digits) <= DIGITS_MAX + 2 or not _stands_apart(text, start, end):
        return 0
    if b"+" in body[:2]:
        return _abroad_score(digits_of(body.replace(b"(0)", b"")))
    named = _named(text, start, end)
    if _DATE_OR_DECIMAL.fullmatch(body) and not (
        named and b"." not in body and b"/" not in body and body[:2] != b"97"
    ):
        return 0
    if digits[:2] == b"00" and _is_possible_abroad(digits[2:]) and (named or len(body) > len(digits)):
        return 0.85
    if _NORTH_AMERICAN.fullmatch(body):
        return 0.9 if named or not RECORD_NUMBER.precedes(text, start, reach=20) else 0
    return _national_score(
        body, digits, named=named, is_record=RECORD_NUMBER.precedes(text, start, reach=24), regions=regions
    )


def _national_score(
    body: bytes, digits: bytes, *, named: bool, is_record: bool, regions: tuple[str, ...]
) -> float:
    if named:
        return 0.8 if _is_valid_at_home(digits, regions) else 0.6
    if is_record or not _is_valid_at_home(digits, regions):
        return 0
    return 0.7 if _TRUNK.fullmatch(body) and len(digits) >= 9 else 0  # noqa: PLR2004


def _named(text: FoldedText, start: int, end: int) -> bool:
    near = PHONE.nearness(text, start)
    if near or PHONE.precedes(text, start):
        return RECORD_NUMBER.nearness(text, start) <= near
    return PHONE_AFTER.follows(text, end, reach=10)


def _stands_apart(text: FoldedText, start: int, end: int) -> bool:
    before, after = text.shadow[max(0, start - 2) : start], text.shadow[end : end + 2]
    if not text.stands_alone(start, end) or before[-1:] in (b"#", b"$", b"\xa3", b"@", b"&", b"\xa4"):
        return False
    if (
        before[-1:] in (b"-", b".", b"/", b":", b"=")
        and before[:1].isalnum()
        and before[-1:] not in (b":", b"=")
    ):
        return False
    return not (after[:1] in (b"-", b".", b"/", b":") and after[1:].isdigit()) and after[:1] not in (
        b"%",
        b"\xb0",
    )


def _abroad_score(digits: bytes) -> float:
    if _is_possible_abroad(digits):
        return 0.95
    known = any(int(digits[:size]) in phonenumbers.COUNTRY_CODE_TO_REGION_CODE for size in (1, 2, 3))
    return 0.6 if known and ABROAD_DIGITS_MIN <= len(digits) <= DIGITS_MAX else 0


def _is_possible_abroad(digits: bytes) -> bool:
    """Tell whether the digits are a country code and then a national number of a length possible there."""
    number = digits.decode()
    return any(
        len(number) - size in _possible_lengths(int(number[:size])) for size in (1, 2, 3) if number[:size]
    )


@cache
def _possible_lengths(country_code: int) -> frozenset[int]:
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(country_code, ())
    lengths: set[int] = set()
    for region in regions[:1]:
        metadata = phonenumbers.PhoneMetadata.metadata_for_region_or_calling_code(country_code, region)
        if metadata is not None and metadata.general_desc is not None:
            lengths.update(metadata.general_desc.possible_length)
    return frozenset(lengths)


def _is_valid_at_home(digits: bytes, regions: tuple[str, ...]) -> bool:
    return _national_numbers(regions).fullmatch(digits)


@cache
def _national_numbers(regions: tuple[str, ...]) -> LinearPattern:
    """Compile libphonenumber's national number patterns, each behind its optional trunk prefix, into one."""
    alternatives = []
    for region in regions:
        metadata = phonenumbers.PhoneMetadata.metadata_for_region(region, None)
        if metadata is None or metadata.general_desc is None:
            raise ValueError(f"unknown region for telephone numbers: {region!r}")
        trunk = f"(?:{metadata.national_prefix})?" if metadata.national_prefix else ""
        alternatives.append(f"{trunk}(?:{metadata.general_desc.national_number_pattern})")
    return LinearPattern("|".join(alternatives))
