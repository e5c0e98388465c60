"""How long after the last fault a subject was itself again."""

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall_reports.recovery import Disturbance, disturbance, recovery_s

FAULT = Disturbance(applied_s=1.0, healed_s=7.0)


def calls(*after, before=(100.0,) * 5):
    """Calls a tenth of a second apart, some before the fault and some after healing: a latency, or None for failed."""
    early = [(0.1 * n, latency_ms, "ok") for n, latency_ms in enumerate(before)]
    late = [
        (7.1 + 0.1 * n, latency_ms or 50.0, "ok" if latency_ms else "failed")
        for n, latency_ms in enumerate(after)
    ]
    rows = [
        {
            "intended_s": at_s,
            "finished_s": at_s + latency_ms / 1000,
            "latency_ms": latency_ms,
            "status": status,
        }
        for at_s, latency_ms, status in early + late
    ]
    return pd.DataFrame(rows, columns=["intended_s", "finished_s", "latency_ms", "status"])


@pytest.mark.parametrize(
    ("after", "expected_s"),
    [
        ([100.0] * 8, 0.0),
        ([None, *[100.0] * 5], 0.2),
        ([None, 100.0, 100.0, None, *[100.0] * 5], 0.5),
        ([201.0, *[199.0] * 5], 0.2),
        ([None] * 8, math.inf),
        ([100.0] * 4, math.nan),
    ],
)
def test_recovery_ends_with_the_first_five_good_calls(after, expected_s):
    """Failed calls and calls of more than twice the usual latency are not good."""
    assert recovery_s(calls(*after), FAULT) == pytest.approx(expected_s, nan_ok=True)


def test_without_a_fault_there_is_nothing_to_recover_from():
    """A healthy scenario has no time to recover."""
    assert math.isnan(recovery_s(calls(*[100.0] * 8), None))


def test_without_calls_before_the_fault_only_success_counts():
    """If nobody knows what is usual, slow is no reproach."""
    assert recovery_s(calls(*[5000.0] * 8, before=()), FAULT) == 0.0


@given(st.lists(st.sampled_from([None, 90.0, 110.0, 120.0, 500.0]), min_size=5, max_size=40))
def test_recovery_lies_within_the_calls_after_healing(after):
    """It is zero, the start of one of the calls, or infinite; and calls in order or not are the same."""
    table = calls(*after)
    found_s = recovery_s(table, FAULT)

    starts = [round(0.1 + 0.1 * n, 6) for n in range(len(after))]
    assert found_s == 0 or math.isinf(found_s) or round(found_s, 6) in starts
    assert recovery_s(table.iloc[::-1], FAULT) == found_s


def test_a_disturbance_lasts_from_the_first_fault_to_the_last_healing(recorded, rows):
    """Windows that never came about do not count."""
    faults = recorded(
        rows=[
            rows.window(applied_s=1.0, healed_s=2.0),
            rows.window(window=2, applied_s=3.0, healed_s=4.0),
            rows.window(window=3, applied_s=None, healed_s=None),
        ]
    ).faults

    assert disturbance(faults) == Disturbance(1.0, 4.0)
    assert disturbance(faults.iloc[:0]) is None
