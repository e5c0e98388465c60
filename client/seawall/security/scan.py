"""The stages one by one, for a text in hand: `scan(text, stage="firewall", channel="untrusted")`."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

import msgspec

from seawall.security.firewall import Action, Channel, Firewall
from seawall.security.output import guard
from seawall.security.redaction import find

Stage = Literal["firewall", "redaction", "output"]
STAGES: tuple[Stage, ...] = ("firewall", "redaction", "output")


class Scanned(msgspec.Struct, frozen=True):
    """One finding: `text[start:end]`, which stage and rule found it, and how sure that is, from 0 to 1."""

    start: int
    end: int
    stage: Stage
    rule: str
    score: float


class Scan(msgspec.Struct, frozen=True):
    """What a stage says of a text. `acts`: in enforce mode it would not let the text pass as it is."""

    stage: Stage
    acts: bool
    findings: tuple[Scanned, ...] = ()


def scan(text: str, *, stage: Stage, channel: Literal["user", "untrusted"] = "untrusted") -> Scan:
    """Return what a stage finds in a text. `channel` matters to the firewall alone. Linear in the length."""
    if stage == "firewall":
        verdict = _firewall().scan(text, Channel(channel))
        found = tuple(Scanned(f.start, f.end, stage, f.rule, f.score) for f in verdict.findings)
        return Scan(stage, verdict.action is Action.BLOCK, found)
    if stage == "redaction":
        found = tuple(Scanned(f.start, f.end, stage, f.kind.value, f.score) for f in find(text))
    else:
        guarded = guard(text).findings
        found = tuple(Scanned(f.start, f.end, stage, f"{f.threat.value}: {f.form}", 1.0) for f in guarded)
    return Scan(stage, bool(found), found)


@lru_cache(maxsize=1)
def _firewall() -> Firewall:
    return Firewall()
