"""The caller's audit log: one event per call with the caller's own fields, and the same fields in the log lines."""

import asyncio
import io
import json
from datetime import UTC, datetime

import pytest

from seawall import ConfigurationError, audit_context, configure_json_logs
from seawall.resilience.failures import Failure, FailureKind
from seawall.telemetry.audit import AuditTrail
from seawall.telemetry.logs import LogObserver
from seawall.trace import AttemptRecord, CallContext, CallTrace, SkippedProvider, StageRecord

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
FAILED = AttemptRecord(
    number=1,
    provider="alpha",
    model="m-a",
    why="first",
    started_s=0.0,
    finished_s=0.25,
    outcome="failed",
    client_request_id="c7-1",
    http_status=503,
    failure=Failure(kind=FailureKind.OVERLOADED),
)
TRACE = CallTrace(
    call_id="c7",
    stream=False,
    deadline_s=20.0,
    duration_s=0.25,
    outcome="failed",
    attempts=(FAILED,),
    skipped=(SkippedProvider(provider="beta", model="m-b", why="circuit breaker open", until_s=9.5),),
    error="AllProvidersFailed",
    cost=0.5,
    stages=(StageRecord(stage="firewall", mode="shadow", verdict="flagged", time_ms=1.0),),
)


def test_an_event_says_who_was_asked_who_was_not_and_why():
    """Also of a call that failed; it is one JSON object, made of the log lines and what they leave out."""
    events = []
    trail = AuditTrail(events.append, wall_clock=lambda: NOON)
    with audit_context(tenant="acme", tries=2):
        trail.call_finished(TRACE)
    read = json.loads(str(events[0]))

    assert read["event"] == "llm.audit"
    assert (read["call"]["outcome"], read["call"]["error"]) == ("failed", "AllProvidersFailed")
    assert (read["call"]["failure"], read["call"]["deadline_left_ms"]) == ("overloaded", 19_750.0)
    assert (read["call"]["cost"], read["call"]["stages"][0]["verdict"]) == (0.5, "flagged")
    assert read["call"]["caller"] == {"tenant": "acme", "tries": 2}
    assert [(a["provider"], a["failure"], a["status"], a["breaker"]) for a in read["attempts"]] == [
        ("alpha", "overloaded", 503, "closed")
    ]
    assert read["skipped"] == [
        {"provider": "beta", "model": "m-b", "why": "circuit breaker open", "until_s": 9.5}
    ]


def test_fields_are_in_both_log_lines_inside_the_context_and_nowhere_else(logger):
    """Contexts nest; the inner one wins and ends."""
    stream = io.StringIO()
    configure_json_logs(stream)
    observer = LogObserver(wall_clock=lambda: NOON)
    with audit_context(tenant="acme", request="r1"):
        with audit_context(request="r2"):
            observer.attempt_finished(CallContext(call_id="c7", stream=False, deadline_s=20.0), FAILED)
        observer.call_finished(TRACE)
    observer.call_finished(TRACE)
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]

    assert lines[0]["caller"] == {"tenant": "acme", "request": "r2"}
    assert lines[1]["caller"] == {"tenant": "acme", "request": "r1"}
    assert "caller" not in lines[2]


async def test_fields_of_one_task_are_not_those_of_another():
    """Two requests of a service at once do not mix."""
    events = []
    trail = AuditTrail(events.append)

    async def handle(tenant):
        with audit_context(tenant=tenant):
            await asyncio.sleep(0)
            trail.call_finished(TRACE)

    await asyncio.gather(handle("acme"), handle("blue"))

    assert [event.call.caller["tenant"] for event in events] == ["acme", "blue"]


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"tenant": object()}, "tenant must be text, a number or a truth value"),
        ({"tenant": "x" * 257}, "tenant is longer than 256 characters"),
        ({f"f{n}": n for n in range(17)}, "17 fields; at most 16"),
    ],
)
def test_fields_are_bounded(fields, message):
    """A log line is no place for documents."""
    with pytest.raises(ConfigurationError, match=message), audit_context(**fields):
        pass
