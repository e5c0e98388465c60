"""The two log lines of Seawall, `llm.attempt` and `llm.call`: their names, units, and how they follow from a trace.

No line holds text of a prompt or an answer, or a key.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

import msgspec

from seawall.telemetry.audit_context import AuditValue, audit_fields
from seawall.trace import AttemptRecord, CallContext, CallTrace, StageRecord

ATTEMPT = "llm.attempt"
CALL = "llm.call"


class AttemptEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One request to one provider. Absent members are unknown or not applicable.

    `latency_ms` and `first_token_ms` count from the attempt's start; `deadline_left_ms` is what was left of the
    call's deadline when it ended; `started_ms` counts from the call's start. `status` is the HTTP status, `failure`
    the kind, `breaker` the state in which the attempt began. A hedge has `why` "hedge". `caller` holds the fields
    of `seawall.audit_context`.
    """

    event: str
    time: datetime
    call_id: str
    attempt: int
    provider: str
    model: str
    why: str
    outcome: str
    stream: bool
    started_ms: float
    latency_ms: float
    deadline_left_ms: float
    breaker: str
    client_request_id: str
    first_token_ms: float | None = None
    status: int | None = None
    failure: str | None = None
    code: str | None = None
    detail: str = ""
    retry_after_s: float | None = None
    request_id: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost: float | None = None
    caller: Mapping[str, AuditValue] = {}

    def __str__(self) -> str:
        """Return the line itself."""
        return _encode(self).decode()


class CallEvent(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One whole call. `attempts` counts them; `first_token_ms` and `latency_ms` count from the call's start.

    `failure` is the kind of the first attempt that failed: why there was a retry or a fallback, answered or not.
    `error` is the name of what the caller got. Tokens are those of the attempt that answered,
    `cost` is that of all attempts. `operation` is given where it is not "chat". `stages` is what the security
    pipeline did.
    """

    event: str
    time: datetime
    call_id: str
    outcome: str
    stream: bool
    latency_ms: float
    deadline_left_ms: float
    attempts: int
    fell_back: bool
    operation: str = "chat"
    provider: str | None = None
    model: str | None = None
    first_token_ms: float | None = None
    retries: int = 0
    hedges: int = 0
    restarts: int = 0
    continuations: int = 0
    skipped: tuple[str, ...] = ()
    failure: str | None = None
    error: str | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    cost: float | None = None
    stages: tuple[StageRecord, ...] = ()
    caller: Mapping[str, AuditValue] = {}

    def __str__(self) -> str:
        """Return the line itself."""
        return _encode(self).decode()


_encode = msgspec.json.Encoder().encode


def attempt_event(context: CallContext | CallTrace, record: AttemptRecord, time: datetime) -> AttemptEvent:
    """Describe an attempt that has ended."""
    failure, usage, first = record.failure, record.usage, record.first_token_s
    return AttemptEvent(
        event=ATTEMPT,
        time=time,
        call_id=context.call_id,
        attempt=record.number,
        provider=record.provider,
        model=record.model,
        why=record.why,
        outcome=record.outcome,
        stream=context.stream,
        started_ms=_ms(record.started_s),
        latency_ms=_ms(record.finished_s - record.started_s),
        deadline_left_ms=_ms(context.deadline_s - record.finished_s),
        breaker=record.breaker_state,
        client_request_id=record.client_request_id,
        first_token_ms=None if first is None else _ms(first - record.started_s),
        status=record.http_status,
        failure=None if failure is None else failure.kind.value,
        code=None if failure is None else failure.code,
        detail="" if failure is None else failure.detail,
        retry_after_s=None if failure is None else failure.retry_after_s,
        request_id=record.request_id,
        input_tokens=None if usage is None else usage.input_tokens,
        output_tokens=None if usage is None else usage.output_tokens,
        cost=record.cost,
        caller=audit_fields(),
    )


def call_event(trace: CallTrace, time: datetime) -> CallEvent:
    """Describe a call that has ended."""
    answered, failed, retries, hedges = None, None, 0, 0
    for record in trace.attempts:
        failed = failed or record.failure
        if record.outcome == "answered":
            answered = record
        if record.why == "retry":
            retries += 1
        elif record.why == "hedge":
            hedges += 1
    first = None if answered is None else answered.first_token_s
    usage = None if answered is None else answered.usage
    return CallEvent(
        event=CALL,
        time=time,
        call_id=trace.call_id,
        outcome=trace.outcome,
        stream=trace.stream,
        latency_ms=_ms(trace.duration_s),
        deadline_left_ms=_ms(trace.deadline_s - trace.duration_s),
        attempts=len(trace.attempts),
        fell_back=trace.fell_back,
        operation=trace.operation,
        provider=trace.provider,
        model=trace.model,
        first_token_ms=None if first is None else _ms(first),
        retries=retries,
        hedges=hedges,
        restarts=trace.restarts,
        continuations=trace.continuations,
        skipped=tuple([skipped.provider for skipped in trace.skipped]),
        failure=None if failed is None else failed.kind.value,
        error=trace.error,
        input_tokens=None if usage is None else usage.input_tokens,
        output_tokens=None if usage is None else usage.output_tokens,
        cost=trace.cost,
        stages=trace.stages,
        caller=audit_fields(),
    )


def _ms(seconds: float) -> float:
    return round(seconds * 1_000_000) / 1_000  # to three places, at a third of their cost
