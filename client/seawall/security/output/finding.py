"""What the output guard reports."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Threat(StrEnum):
    """What the text would have done."""

    EXFILTRATION = "exfiltration"
    PRIVATE_ADDRESS = "private-address"
    ACTIVE_CONTENT = "active-content"
    CONTROL_SEQUENCE = "control-sequence"
    INVISIBLE_TEXT = "invisible-text"


class Finding(msgspec.Struct, frozen=True, order=True):
    """`text[start:end]` of the answer as it came, which did not stay as it was. `form` names how it was written."""

    start: int
    end: int
    threat: Threat
    form: str


THREATS = {
    "active": Threat.ACTIVE_CONTENT,
    "data": Threat.EXFILTRATION,
    "private": Threat.PRIVATE_ADDRESS,
}
