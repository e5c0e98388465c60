"""What each kind of failure calls for: ask again, ask another, count it against the provider."""

from __future__ import annotations

from typing import NamedTuple

from seawall.resilience.failures import FailureKind as Kind


class Reaction(NamedTuple):
    """What a call does about a failure.

    Attributes:
        retry: the same provider may be asked again.
        fall_back: another provider may be asked.
        counts: it counts against the provider's breaker. Otherwise it says nothing about the provider's
            health, even to a probe.
        blames_request: the provider finds fault with the request. One that serves others wrongly says so too
            (a bad deployment answers 400), so a second provider is asked; if it agrees, the call ends.
    """

    retry: bool
    fall_back: bool
    counts: bool
    blames_request: bool = False


_PASSING = Reaction(retry=True, fall_back=True, counts=True)
_LASTING = Reaction(retry=False, fall_back=True, counts=True)
_LIMITING = Reaction(retry=True, fall_back=True, counts=False)
_ELSEWHERE = Reaction(retry=False, fall_back=True, counts=False)
_BLAMING = Reaction(retry=False, fall_back=True, counts=False, blames_request=True)
_UNFIT = Reaction(retry=True, fall_back=True, counts=False)
_FINAL = Reaction(retry=False, fall_back=False, counts=False)

REACTIONS: dict[Kind, Reaction] = {
    Kind.CONNECT: _PASSING,
    Kind.TLS: _LASTING,
    Kind.TIMEOUT_CONNECT: _PASSING,
    Kind.TIMEOUT_FIRST_TOKEN: _PASSING,
    Kind.TIMEOUT_STALL: _PASSING,
    Kind.TIMEOUT_TOTAL: _LIMITING,
    # A limited provider rests (see rate_limits); its breaker is not concerned.
    Kind.RATE_LIMITED: _LIMITING,
    Kind.RAMP_LIMITED: _LIMITING,
    Kind.QUOTA_EXHAUSTED: _ELSEWHERE,
    Kind.OVERLOADED: _PASSING,
    Kind.SERVER_ERROR: _PASSING,
    Kind.STREAM_ERROR: _PASSING,
    Kind.STREAM_TRUNCATED: _PASSING,
    Kind.STREAM_CUT: _PASSING,
    Kind.BAD_RESPONSE: _PASSING,
    Kind.AUTH: _LASTING,
    Kind.PERMISSION: _LASTING,
    Kind.INVALID_REQUEST: _BLAMING,
    # Another model may have the room.
    Kind.CONTEXT_LENGTH: _ELSEWHERE,
    Kind.CONTENT_FILTERED: _BLAMING,
    # A model's refusal is an answer to respect, not an outage to route round.
    Kind.REFUSED: _FINAL,
    Kind.BLOCKED_BY_FIREWALL: _FINAL,
    Kind.CONTRACT_VIOLATION: _UNFIT,
    Kind.LOW_CONFIDENCE: _UNFIT,
    Kind.CANCELLED: _FINAL,
}
