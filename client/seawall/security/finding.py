"""What a detector reports: a kind of data, where it stands, and how sure the detector is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import StrEnum

import msgspec

from seawall.security.folded_text import FoldedText


class Kind(StrEnum):
    """What was found. The order is the order of precedence where two findings overlap."""

    SECRET = "SECRET"  # noqa: S105
    IBAN = "IBAN"
    CREDIT_CARD = "CREDIT_CARD"
    EMAIL = "EMAIL"
    CRYPTO = "CRYPTO"
    MAC_ADDRESS = "MAC_ADDRESS"
    IP_ADDRESS = "IP_ADDRESS"
    NATIONAL_ID = "NATIONAL_ID"
    PASSPORT = "PASSPORT"
    DATE_OF_BIRTH = "DATE_OF_BIRTH"
    PHONE = "PHONE"
    ADDRESS = "ADDRESS"
    PERSON = "PERSON"


PRECEDENCE = {kind: rank for rank, kind in enumerate(Kind)}


class Finding(msgspec.Struct, frozen=True, order=True):
    """A span of the text, as `text[start:end]`; `score` from 0 to 1; `detector` names the rule that fired."""

    start: int
    end: int
    kind: Kind
    score: float
    detector: str


Detector = Callable[[FoldedText], Iterator[Finding]]
