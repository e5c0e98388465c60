"""Finite capacity with a bounded queue in front, first come, first served."""

from collections.abc import Callable
from enum import Enum


class Place(Enum):
    """Where a request stands."""

    SERVED = "served"
    QUEUED = "queued"
    REFUSED = "refused"


class Capacity:
    """So many requests are served at once, so many wait, one more is refused."""

    def __init__(self, served_max: int | None, queued_max: int) -> None:
        self._served_max = served_max
        self._queued_max = queued_max
        self._served: set[int] = set()
        self._queued: dict[int, Callable[[], None]] = {}

    def resize(self, served_max: int | None, queued_max: int) -> None:
        """Takes effect for those who wait and those who come; nobody is sent away."""
        self._served_max = served_max
        self._queued_max = queued_max
        self._admit()

    def enter(self, key: int, start: Callable[[], None]) -> Place:
        """Begins a request, or queues it; `start` is called when a queued one's turn has come."""
        if self._served_max is None or len(self._served) < self._served_max:
            self._served.add(key)
            return Place.SERVED
        if len(self._queued) < self._queued_max:
            self._queued[key] = start
            return Place.QUEUED
        return Place.REFUSED

    def leave(self, key: int) -> None:
        """Ends a request wherever it stands; whoever waits longest takes its place."""
        self._queued.pop(key, None)
        if key in self._served:
            self._served.discard(key)
            self._admit()

    def _admit(self) -> None:
        while self._queued and (self._served_max is None or len(self._served) < self._served_max):
            key = next(iter(self._queued))
            start = self._queued.pop(key)
            self._served.add(key)
            start()
