"""What a scan says: an action, a score and the findings behind them."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Channel(StrEnum):
    """Where a text came from: the person asking, or a document or tool result nobody vouches for."""

    USER = "user"
    UNTRUSTED = "untrusted"


class Action(StrEnum):
    """What to do with the text."""

    ALLOW = "allow"
    FLAG = "flag"
    BLOCK = "block"


class Finding(msgspec.Struct, frozen=True, order=True):
    """One rule that fired on `text[start:end]` of the original; `score` from 0 to 1.

    `transforms` names how the text had to be read for it to show: nothing for plain text.
    """

    start: int
    end: int
    rule: str
    category: str
    score: float
    transforms: tuple[str, ...] = ()


class Verdict(msgspec.Struct, frozen=True):
    """The outcome of a scan. `score` from 0 to 1. `incomplete` says why not all was scanned, if so.

    `tiers`: "rules", and "model" where the rules were not sure and the n-gram model was asked.
    """

    action: Action
    score: float
    findings: tuple[Finding, ...] = ()
    tiers: tuple[str, ...] = ("rules",)
    operations: int = 0
    incomplete: str | None = None
