"""How much extra load calls may cause together: a token bucket that answers fill."""

from __future__ import annotations

import math
from typing import Annotated

import msgspec


class RetryBudgetOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What same-provider retries and hedges may cost; the first try of another provider is always free.

    Attributes:
        success_share: tokens that one answer earns; 0.1 allows one retry for every ten answers. 0 to 1.
        floor_per_s: tokens earned each second whatever happens, so that a quiet service may retry. 0 to 1000.
        capacity: tokens that can be saved up, and what there is at the start. 0 to 100000.
    """

    success_share: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.1
    floor_per_s: Annotated[float, msgspec.Meta(ge=0, le=1000)] = 0.5
    capacity: Annotated[float, msgspec.Meta(ge=0, le=100_000)] = 20.0


# Time is a float: a token that is due now may fall short by a rounding error.
_WHOLE = 1.0 - 1e-9


class TokenBucket:
    """Tokens earned by events and by time, spent whole, never below zero and never above the capacity."""

    __slots__ = ("_capacity", "_filled_at", "_per_s", "_tokens")

    def __init__(self, *, per_s: float, capacity: float) -> None:
        self._per_s = per_s
        self._capacity = capacity
        self._tokens = capacity
        self._filled_at: float | None = None

    def take_options_of(self, other: TokenBucket) -> None:
        """Fill at another bucket's rate up to its capacity from now on; what is there stays, if it fits."""
        self._per_s, self._capacity = other._per_s, other._capacity
        self._tokens = min(self._tokens, self._capacity)

    def tokens(self, now: float) -> float:
        """Return what could be spent now."""
        if self._filled_at is not None and now > self._filled_at:
            self._tokens = min(self._capacity, self._tokens + (now - self._filled_at) * self._per_s)
        if self._filled_at is None or now > self._filled_at:
            self._filled_at = now
        return self._tokens

    def earn(self, amount: float) -> None:
        """Add tokens up to the capacity."""
        if self._tokens < self._capacity:
            self._tokens = min(self._capacity, self._tokens + amount)

    def has(self, now: float) -> bool:
        """Whether a whole token could be spent now."""
        return self.tokens(now) >= _WHOLE

    def next_at(self, now: float) -> float:
        """Return when a whole token will be there by time alone; infinity if never."""
        tokens = self.tokens(now)
        if tokens >= _WHOLE:
            return now
        if self._per_s <= 0.0 or self._capacity < _WHOLE:
            return math.inf
        return now + (1.0 - tokens) / self._per_s

    def spend(self, now: float) -> bool:
        """Take one token; False, and nothing taken, if there is none."""
        if self.tokens(now) < _WHOLE:
            return False
        self._tokens = max(0.0, self._tokens - 1.0)
        return True
