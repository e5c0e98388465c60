"""Confidence intervals: how far a measured share or percentile can be trusted."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from seawall_reports.measures import Interval

CONFIDENCE = 0.95
RESAMPLES = 2000
_Z = 1.959963984540054  # normal quantile at 97.5 %

Floats = npt.NDArray[np.floating[Any]]


def wilson(successes: int, n: int) -> Interval | None:
    """The score interval of a share (E. B. Wilson, JASA 22, 1927); None where nothing was counted.

    Unlike the normal approximation it does not shrink to a point when all or none succeeded.
    """
    if n == 0:
        return None
    share = successes / n
    shrink = 1 + _Z**2 / n
    centre = (share + _Z**2 / (2 * n)) / shrink
    margin = _Z / shrink * math.sqrt(share * (1 - share) / n + _Z**2 / (4 * n**2))
    low = 0.0 if successes == 0 else centre - margin
    high = 1.0 if successes == n else centre + margin
    return Interval(low=low, high=high)


def quantiles(values: Floats, probabilities: Sequence[float]) -> list[float]:
    """Quantiles by linear interpolation between order statistics (type 7 of Hyndman and Fan, 1996).

    NaN where there are no values.
    """
    if values.size == 0:
        return [math.nan] * len(probabilities)
    return [float(q) for q in np.quantile(values, probabilities)]


def quantile_intervals(
    values: Floats, probabilities: Sequence[float], *, seed: int, resamples: int = RESAMPLES
) -> list[Interval | None]:
    """Bootstrap percentile intervals of quantiles (Efron and Tibshirani, 1993, chapter 13); None without values."""
    if values.size == 0:
        return [None] * len(probabilities)
    ordered = np.sort(values)
    generator = np.random.default_rng(seed)
    tail = (1 - CONFIDENCE) / 2
    intervals: list[Interval | None] = []
    for probability in probabilities:
        drawn = resampled_quantile(ordered, probability, generator, resamples)
        low, high = np.quantile(drawn, [tail, 1 - tail])
        # With probability p**n every value lies below the p-quantile, so that no sample maximum bounds it.
        open_above = probability**ordered.size > tail
        intervals.append(Interval(low=float(low), high=float(high), open_above=open_above))
    return intervals


def resampled_quantile(
    ordered: Floats, probability: float, generator: np.random.Generator, resamples: int
) -> Floats:
    """The quantile of `resamples` samples drawn with replacement from the sorted values.

    Only the two order statistics that the quantile lies between are drawn, not whole samples: the j-th of n uniform
    variates is Beta(j, n + 1 - j), and the next one is the least of the n - j that remain above it (David and
    Nagaraja, Order Statistics, 2003, chapter 2). Exact, and independent of n in time and memory.
    """
    n = ordered.size
    position = (n - 1) * probability
    below = min(math.floor(position), n - 1)
    uniform = generator.beta(below + 1, n - below, resamples)
    drawn: Floats = ordered[_index(uniform, n)]
    weight = position - below
    if weight > 0:
        following = uniform + (1 - uniform) * generator.beta(1, n - below - 1, resamples)
        drawn = drawn + weight * (ordered[_index(following, n)] - drawn)
    return drawn


def _index(uniform: Floats, n: int) -> npt.NDArray[np.intp]:
    return np.minimum((uniform * n).astype(np.intp), n - 1)
