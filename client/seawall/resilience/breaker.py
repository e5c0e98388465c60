"""The circuit breaker's policy: when a provider rests, who probes it, and how traffic comes back.

Attempts are stamped with the breaker's generation when they begin. Every transition and every probe starts a
new generation, and a result from an older one is ignored: it speaks of a provider that no longer is.

Resting helps a caller who has somebody else to ask. One who has not may go past an open breaker, as often as
that is answered and a little more: a provider that works one time in three is used, a dead one is spared.
"""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from seawall.resilience.breaker_options import BreakerOptions
from seawall.resilience.breaker_state import CLOSED, HALF_OPEN, OPEN, BreakerState
from seawall.resilience.budget import TokenBucket
from seawall.resilience.result_window import ResultWindow

if TYPE_CHECKING:
    from pybreaker import CircuitBreakerListener

Override = Literal["open", "closed", "disabled"]
UNCOUNTED = -1
_JITTER = 0.2
_RAMP_FROM = 0.1
_EARNED_BY_ANSWER = 3.0


class Breaker:
    """One provider and model's breaker. `alone`: there is no other provider, so only the failure rate opens it."""

    __slots__ = (
        "_alone",
        "_closed_at",
        "_consecutive",
        "_forced",
        "_lease_until",
        "_open_until",
        "_options",
        "_override",
        "_own_word",
        "_probes_passed",
        "_ramp_credit",
        "_rest_s",
        "_rng",
        "_spare",
        "_state",
        "_trips",
        "_window",
        "generation",
    )

    def __init__(
        self,
        name: str,
        options: BreakerOptions,
        *,
        rng: random.Random,
        alone: bool = False,
        listeners: Sequence[CircuitBreakerListener] = (),
    ) -> None:
        self._options = options
        self._rng = rng
        self._alone = alone
        self._state = BreakerState(name, listeners)
        self._window = ResultWindow(options.window_s)
        self._forced: Override | None = None
        self._override = self._in_force()
        self._consecutive = 0
        self._trips = 0
        self._rest_s = 0.0
        self._own_word = False
        self._open_until = self._lease_until = self._closed_at = -math.inf
        self._probes_passed = 0
        self._ramp_credit = 0.0
        self._spare = TokenBucket(per_s=options.last_resort_per_s, capacity=float(options.minimum_calls))
        self.generation = 0

    def take_options_of(self, other: Breaker) -> None:
        """Go by another breaker's options from now on. The state stays, and so does what an operator forced."""
        if other._options.window_s != self._options.window_s:
            self._window = ResultWindow(other._options.window_s)
        self._spare.take_options_of(other._spare)
        self._options, self._alone = other._options, other._alone
        if self._in_force() != self._override:
            self.force(self._forced)

    def _in_force(self) -> Override | None:
        return self._forced if self._forced is not None or self._options.enabled else "disabled"

    @property
    def state(self) -> str:
        """The state: "closed", "open" or "half-open"."""
        return self._state.name

    def force(self, override: Override | None) -> None:
        """Let an operator decide: always open, always closed, or disabled (closed, and blind).

        None hands the decision back; the breaker then starts afresh, closed.
        """
        self._forced = override
        self._override = self._in_force()
        self._trips = 0
        self._close(-math.inf)
        if override == "open":
            self._state.change(OPEN)

    @property
    def forced(self) -> Override | None:
        """What an operator decided, None if nobody did."""
        return self._forced

    def admissible_at(self, now: float) -> float:
        """Return when an attempt may begin: not after `now` means at once, infinity means not until told."""
        if self._override is not None:
            return math.inf if self._override == "open" else now
        if self._state.name == CLOSED:
            return now
        return self._open_until if self._state.name == OPEN else self._lease_until

    @property
    def wants_probe(self) -> bool:
        """Whether the next attempt is a probe."""
        return self._override is None and self._state.name != CLOSED

    def last_resort_at(self, now: float) -> float:
        """Return when a caller who has nobody else to ask may begin an attempt."""
        at = self.admissible_at(now)
        if at <= now or self._override is not None:
            return at
        return min(at, self._spare.next_at(now))

    def takes(self, now: float) -> bool:
        """Whether this call is among the share that the ramp after closing lets through. Ask once per call."""
        if self._closed_at == -math.inf:
            return True
        ramp_s = self._options.ramp_s
        age_s = now - self._closed_at
        if age_s >= ramp_s:
            if age_s >= self._rest_s:
                self._closed_at = -math.inf
                self._trips = 0
            return True
        self._ramp_credit += _RAMP_FROM + (1.0 - _RAMP_FROM) * age_s / ramp_s
        if self._ramp_credit < 1.0:
            return False
        self._ramp_credit -= 1.0
        return True

    def begin(self, now: float, *, last_resort: bool = False) -> int:
        """Note that an attempt begins and return the generation to stamp it with.

        A probe gets one of its own. `last_resort`: it is no probe; its caller has nobody else to ask.
        """
        if self._override is not None:
            return UNCOUNTED if self._override == "disabled" else self.generation
        if self._state.name == CLOSED:
            return self.generation
        if last_resort:
            self._spare.spend(now)
            return UNCOUNTED
        self._state.change(HALF_OPEN)
        self.generation += 1
        self._lease_until = now + self._options.probe_lease_s
        return self.generation

    def success(self, now: float, generation: int, *, was_late: bool = False) -> None:
        """Note an answer. `was_late`: it was reported as late before."""
        if self._state.name != CLOSED:
            self._spare.earn(_EARNED_BY_ANSWER)
        if generation != self.generation:
            return
        if self._state.name == HALF_OPEN:
            self._probed(now, passed=self._alone or not was_late)
        elif not was_late:
            self._consecutive = 0
            self._window.add(now, calls=1)

    def failure(self, now: float, generation: int, *, was_late: bool = False) -> None:
        """Note a failure that counts. `was_late`: it was reported as late before."""
        if generation != self.generation:
            return
        if self._state.name == HALF_OPEN:
            self._probed(now, passed=False)
            return
        if was_late:
            self._window.add(now, failures=1)
        else:
            self._window.add(now, calls=1, failures=1)
            self._consecutive += 1
        self._judge(now)

    def late(self, now: float, generation: int) -> None:
        """Note, once per attempt and while it still runs, that it takes far longer than is usual."""
        if generation != self.generation or self._state.name != CLOSED:
            return
        self._window.add(now, calls=1, slows=1)
        self._consecutive += 1
        self._judge(now)

    def released(self, generation: int) -> None:
        """Note that an attempt ended without saying anything about the provider; a probe's place is free again."""
        if generation == self.generation and self._state.name == HALF_OPEN:
            self._lease_until = -math.inf

    def failing(self, now: float, share: float, minimum_calls: int) -> bool:
        """Whether it failed at least this share of enough calls in the window."""
        window = self._window
        if not window.failures:
            return False
        window.add(now)
        return window.calls >= minimum_calls and window.failures >= share * window.calls

    @property
    def decides(self) -> bool:
        """Whether it does: no operator holds it."""
        return self._override is None

    def own_rest_left_s(self, now: float) -> float:
        """Return the seconds left of a rest that this breaker's own evidence began; 0 if there is none."""
        resting = self.decides and self._own_word and self._state.name == OPEN
        return max(0.0, self._open_until - now) if resting else 0.0

    def adopt_rest(self, now: float, left_s: float) -> None:
        """Open on another worker's word. That is worth a first rest at most: then this one finds out for itself."""
        if self.decides and self._state.name == CLOSED and left_s > 0.0:
            self._rest(now, min(left_s, self._options.open_s))
            self._own_word = False

    def adopt_recovery(self, now: float) -> None:
        """Take another worker's word that the provider is well: the next call may probe it."""
        if self.decides and self._state.name == OPEN:
            self._open_until = min(self._open_until, now)

    def _judge(self, now: float) -> None:
        if self._override is not None or self._state.name != CLOSED:
            return
        options, window = self._options, self._window
        enough = window.calls >= options.minimum_calls
        if (enough and window.failures >= options.failure_rate * window.calls) or (
            not self._alone
            and (
                (enough and window.slows >= options.slow_rate * window.calls)
                or self._consecutive >= options.consecutive_failures
            )
        ):
            self._open(now)

    def _probed(self, now: float, *, passed: bool) -> None:
        self._lease_until = -math.inf
        if not passed:
            self._open(now)
            return
        self._probes_passed += 1
        if self._probes_passed >= self._options.probes_to_close:
            self._close(now)

    def _open(self, now: float) -> None:
        options = self._options
        rest_s = min(options.open_s * options.open_growth**self._trips, options.open_max_s)
        # An outage of days must not run into a float's limits.
        if rest_s < options.open_max_s:
            self._trips += 1
        self._own_word = True
        self._rest(now, rest_s)

    def _rest(self, now: float, rest_s: float) -> None:
        self._rest_s = rest_s * (1.0 + _JITTER * self._rng.random())
        self._open_until = now + self._rest_s
        self._probes_passed = 0
        self.generation += 1
        self._state.change(OPEN)

    def _close(self, now: float) -> None:
        self._window.clear()
        self._consecutive = 0
        self._probes_passed = 0
        self._closed_at = now
        self._ramp_credit = 0.0
        self.generation += 1
        self._state.change(CLOSED)
