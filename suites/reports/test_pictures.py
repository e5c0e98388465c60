"""What pictures are drawn from: scales, bands, labels."""

import itertools
import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall_reports.plots.bands import in_force
from seawall_reports.plots.ecdf import LABEL_GAP, spread
from seawall_reports.plots.log_scale import duration, log_share, log_ticks
from seawall_reports.plots.style import drawable, subject_colours
from seawall_reports.plots.timeline import rolling_median


@given(st.floats(0.01, 1e6), st.floats(1.5, 1e6))
def test_ticks_lie_on_the_axis_and_are_neither_few_nor_many(low, factor):
    """Rising, within the limits, and at most a dozen."""
    ticks = log_ticks(low, low * factor)

    assert ticks == sorted(ticks)
    assert all(low <= tick <= low * factor for tick in ticks)
    assert len(ticks) <= 12
    if factor >= 10:
        assert ticks


def test_a_logarithmic_axis_runs_from_zero_to_one():
    """Half-way between 10 and 1000 lies 100."""
    assert log_share(np.array([10.0, 100.0, 1000.0]), (10.0, 1000.0)).tolist() == pytest.approx([0, 0.5, 1])


@pytest.mark.parametrize(("ms", "text"), [(0.1, "0.1 ms"), (500, "500 ms"), (1000, "1 s"), (20000, "20 s")])
def test_durations_read_as_people_say_them(ms, text):
    """Seconds from one second on."""
    assert duration(ms) == text


@given(st.lists(st.floats(0, 1), min_size=1, max_size=7))
def test_labels_are_spread_apart_in_their_order(heights):
    """No two labels overlap, and none leaves the top."""
    placed = spread(sorted(heights))

    assert all(b - a >= 2 * LABEL_GAP - 1e-9 for a, b in itertools.pairwise(placed))
    assert placed[-1] <= 1


def test_overlapping_faults_are_shaded_once():
    """Windows merge where they overlap; those never applied are left out; unhealed ones last to the end."""
    faults = pd.DataFrame({"applied_s": [1.0, 2.0, 6.0, np.nan], "healed_s": [3.0, 4.0, np.nan, np.nan]})

    assert in_force(faults, 8.0) == [(1.0, 4.0), (6.0, 8.0)]


def test_the_rolling_median_breaks_where_calls_are_missing():
    """A line across a gap would claim what nobody measured."""
    at_s = [*np.arange(0, 1, 0.1), *np.arange(5, 6, 0.1)]
    calls = pd.DataFrame({"intended_s": at_s, "latency_ms": [100.0] * 10 + [300.0] * 10})
    x, y = rolling_median(calls, 0.8)

    gap = [n for n, value in enumerate(x) if math.isnan(value)]
    assert len(gap) == 1
    assert set(y[: gap[0]]) == {100.0}
    assert set(y[gap[0] + 1 :]) == {300.0}
    assert rolling_median(calls.iloc[:0], 0.8) == ([], [])


def test_the_known_subjects_keep_their_colours():
    """Two reports side by side have one colour for one subject."""
    alone, together = subject_colours(["seawall"]), subject_colours(["baseline", "mine", "seawall", "other"])

    assert alone["seawall"] == together["seawall"]
    assert len(set(together.values())) == 4


@given(st.text())
def test_any_text_can_be_drawn(text):
    """Only letters that the font has, and not too many."""
    shown = drawable(text)

    assert len(shown) <= 60
    assert shown.encode("latin-1").decode("latin-1") == shown
