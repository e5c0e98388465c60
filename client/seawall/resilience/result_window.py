"""How many of the results of the last seconds were failures, and how many were slow."""

from __future__ import annotations

_SLOTS = 10


class ResultWindow:
    """Counts over a sliding window, kept in ten slots of time; old slots fall out whole."""

    __slots__ = ("_calls", "_failures", "_slot", "_slot_s", "_slows", "calls", "failures", "slows")

    def __init__(self, window_s: float) -> None:
        self._slot_s = window_s / _SLOTS
        self.clear()

    def clear(self) -> None:
        """Forget everything."""
        self._slot = 0
        self._calls = [0] * _SLOTS
        self._failures = [0] * _SLOTS
        self._slows = [0] * _SLOTS
        self.calls = self.failures = self.slows = 0

    def add(self, now: float, *, calls: int = 0, failures: int = 0, slows: int = 0) -> None:
        """Add results to the newest slot. The sums `calls`, `failures` and `slows` are then as of `now`."""
        slot = int(now / self._slot_s)
        if slot != self._slot:
            self._advance(slot)
        index = self._slot % _SLOTS
        self._calls[index] += calls
        self._failures[index] += failures
        self._slows[index] += slows
        self.calls += calls
        self.failures += failures
        self.slows += slows

    def _advance(self, slot: int) -> None:
        for passed in range(max(self._slot + 1, slot - _SLOTS + 1), slot + 1):
            index = passed % _SLOTS
            self.calls -= self._calls[index]
            self.failures -= self._failures[index]
            self.slows -= self._slows[index]
            self._calls[index] = self._failures[index] = self._slows[index] = 0
        self._slot = max(slot, self._slot)
