"""Payment data: card numbers by issuer range and Luhn, IBANs by country length and modulo 97."""

from __future__ import annotations

from collections.abc import Iterator

from seawall.security.finding import Finding, Kind
from seawall.security.folded_text import FoldedText
from seawall.security.linear_pattern import LinearPattern
from seawall.security.pii.checksum import luhn, mod97
from seawall.security.pii.cue import RECORD_NUMBER, Cue

# A run of twelve and more digits and single separators, however long; the numbers in it are found group by group.
DIGIT_RUN = LinearPattern(r"[0-9](?:[ .\xa0\xad-]?[0-9]){11,}")
IBAN_START = LinearPattern(r"[A-Z]{2}[0-9]{2}[ \xa0\xad-]?[A-Z0-9]{2}", ignore_case=True)
IBAN = Cue("iban")
_UNBROKEN = LinearPattern("[A-Za-z]{2}[0-9]{2}[A-Za-z0-9]{11,30}")
CARD = Cue(
    r"card|cards|credit|debit|cc|visa|mastercard|maestro|amex|american express|diners|discover|jcb|unionpay|pan|cvv|cvc|"
    r"karte|kreditkarte|kartennummer|carte|carte bancaire|cb|tarjeta|carta|carta di credito|kaart|creditcard|karta|karty|cart.o|kort|kortti|charge|payment"
)
CARD_DIGITS = range(12, 20)
CARD_GROUPS_MAX = 7
_SEPARATORS = b" .\xa0\xad-"
# Issuer ranges (ISO/IEC 7812): first and last prefix, and the lengths issued.
_ISSUERS = (
    ("4", "4", (13, 16, 19)),
    ("51", "55", (16,)),
    ("2221", "2720", (16,)),
    ("34", "34", (15,)),
    ("37", "37", (15,)),
    ("300", "305", (14, 16)),
    ("3095", "3095", (14, 16)),
    ("36", "36", (14, 16)),
    ("38", "39", (14, 16)),
    ("3528", "3589", (16, 17, 18, 19)),
    ("6011", "6011", (16, 17, 18, 19)),
    ("622126", "622925", (16, 17, 18, 19)),
    ("644", "659", (16, 17, 18, 19)),
    ("62", "62", (16, 17, 18, 19)),
    ("81", "81", (16, 17, 18, 19)),
    ("60", "60", (16,)),
    ("5018", "5018", (12, 13, 14, 15, 16, 17, 18, 19)),
    ("5020", "5020", (12, 13, 14, 15, 16, 17, 18, 19)),
    ("5038", "5038", (12, 13, 14, 15, 16, 17, 18, 19)),
    ("5893", "5893", (12, 13, 14, 15, 16, 17, 18, 19)),
    ("6304", "6304", (12, 13, 14, 15, 16, 17, 18, 19)),
    ("6759", "6763", (12, 13, 14, 15, 16, 17, 18, 19)),
    ("2200", "2204", (16, 17, 18, 19)),
    ("1800", "1800", (15,)),
    ("2131", "2131", (15,)),
)
# Total length by country (ISO 13616 registry).
IBAN_LENGTHS = {
    country: length
    for length, countries in {
        15: "NO",
        16: "BE",
        18: "DK FO FI GL NL SD FK",
        19: "MK SI",
        20: "AT BA EE KZ LT LU XK MN",
        21: "CH HR LI LV",
        22: "BG BH CR DE GB GE IE ME RS VA",
        23: "AE GI IL IQ TL OM SO",
        24: "AD CZ ES MD PK RO SA SE SK TN VG",
        25: "LY PT ST",
        26: "IS TR",
        27: "BI DJ FR GR IT MC MR SM",
        28: "AL AZ BY CY DO GT HN HU LB NI PL SV",
        29: "BR EG PS QA UA",
        30: "JO KW MU YE",
        31: "MT SC",
        32: "LC",
        33: "RU",
    }.items()
    for country in countries.split()
}


