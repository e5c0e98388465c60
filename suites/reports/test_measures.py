"""What a set of calls is measured to be, against numbers worked out by hand."""

import math

import pytest

from seawall_chaos.gates import METRICS
from seawall_reports.measures import Measures
from seawall_reports.summarise import summarise
from seawall_reports.wording import LABELS


@pytest.fixture
def measured(recorded, rows):
    """The measures of seawall's calls in one scenario."""

    def measure(*some, **scenario):
        summary = summarise(recorded(rows=some, scenarios=[rows.scenario(**scenario)]))
        return summary.scenarios[0].subjects["seawall"]

    return measure


def test_success_is_exactly_what_the_provider_meant_to_say(measured, rows):
    """Failed, wrong and unfinished calls are all no success, and are told apart."""
    statuses = ["ok", "ok", "failed", "wrong", "unfinished"]
    result = measured(*[rows.call(call=n, call_id=f"c{n}", status=s) for n, s in enumerate(statuses)])

    assert result.success_rate == 0.4
    assert (result.ok_calls, result.failed_calls, result.wrong_calls, result.unfinished_calls) == (2, 1, 1, 1)


def test_latency_includes_calls_that_failed(measured, rows):
    """A client may not look quick by losing the slow ones."""
    result = measured(
        rows.call(latency_ms=100.0),
        rows.call(call_id="c1", latency_ms=9000.0, status="failed", provider=None),
    )

    assert result.max_ms == 9000
    assert result.p50_ms == 4550


def test_percentiles_of_a_hundred_and_one_calls(measured, rows):
    """0 to 100 ms in steps of one: each percentile is its own number."""
    result = measured(*[rows.call(call=n, call_id=f"c{n}", latency_ms=float(n)) for n in range(101)])

    assert (result.p50_ms, result.p95_ms, result.p99_ms, result.max_ms) == (50, 95, 99, 100)
    assert result.p999_ms == pytest.approx(99.9)
    assert set(result.intervals) == {"success_rate", "p50_ms", "p95_ms", "p99_ms"}


def test_time_to_first_token_is_that_of_streams_that_had_one(measured, rows):
    """Non-streamed calls have none, and a stream that never began has none to count."""
    result = measured(
        rows.call(kind="stream", first_token_ms=40.0, first_token_s=0.04),
        rows.call(call_id="c1", kind="stream", status="failed"),
        rows.call(call_id="c2", first_token_ms=None),
    )

    assert result.first_tokens == 1
    assert result.first_token_p50_ms == 40
    assert result.kinds["stream"].calls == 2
    assert result.kinds["complete"].calls == 1
    assert result.kinds["stream_failed_early"].calls == 1


def test_first_tokens_that_never_came_are_infinitely_late(measured, rows):
    """Streams without a single token must not pass a bound on the time to the first one; no streams are unknown."""
    never = measured(rows.call(kind="stream", status="failed"))
    unknown = measured(rows.call())

    assert math.isinf(never.first_token_p95_ms)
    assert math.isnan(unknown.first_token_p95_ms)
    assert never.model_dump(mode="json")["first_token_p95_ms"] is None


def test_deadline_overshoot_counts_only_what_is_over(measured, rows):
    """Calls in time have none."""
    result = measured(rows.call(latency_ms=8100.0), rows.call(call_id="c1", latency_ms=100.0))

    assert result.deadline_overshoot_p99_ms == pytest.approx(99.0)


def test_who_answered_who_was_asked_and_what_callers_were_told(measured, rows):
    """Counts by provider, and failures by text, the rare ones together."""
    failed = [
        rows.call(call_id=f"f{n}", status="failed", provider=None, failure=f"Error {n % 9}")
        for n in range(18)
    ]
    result = measured(rows.call(), rows.attempt(), rows.attempt(provider="beta"), *failed)

    assert result.answered_by == {"alpha": 1}
    assert result.asked == {"alpha": 1, "beta": 1}
    assert len(result.failures) == 7
    assert result.failures["(others)"] == 6


def test_every_metric_of_the_vocabulary_is_measured_and_named():
    """A scenario file can demand nothing that the report does not know."""
    assert set(METRICS) <= set(Measures.model_fields)
    assert set(METRICS) <= set(LABELS)
