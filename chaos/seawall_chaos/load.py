"""Open-loop load: when which call is made is settled beforehand, by the seed alone."""

from __future__ import annotations

import dataclasses
import hashlib
import random
from typing import Literal

_WORDS = [
    "account",
    "address",
    "agreement",
    "amount",
    "answer",
    "balance",
    "branch",
    "budget",
    "cable",
    "change",
    "claim",
    "client",
    "clause",
    "comment",
    "contract",
    "corner",
    "customer",
    "deadline",
    "delivery",
    "deposit",
    "detail",
    "driver",
    "engine",
    "estimate",
    "evening",
    "factor",
    "figure",
    "garden",
    "hallway",
    "heating",
    "house",
    "index",
    "invoice",
    "journey",
    "kitchen",
    "ladder",
    "leakage",
    "letter",
    "license",
    "market",
    "matter",
    "meeting",
    "meter",
    "minute",
    "morning",
    "notice",
    "number",
    "office",
    "offer",
    "order",
    "owner",
    "paper",
    "parcel",
    "partner",
    "payment",
    "people",
    "picture",
    "policy",
    "premium",
    "problem",
    "project",
    "quality",
    "question",
    "reason",
    "receipt",
    "record",
    "refund",
    "repair",
    "report",
    "request",
    "result",
    "review",
    "river",
    "roof",
    "schedule",
    "season",
    "section",
    "service",
    "signature",
    "station",
    "storage",
    "street",
    "summary",
    "supplier",
    "surface",
    "survey",
    "system",
    "tenant",
    "ticket",
    "total",
    "transfer",
    "travel",
    "update",
    "value",
    "vehicle",
    "visit",
    "voucher",
    "warning",
    "warranty",
    "water",
    "weather",
    "week",
    "window",
    "winter",
    "witness",
    "worker",
    "yard",
]


@dataclasses.dataclass(frozen=True, slots=True)
class PlannedCall:
    """A call that a caller intends to make `intended_s` seconds after the start."""

    number: int
    call_id: str
    kind: Literal["complete", "stream"]
    prompt: str
    intended_s: float


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class LoadShape:
    """`duration_s` of calls at `rate_per_s`, of which `stream_share` (0 to 1) are streamed.

    `name` goes into the call ids and, with `seed`, settles everything about them.
    """

    name: str
    seed: int
    duration_s: float
    rate_per_s: float
    arrivals: Literal["poisson", "constant"]
    stream_share: float


def plan_calls(shape: LoadShape) -> list[PlannedCall]:
    """Every call of `shape` in the order of its start. The same shape gives the same calls."""
    digest = hashlib.sha256(f"{shape.seed}\x00{shape.name}".encode()).digest()
    draw = random.Random(digest)  # noqa: S311
    calls: list[PlannedCall] = []
    at_s = _gap_s(shape, draw) / (2 if shape.arrivals == "constant" else 1)
    while at_s < shape.duration_s:
        number = len(calls) + 1
        calls.append(
            PlannedCall(
                number=number,
                call_id=f"{shape.name}.{number:05d}",
                kind="stream" if draw.random() < shape.stream_share else "complete",
                prompt=_prompt(number, draw),
                intended_s=round(at_s, 6),
            )
        )
        at_s += _gap_s(shape, draw)
    return calls


def _gap_s(shape: LoadShape, draw: random.Random) -> float:
    if shape.arrivals == "constant":
        return 1.0 / shape.rate_per_s
    return draw.expovariate(shape.rate_per_s)


def _prompt(number: int, draw: random.Random) -> str:
    words = " ".join(draw.choices(_WORDS, k=draw.randint(8, 40)))
    return f"Ticket {number}: {words}. Summarise this ticket."
