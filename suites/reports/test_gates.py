"""Gates against measures: what is met, what is missed, what cannot be told."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall_chaos.gates import Gate
from seawall_chaos.recording import Recording
from seawall_reports.gate_results import evaluate
from seawall_reports.summarise import summarise
from seawall_reports.summary import SubjectResult
from seawall_reports.verdict import Verdict


@pytest.fixture(scope="module")
def subject(tmp_path_factory, rows):
    """One subject's result with some numbers replaced."""
    folder = rows.write(tmp_path_factory.mktemp("gates"), rows.passing, [rows.scenario()])
    result = summarise(Recording.open(folder)).scenarios[0].subjects["seawall"]

    def change(**numbers):
        return result.model_copy(update=numbers)

    return change


@pytest.mark.parametrize(
    ("gate", "measured", "verdict"),
    [
        ({"metric": "success_rate", "at_least": 1.0}, 1.0, Verdict.PASS),
        ({"metric": "success_rate", "at_least": 1.0}, 127 / 128, Verdict.FAIL),
        ({"metric": "success_rate", "at_least": 0.7}, 0.1 + 0.6, Verdict.PASS),
        ({"metric": "p99_ms", "at_most": 1000}, 1000.0, Verdict.PASS),
        ({"metric": "p99_ms", "at_most": 1000}, 1000.01, Verdict.FAIL),
        ({"metric": "p99_ms", "at_most": 1000}, math.nan, Verdict.INCONCLUSIVE),
        ({"metric": "p99_ms", "at_most": 1000}, None, Verdict.INCONCLUSIVE),
        ({"metric": "recovery_s", "at_most": 2}, math.inf, Verdict.FAIL),
        ({"metric": "wrong_calls", "at_most": 0}, 0, Verdict.PASS),
        ({"metric": "wrong_calls", "at_most": 0}, 1, Verdict.FAIL),
    ],
)
def test_a_bound_is_kept_or_missed(subject, gate, measured, verdict):
    """The bound itself is good; what was not measured is not met; what never came is missed."""
    result = evaluate(Gate(subject="seawall", **gate), {"seawall": subject(**{gate["metric"]: measured})})

    assert result.verdict is verdict
    assert result.demand.startswith("seawall: ")
    assert result.reason


@pytest.mark.parametrize(
    ("own_ms", "other_ms", "verdict"),
    [
        (49.0, 100.0, Verdict.PASS),
        (51.0, 100.0, Verdict.FAIL),
        (49.0, math.nan, Verdict.INCONCLUSIVE),
        (49.0, math.inf, Verdict.INCONCLUSIVE),
    ],
)
def test_a_bound_may_be_relative_to_another_subject(subject, own_ms, other_ms, verdict):
    """Half of the baseline's p95; a baseline without one bounds nothing."""
    gate = Gate(subject="seawall", metric="p95_ms", at_most=0.5, times="baseline")
    result = evaluate(gate, {"seawall": subject(p95_ms=own_ms), "baseline": subject(p95_ms=other_ms)})

    assert result.verdict is verdict
    assert "baseline" in result.demand
    assert "baseline" in result.reason


def test_a_gate_on_a_kind_looks_at_that_kind_only(subject):
    """Streams may fail where only non-streamed calls are demanded."""
    whole = subject(success_rate=0.5)
    gate = Gate(subject="seawall", metric="success_rate", kind="complete", at_least=1.0)

    assert evaluate(gate, {"seawall": whole}).verdict is Verdict.PASS
    assert (
        evaluate(gate.model_copy(update={"kind": "stream"}), {"seawall": whole}).verdict
        is Verdict.INCONCLUSIVE
    )


@pytest.mark.parametrize("subjects", [{}, {"seawall": 0}])
def test_a_subject_without_calls_meets_no_gate(subject, subjects):
    """Zero wrong answers of zero calls are no merit."""
    gate = Gate(subject="seawall", metric="wrong_calls", at_most=0)
    found = {name: subject(calls=calls, wrong_calls=0) for name, calls in subjects.items()}

    assert evaluate(gate, found).verdict is Verdict.INCONCLUSIVE


@given(st.floats(0, 1e6), st.floats(0, 1e6))
def test_lower_bound_and_upper_bound_are_opposites(measured, bound):
    """A value meets one of the two, and both only where it equals the bound."""
    result = SubjectResult.model_construct(calls=1, p95_ms=measured)
    verdicts = [
        evaluate(Gate(subject="s", metric="p95_ms", **{relation: bound}), {"s": result}).verdict
        for relation in ("at_least", "at_most")
    ]

    assert Verdict.PASS in verdicts
    assert (verdicts.count(Verdict.PASS) == 2) == (abs(measured - bound) <= 1e-9 * max(1.0, bound))


def test_a_near_miss_reads_as_a_miss(subject):
    """1000.4 ms and 1000 ms round to the same; the reason then shows the digits that differ."""
    gate = Gate(subject="seawall", metric="p99_ms", at_most=1000)

    assert "1000.4" in evaluate(gate, {"seawall": subject(p99_ms=1000.4)}).reason
