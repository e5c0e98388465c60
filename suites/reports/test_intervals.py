"""Confidence intervals against known answers and properties."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seawall_reports.intervals import quantile_intervals, quantiles, resampled_quantile, wilson

SAMPLES = st.lists(st.floats(0.1, 1e5), min_size=1, max_size=60)


@pytest.mark.parametrize(
    ("successes", "n", "low", "high"),
    [
        # Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
        (20, 20, 0.8389, 1.0),
    ],
)
def test_wilson_agrees_with_published_values(successes, n, low, high):
    """The score interval is the one in the literature."""
    interval = wilson(successes, n)

    assert (interval.low, interval.high) == pytest.approx((low, high), abs=5e-5)


def test_nothing_counted_has_no_interval():
    """Without a call there is no share to be sure of."""
    assert wilson(0, 0) is None
    assert quantile_intervals(np.array([]), [0.5], seed=1) == [None]
    assert math.isnan(quantiles(np.array([]), [0.5])[0])


@given(st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_contains_the_share_and_mirrors(counted):
    """Inside 0 to 1, round the share, and the same for failures as for successes."""
    successes, n = counted
    interval, mirrored = wilson(successes, n), wilson(n - successes, n)

    assert 0 <= interval.low <= successes / n <= interval.high <= 1
    assert interval.low == pytest.approx(1 - mirrored.high, abs=1e-12)


def test_quantiles_interpolate_between_neighbours():
    """Type 7: the p-quantile of n values lies at place (n - 1) p."""
    assert quantiles(np.array([10.0, 20.0, 30.0, 40.0, 50.0]), [0.0, 0.5, 0.95, 1.0]) == [10, 30, 48, 50]


@given(SAMPLES, st.sampled_from([0.5, 0.95, 0.99]), st.integers(0, 2**32 - 1))
@settings(max_examples=60)
def test_quantile_intervals_stay_within_the_sample(values, probability, seed):
    """Resampling can show nothing beyond the lowest and the highest value."""
    (interval,) = quantile_intervals(np.array(values), [probability], seed=seed, resamples=200)

    assert min(values) - 1e-6 <= interval.low <= interval.high <= max(values) + 1e-6


@given(SAMPLES, st.floats(0.01, 100.0))
@settings(max_examples=60)
def test_quantile_intervals_do_not_depend_on_the_unit(values, factor):
    """Seconds instead of milliseconds scale the interval and change nothing else."""
    (one,) = quantile_intervals(np.array(values), [0.95], seed=7, resamples=200)
    (other,) = quantile_intervals(np.array(values) * factor, [0.95], seed=7, resamples=200)

    assert (other.low, other.high) == pytest.approx((one.low * factor, one.high * factor), rel=1e-9)


def test_the_same_seed_gives_the_same_interval():
    """A report built twice says the same."""
    values = np.random.default_rng(0).lognormal(4, 0.5, 100)

    assert quantile_intervals(values, [0.5, 0.99], seed=1) == quantile_intervals(values, [0.5, 0.99], seed=1)
    assert quantile_intervals(values, [0.5], seed=1) != quantile_intervals(values, [0.5], seed=2)


@pytest.mark.parametrize("probability", [0.0, 0.5, 0.95, 0.99, 1.0])
@pytest.mark.parametrize("n", [1, 2, 25, 128])
def test_drawing_order_statistics_equals_resampling(n, probability):
    """The short cut has the distribution of the plain bootstrap, which draws whole samples."""
    generator = np.random.default_rng(n)
    ordered = np.sort(generator.lognormal(4, 1, n))
    quick = resampled_quantile(ordered, probability, generator, 20_000)
    samples = ordered[generator.integers(0, n, (20_000, n))]
    plain = np.quantile(samples, probability, axis=1)
    # A quantile of equal neighbours may differ from them in the last bit.
    grid = ordered * (1 + 1e-9)

    distance = np.abs((quick[:, None] <= grid).mean(axis=0) - (plain[:, None] <= grid).mean(axis=0)).max()

    # Kolmogorov and Smirnov: 1.95 sqrt(2 / 20000) is exceeded once in a thousand.
    assert distance < 0.0195


@pytest.mark.parametrize(
    ("probability", "n", "open_above"), [(0.99, 128, True), (0.99, 400, False), (0.5, 10, False)]
)
def test_too_few_values_leave_a_tail_open(probability, n, open_above):
    """With n values the largest one bounds the p-quantile at 97.5 % only if p**n is at most 2.5 %."""
    (interval,) = quantile_intervals(np.arange(1.0, n + 1), [probability], seed=1)

    assert interval.open_above is open_above


def test_intervals_of_the_median_cover_the_truth_as_often_as_they_say():
    """Of 400 samples about 95 % have the true median in their interval."""
    generator = np.random.default_rng(11)
    covered = 0
    for number in range(400):
        (interval,) = quantile_intervals(generator.lognormal(4, 1, 60), [0.5], seed=number, resamples=500)
        covered += interval.low <= math.exp(4) <= interval.high

    assert 0.91 <= covered / 400 <= 0.985
