"""Crowds of callers: everybody is answered, and afterwards nothing is left of them."""

import pytest

from seawall_chaos.bench.scale import measure_scale, most_at_once

pytestmark = pytest.mark.real_processes


def test_crowds_are_answered_and_leave_nothing_behind():
    """400 calls at once on one loop, 64 threads on one client: no error, no task, thread, socket or object stays.

    `make bench` has 2,000, and bounds resident memory too, which says little on a machine with other things to do.
    """
    rows = [row for row in measure_scale(calls=400) if row.unit != "MB"]

    assert [row for row in rows if row.relation == "at_most" and row.measured > row.bound] == []
    assert [row for row in rows if row.relation == "at_least" and row.measured < row.bound] == []
    assert len(rows) == 8


def test_overlaps_are_counted_at_their_peak():
    """Spans that touch do not overlap; the peak counts, not the sum."""
    assert most_at_once([(0.0, 1.0), (1.0, 2.0), (1.5, 3.0), (1.6, 1.7)]) == 3
    assert most_at_once([]) == 0
