"""One event per call for the caller's own audit log: all of what happened, as one JSON-ready object."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from seawall.telemetry.events import AttemptEvent, CallEvent, attempt_event, call_event
from seawall.trace import AttemptRecord, CallContext, CallTrace, SkippedProvider


class AuditEvent(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag="llm.audit"):
    """One call, answered, failed or cancelled. `str()` and `msgspec.json.encode` give it as JSON.

    Holds no text of a prompt or an answer, and no key.

    Attributes:
        call: the call's log line: outcome, who answered, why the first attempt failed, retries, hedges, restarts,
            what was left of the deadline, the caller's own fields.
        attempts: who was asked, in the order in which they ended: the attempts' log lines, with why each was
            made, how it failed, and the breaker's state when it began.
        skipped: who was not asked, why, and until when.
    """

    call: CallEvent
    attempts: tuple[AttemptEvent, ...]
    skipped: tuple[SkippedProvider, ...]

    def __str__(self) -> str:
        """Return one line of JSON."""
        return msgspec.json.encode(self).decode()


def _now() -> datetime:
    return datetime.now(UTC)


class AuditTrail:
    """An observer that hands over an `AuditEvent` as each call ends, also one that fails or is cancelled.

    Args:
        on_event: called on the event loop, in the context (`contextvars`) of the code that made the call. It must
            not block. What it raises is logged once and harms no call.
    """

    def __init__(
        self, on_event: Callable[[AuditEvent], object], *, wall_clock: Callable[[], datetime] = _now
    ) -> None:
        self._on_event = on_event
        self._wall_clock = wall_clock

    def attempt_finished(self, context: CallContext, record: AttemptRecord) -> None:
        """Wait for the call: its event has the attempts."""

    def call_finished(self, trace: CallTrace) -> None:
        """Hand over the event."""
        time = self._wall_clock()
        self._on_event(
            AuditEvent(
                call=call_event(trace, time),
                attempts=tuple([attempt_event(trace, record, time) for record in trace.attempts]),
                skipped=trace.skipped,
            )
        )
