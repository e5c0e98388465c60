"""Quantiles of any number of latencies in bounded memory."""

from __future__ import annotations

import math

import msgspec

_GAMMA = 1.01
_LOG_GAMMA = math.log(_GAMMA)
_MIN_MS, _MAX_MS = 1e-3, 1e9


class Quantiles(msgspec.Struct, frozen=True):
    """Of latencies in milliseconds, within half a percent (`max` is exact); None where there are none."""

    p50: float | None
    p95: float | None
    p99: float | None
    max: float | None


class LatencySketch:
    """Counts latencies in buckets each one percent wider than the one before: at most some 2,800 of them."""

    __slots__ = ("_buckets", "_count", "_max", "_min")

    def __init__(self) -> None:
        self._buckets: dict[int, int] = {}
        self._count = 0
        self._min = math.inf
        self._max = 0.0

    def add(self, latency_ms: float) -> None:
        """Count one; what is outside of a microsecond to eleven days counts as that."""
        value = min(max(latency_ms, _MIN_MS), _MAX_MS)
        bucket = math.ceil(math.log(value) / _LOG_GAMMA)
        self._buckets[bucket] = self._buckets.get(bucket, 0) + 1
        self._count += 1
        self._min = min(self._min, value)
        self._max = max(self._max, value)

    def quantiles(self) -> Quantiles:
        """Return the nearest-rank quantiles."""
        if not self._count:
            return Quantiles(None, None, None, None)
        return Quantiles(self._at(0.50), self._at(0.95), self._at(0.99), self._max)

    def _at(self, share: float) -> float:
        rank, seen = math.ceil(share * self._count), 0
        for bucket in sorted(self._buckets):
            seen += self._buckets[bucket]
            if seen >= rank:
                middle = 2.0 * _GAMMA**bucket / (1.0 + _GAMMA)
                return round(min(max(middle, self._min), self._max), 3)
        return self._max