def find_cards(text: FoldedText) -> Iterator[Finding]:
    """Yield card numbers: of an issuer's range and length, with a valid check digit."""
    shadow = text.shadow
    for start, end in DIGIT_RUN.spans(shadow):
        yield from _cards_in_run(text, start, end)


def _cards_in_run(text: FoldedText, start: int, end: int) -> Iterator[Finding]:
    groups = _groups(text.shadow, start, end)
    first = 0
    while first < len(groups):
        last = _card_end(text, groups, first)
        if last is None:
            first += 1
            continue
        begin, finish = groups[first][0], groups[last][1]
        yield Finding(begin, finish, Kind.CREDIT_CARD, 0.95, "payment.card")
        first = last + 1


def _groups(shadow: bytes, start: int, end: int) -> list[tuple[int, int]]:
    groups, begin = [], start
    for position in range(start, end):
        if shadow[position] in _SEPARATORS:
            groups.append((begin, position))
            begin = position + 1
    groups.append((begin, end))
    return groups


def _card_end(text: FoldedText, groups: list[tuple[int, int]], first: int) -> int | None:
    """Return the index of the last group of the longest card number that begins at group `first`."""
    digits, found = "", None
    for index in range(first, min(len(groups), first + CARD_GROUPS_MAX)):
        begin, end = groups[index]
        if end - begin >= CARD_DIGITS.stop:
            break
        digits += text.shadow[begin:end].decode()
        if len(digits) >= CARD_DIGITS.stop:
            break
        is_whole = first == 0 and index == len(groups) - 1
        if len(digits) in CARD_DIGITS and _is_card(text, digits, groups[first][0], end, is_whole=is_whole):
            found = index
    return found


def _is_card(text: FoldedText, digits: str, start: int, end: int, *, is_whole: bool) -> bool:
    if not luhn(digits) or not digits.strip("0") or not text.stands_alone(start, end):
        return False
    is_issued = any(
        len(digits) in lengths and low <= digits[: len(low)] <= high for low, high, lengths in _ISSUERS
    )
    if CARD.precedes(text, start) or CARD.follows(text, end):
        is_record = RECORD_NUMBER.nearness(text, start, reach=24) > CARD.nearness(text, start, reach=24)
        return (is_issued or is_whole) and not is_record
    return is_issued and not RECORD_NUMBER.precedes(text, start)


def find_ibans(text: FoldedText) -> Iterator[Finding]:
    """Yield IBANs: of a country's length, with valid check digits."""
    shadow = text.shadow
    for start, _ in IBAN_START.spans(shadow):
        if start and shadow[start - 1 : start].isalnum():
            continue
        length = IBAN_LENGTHS.get(shadow[start : start + 2].upper().decode("latin-1"))
        end = _alphanumeric_end(shadow, start, length) if length else None
        if end is not None and _is_iban(text, start, end):
            yield Finding(start, end, Kind.IBAN, 0.99, "payment.iban")
        elif IBAN.precedes(text, start, reach=12):
            whole = _UNBROKEN.match(shadow, start)
            if whole is not None and _is_iban(text, *whole.span()):
                yield Finding(*whole.span(), Kind.IBAN, 0.9, "payment.iban_named")


def _is_iban(text: FoldedText, start: int, end: int) -> bool:
    compact = text.shadow[start:end].translate(None, _SEPARATORS).decode("latin-1").upper()
    return text.stands_alone(start, end) and compact.isascii() and mod97(compact[4:] + compact[:4]) == 1


def _alphanumeric_end(shadow: bytes, start: int, count: int) -> int | None:
    """Return where the `count`-th letter or digit from `start` ends; at most one separator between two."""
    position, seen, gap = start, 0, 0
    while position < len(shadow) and seen < count:
        byte = shadow[position : position + 1]
        if byte.isalnum():
            seen, gap = seen + 1, 0
        elif byte in (b" ", b"\xa0", b"\xad", b"-") and not gap:
            gap = 1
        else:
            return None
        position += 1
    return position if seen == count else None
