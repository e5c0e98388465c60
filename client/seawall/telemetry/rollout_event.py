"""The log line `llm.rollout`: which path answered, and what became of the other one."""

from __future__ import annotations

from datetime import datetime

import msgspec

from seawall.rollout.record import PathOutcome, RolloutRecord

ROLLOUT = "llm.rollout"


class RolloutEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One call through the rollout: a `RolloutRecord` in flat members. `call_id` is that of the new path's `llm.call`."""

    event: str
    time: datetime
    call_id: str
    stage: str
    decided_by: str
    path: str
    bucket: float
    fell_back: bool = False
    old_outcome: str | None = None
    old_latency_ms: float | None = None
    old_error: str | None = None
    new_outcome: str | None = None
    new_latency_ms: float | None = None
    new_error: str | None = None
    shadow: str | None = None
    agreement: float | None = None

    def __str__(self) -> str:
        """Return the line itself."""
        return _encode(self).decode()


_encode = msgspec.json.Encoder().encode


def rollout_event(record: RolloutRecord, time: datetime) -> RolloutEvent:
    """Describe a call through the rollout."""
    old, new = record.old, record.new
    return RolloutEvent(
        event=ROLLOUT,
        time=time,
        call_id=record.call_id,
        stage=record.stage,
        decided_by=record.decided_by,
        path=record.path,
        bucket=round(record.bucket, 3),
        fell_back=record.fell_back,
        old_outcome=None if old is None else old.outcome,
        old_latency_ms=_latency_ms(old),
        old_error=None if old is None else old.error,
        new_outcome=None if new is None else new.outcome,
        new_latency_ms=_latency_ms(new),
        new_error=None if new is None else new.error,
        shadow=record.shadow,
        agreement=record.agreement,
    )


def _latency_ms(path: PathOutcome | None) -> float | None:
    return None if path is None else round(path.latency_s * 1_000, 3)
