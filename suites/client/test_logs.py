"""Log lines: one per attempt and one per call, JSON, and nothing that should not be in a log."""

import io
import json
import logging
from datetime import UTC, datetime

import pytest

from seawall import configure_json_logs
from seawall.messages import Usage
from seawall.resilience.failures import Failure, FailureKind
from seawall.telemetry.logs import JsonFormatter, JsonHandler, LogObserver
from seawall.trace import AttemptRecord, CallContext, CallTrace, SkippedProvider

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)
CONTEXT = CallContext(call_id="c7", stream=True, deadline_s=20.0)
FAILED = AttemptRecord(
    number=1,
    provider="alpha",
    model="m-a",
    why="first",
    started_s=0.5,
    finished_s=0.75,
    outcome="failed",
    client_request_id="c7-1",
    breaker_state="closed",
    http_status=503,
    failure=Failure(
        kind=FailureKind.OVERLOADED, code="server_is_overloaded", detail="an error", retry_after_s=2.0
    ),
)
ANSWERED = AttemptRecord(
    number=2,
    provider="beta",
    model="m-b",
    why="fallback",
    started_s=0.75,
    first_token_s=1.0,
    finished_s=2.0,
    outcome="answered",
    client_request_id="c7-2",
    breaker_state="half-open",
    http_status=200,
    request_id="req_9",
    usage=Usage(input_tokens=11, output_tokens=7),
)
TRACE = CallTrace(
    call_id="c7",
    stream=True,
    deadline_s=20.0,
    duration_s=2.0,
    outcome="answered",
    attempts=(FAILED, ANSWERED),
    skipped=(SkippedProvider(provider="gamma", model="m-c", why="resting"),),
    provider="beta",
    model="m-b",
)


@pytest.fixture
def lines(logger):
    """Log one whole call; return its lines."""
    stream = io.StringIO()
    configure_json_logs(stream)
    observer = LogObserver(wall_clock=lambda: NOON)
    observer.attempt_finished(CONTEXT, FAILED)
    observer.attempt_finished(CONTEXT, ANSWERED)
    observer.call_finished(TRACE)
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_a_failed_attempt(lines):
    """Who, why, how long, how it ended; what is not known is absent."""
    assert lines[0] == {
        "event": "llm.attempt",
        "time": "2026-11-22T12:00:00Z",
        "call_id": "c7",
        "attempt": 1,
        "provider": "alpha",
        "model": "m-a",
        "why": "first",
        "outcome": "failed",
        "stream": True,
        "started_ms": 500.0,
        "latency_ms": 250.0,
        "deadline_left_ms": 19_250.0,
        "breaker": "closed",
        "client_request_id": "c7-1",
        "status": 503,
        "failure": "overloaded",
        "code": "server_is_overloaded",
        "detail": "an error",
        "retry_after_s": 2.0,
    }


def test_an_answered_attempt(lines):
    """Times count from the attempt's own start; tokens and the provider's request id come along."""
    line = lines[1]

    assert (line["latency_ms"], line["first_token_ms"]) == (1_250.0, 250.0)
    assert (line["input_tokens"], line["output_tokens"], line["request_id"]) == (11, 7, "req_9")
    assert "failure" not in line


def test_a_call(lines):
    """The whole of it in one line, after its attempts."""
    assert lines[2] == {
        "event": "llm.call",
        "time": "2026-11-22T12:00:00Z",
        "call_id": "c7",
        "outcome": "answered",
        "stream": True,
        "latency_ms": 2_000.0,
        "deadline_left_ms": 18_000.0,
        "attempts": 2,
        "fell_back": True,
        "provider": "beta",
        "model": "m-b",
        "first_token_ms": 1_000.0,
        "skipped": ["gamma"],
        "failure": "overloaded",
        "input_tokens": 11,
        "output_tokens": 7,
    }


def test_silence_until_somebody_listens(logger, capsys):
    """A library does not write to anybody's stderr unasked."""
    LogObserver().call_finished(TRACE)

    assert capsys.readouterr() == ("", "")
    assert not logger.isEnabledFor(logging.INFO)


def test_an_applications_own_handlers_get_the_line_as_message(logger):
    """Whatever their format; nothing is encoded twice."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    LogObserver().attempt_finished(CONTEXT, FAILED)

    prefix, _, line = stream.getvalue().partition("{")
    assert prefix == "INFO seawall "
    assert json.loads("{" + line)["failure"] == "overloaded"


def test_configuring_again_moves_the_lines(logger, caplog):
    """One handler of ours at a time, and no copy to the root's handlers."""
    first, second = io.StringIO(), io.StringIO()
    configure_json_logs(first)
    configure_json_logs(second)
    LogObserver().call_finished(TRACE)

    assert first.getvalue() == ""
    assert len(second.getvalue().splitlines()) == 1
    assert caplog.records == []
    assert sum(isinstance(handler, JsonHandler) for handler in logger.handlers) == 1


def test_other_records_are_json_lines_too(logger):
    """A message of several lines and an exception do not break the format."""
    stream = io.StringIO()
    configure_json_logs(stream)
    try:
        int("two\nlines")
    except ValueError:
        logging.getLogger("seawall.sub").exception("it %s", "failed\nbadly")
    (line,) = stream.getvalue().splitlines()
    read = json.loads(line)

    assert (read["event"], read["level"], read["message"]) == ("log", "error", "it failed\nbadly")
    assert "ValueError" in read["error"]
    assert isinstance(logger.handlers[-1].formatter, JsonFormatter)


def test_handlers_beside_ours_get_the_line_too(logger):
    """However many there are, and whatever they filter."""
    ours, theirs, filtered = io.StringIO(), io.StringIO(), io.StringIO()
    handler = configure_json_logs(ours)
    logger.addHandler(logging.StreamHandler(theirs))
    LogObserver(wall_clock=lambda: NOON).call_finished(TRACE)
    configure_json_logs(filtered)
    logger.addFilter(lambda record: "c7" not in record.getMessage())
    LogObserver(wall_clock=lambda: NOON).call_finished(TRACE)
    logger.filters.clear()

    assert ours.getvalue() == theirs.getvalue() != ""
    assert filtered.getvalue() == ""
    assert handler.level == logging.NOTSET


def test_a_log_that_cannot_be_written_does_not_fail_the_call(logger, capsys):
    """The standard library's way: it is said on stderr, and things go on."""
    stream = io.StringIO()
    configure_json_logs(stream)
    stream.close()
    LogObserver().call_finished(TRACE)

    assert "Logging error" in capsys.readouterr().err
