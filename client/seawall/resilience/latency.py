"""What is usual: a quantile over a provider's recent latencies, and who may find out while nothing is known."""

from __future__ import annotations

import math

_SAMPLES_MAX = 128
_ADDED_BEFORE_NEW_QUANTILE = 16


class LatencyDigest:
    """The quantile of the last latencies, cheap to feed and to ask; unknown (None) while there are few."""

    __slots__ = (
        "_added",
        "_at",
        "_cached",
        "_cached_until",
        "_memory_s",
        "_quantile",
        "_samples",
        "_samples_min",
        "_scout_free_at",
        "_scout_wait_s",
    )

    def __init__(self, *, quantile: float, samples_min: int, memory_s: float) -> None:
        self._quantile = quantile
        self._samples_min = samples_min
        self._memory_s = memory_s
        self._samples: list[float] = []
        self._at: list[float] = []
        self._added = 0
        self._cached: float | None = None
        self._cached_until = self._scout_free_at = -math.inf
        self._scout_wait_s = 0.0

    def take_options_of(self, other: LatencyDigest) -> None:
        """Ask for another digest's quantile from now on; the latencies stay."""
        self._quantile, self._samples_min = other._quantile, other._samples_min
        self._memory_s = other._memory_s
        self._cached_until = -math.inf

    def add(self, now: float, latency_s: float) -> None:
        """Take one more latency, in seconds."""
        if len(self._samples) < _SAMPLES_MAX:
            self._samples.append(latency_s)
            self._at.append(now)
        else:
            index = self._added % _SAMPLES_MAX
            self._samples[index] = latency_s
            self._at[index] = now
        self._added += 1
        self._scout_wait_s = 0.0
        if self._added % _ADDED_BEFORE_NEW_QUANTILE == 0 or self._added == self._samples_min:
            self._cached_until = -math.inf

    def usual_s(self, now: float) -> float | None:
        """Return the quantile, in seconds, or None while too few latencies are known."""
        if now >= self._cached_until:
            self._cached, self._cached_until = self._compute(now)
        return self._cached

    def longest_s(self, now: float) -> float | None:
        """Return the longest recent latency, in seconds, or None where there is none at all."""
        oldest = now - self._memory_s
        return max((s for s, at in zip(self._samples, self._at, strict=True) if at > oldest), default=None)

    def scout(self, now: float, first_wait_s: float) -> bool:
        """Whether this call may find out how quick others are. Then nobody may for a while, twice as long each time.

        That needs no giving back: a scout whose caller leaves holds nobody up for long.
        """
        if now < self._scout_free_at:
            return False
        self._scout_wait_s = max(first_wait_s, 2.0 * self._scout_wait_s)
        self._scout_free_at = now + self._scout_wait_s
        return True

    def _compute(self, now: float) -> tuple[float | None, float]:
        oldest = now - self._memory_s
        recent = self._samples
        if recent and min(self._at) <= oldest:
            recent = [s for s, at in zip(self._samples, self._at, strict=True) if at > oldest]
        if len(recent) < self._samples_min:
            return None, now + self._memory_s / 8
        return sorted(recent)[math.ceil(self._quantile * len(recent)) - 1], now + self._memory_s / 8
