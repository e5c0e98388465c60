"""Everything that must not leave, found in one text."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from seawall.security.finding import Detector, Finding, Kind
from seawall.security.folded_text import FoldedText
from seawall.security.pii.address import find_addresses
from seawall.security.pii.birth_date import find_birth_dates
from seawall.security.pii.email import find_emails
from seawall.security.pii.national_id import find_national_ids
from seawall.security.pii.network import find_network_addresses
from seawall.security.pii.passport import find_passports
from seawall.security.pii.payment import find_cards, find_ibans
from seawall.security.pii.person import find_persons
from seawall.security.pii.phone import DEFAULT_REGIONS, find_phones
from seawall.security.pii.wallet import find_wallets
from seawall.security.redaction.overlap import resolve
from seawall.security.secrets.assignment import find_assigned_secrets
from seawall.security.secrets.credential import find_credentials
from seawall.security.secrets.json_web_token import find_json_web_tokens
from seawall.security.secrets.private_key import find_private_keys
from seawall.security.secrets.registered import RegisteredSecrets
from seawall.security.secrets.vendor_key import find_vendor_keys

# No number of the kinds below has fewer digits.
NUMBER_DIGITS_MIN = 4


class Detection(msgspec.Struct, frozen=True, kw_only=True):
    """What to look for. `phone_regions` are ISO 3166 codes: where numbers without country code are looked up."""

    kinds: frozenset[Kind] = frozenset(Kind)
    score_min: float = 0.5
    phone_regions: tuple[str, ...] = DEFAULT_REGIONS
    registered: RegisteredSecrets | None = None


def find(text: str, detection: Detection | None = None) -> tuple[Finding, ...]:
    """Return what was found, in order of position, none overlapping another. Linear in the length of the text."""
    detection = detection or Detection()
    folded = FoldedText(text)
    found = (
        finding
        for finding in _detect(folded, detection)
        if finding.score >= detection.score_min and finding.kind in detection.kinds
    )
    return tuple(resolve(found, text))


# What finds which kinds, and how many digits a text has that holds any.
_DETECTORS: tuple[tuple[Detector, frozenset[Kind], int], ...] = (
    (find_vendor_keys, frozenset((Kind.SECRET,)), 0),
    (find_private_keys, frozenset((Kind.SECRET,)), 0),
    (find_json_web_tokens, frozenset((Kind.SECRET,)), 0),
    (find_credentials, frozenset((Kind.SECRET,)), 0),
    (find_assigned_secrets, frozenset((Kind.SECRET,)), 0),
    (find_emails, frozenset((Kind.EMAIL,)), 0),
    (find_network_addresses, frozenset((Kind.IP_ADDRESS, Kind.MAC_ADDRESS)), 0),
    (find_cards, frozenset((Kind.CREDIT_CARD,)), NUMBER_DIGITS_MIN),
    (find_ibans, frozenset((Kind.IBAN,)), NUMBER_DIGITS_MIN),
    (find_wallets, frozenset((Kind.CRYPTO,)), NUMBER_DIGITS_MIN),
    (find_national_ids, frozenset((Kind.NATIONAL_ID,)), NUMBER_DIGITS_MIN),
    (find_passports, frozenset((Kind.PASSPORT,)), NUMBER_DIGITS_MIN),
    (find_birth_dates, frozenset((Kind.DATE_OF_BIRTH,)), NUMBER_DIGITS_MIN),
    (find_addresses, frozenset((Kind.ADDRESS,)), 1),
    (find_persons, frozenset((Kind.PERSON,)), 0),
)


def _detect(text: FoldedText, detection: Detection) -> Iterator[Finding]:
    if detection.registered:
        yield from detection.registered.find(text)
    for detector, kinds, digits_min in _DETECTORS:
        if text.digit_count >= digits_min and not kinds.isdisjoint(detection.kinds):
            yield from detector(text)
    if text.digit_count >= NUMBER_DIGITS_MIN and Kind.PHONE in detection.kinds:
        yield from find_phones(text, detection.phone_regions)
