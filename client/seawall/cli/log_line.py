"""One line of a log as the summary reads it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Literal

import msgspec

from seawall.telemetry.audit_context import AuditValue
from seawall.telemetry.events import ATTEMPT, CALL

_OURS = b'{"event":"llm.'


class LogLine(msgspec.Struct):
    """What is read of `llm.call` and `llm.attempt` lines; whatever else they hold is not looked at."""

    event: str
    time: datetime | None = None
    outcome: str = ""
    provider: str | None = None
    model: str | None = None
    why: str = ""
    failure: str | None = None
    error: str | None = None
    status: int | None = None
    breaker: str | None = None
    latency_ms: float = 0.0
    first_token_ms: float | None = None
    attempts: int = 0
    fell_back: bool = False
    hedges: int = 0
    retries: int = 0
    restarts: int = 0
    continuations: int = 0
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost: float | None = None
    caller: dict[str, AuditValue] | None = None

    @property
    def reason(self) -> str | None:
        """Why it failed: a call by the error its caller got, an attempt by the kind of failure."""
        return self.error if self.event == CALL else self.failure


_decode = msgspec.json.Decoder(LogLine).decode


def read_line(raw: bytes) -> LogLine | Literal["foreign", "torn", "other"]:
    """Read a line; what stands before the JSON (a time, a level) does not matter.

    "other" is an event of Seawall's that is no call and no attempt.
    """
    begin = raw.find(_OURS)
    if begin < 0:
        return "foreign"
    try:
        line = _decode(raw[begin:].rstrip())
    except (ValueError, RecursionError):
        return "torn"
    if line.event not in {CALL, ATTEMPT}:
        return "other"
    if line.time is not None and line.time.tzinfo is None:
        line.time = line.time.replace(tzinfo=UTC)
    return line
