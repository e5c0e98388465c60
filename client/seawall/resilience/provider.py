"""What all calls know together of one provider and model."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TYPE_CHECKING

from seawall.resilience.breaker import Breaker
from seawall.resilience.concurrency import FleetPermits, Permits
from seawall.resilience.latency import LatencyDigest
from seawall.resilience.options import PolicyOptions
from seawall.resilience.rate_limits import RateLimit
from seawall.resilience.traits import ProviderTraits

if TYPE_CHECKING:
    from pybreaker import CircuitBreakerListener

_SHARED = ("breaker", "rate_limit", "permits", "first_token", "answer", "gap")
"""What outlives a change of settings. Each of these has `take_options_of`."""


class Provider:
    """A provider as the core sees it: a name, its breaker, its rest, its permits, and how long it usually takes."""

    __slots__ = (
        "answer",
        "breaker",
        "first_token",
        "gap",
        "index",
        "model",
        "name",
        "permits",
        "rate_limit",
        "traits",
    )

    def __init__(
        self,
        name: str,
        model: str,
        index: int,
        options: PolicyOptions,
        *,
        rng: random.Random,
        alone: bool,
        fleet_permits: FleetPermits,
        traits: ProviderTraits,
        listeners: Sequence[CircuitBreakerListener] = (),
    ) -> None:
        hedging = options.hedging
        self.name = name
        self.model = model
        self.index = index
        self.traits = traits
        self.permits = Permits(
            options.concurrency, traits.max_concurrent or options.concurrency.per_provider, fleet_permits
        )
        self.breaker = Breaker(f"{name}/{model}", options.breaker, rng=rng, alone=alone, listeners=listeners)
        self.rate_limit = RateLimit(options.rate_limits)
        # To the first token of a stream, to a whole answer, and the longest silence inside a stream.
        self.first_token, self.answer, self.gap = (
            LatencyDigest(
                quantile=hedging.quantile, samples_min=hedging.samples_min, memory_s=hedging.memory_s
            )
            for _ in range(3)
        )

    def inherit(self, former: Provider) -> None:
        """Share what is known of the same provider under former options; from now on these options hold for it."""
        for part in _SHARED:
            kept = getattr(former, part)
            kept.take_options_of(getattr(self, part))
            setattr(self, part, kept)

    def admissible_at(self, now: float) -> float:
        """Return when it may be asked: not after `now` means at once."""
        return max(self.breaker.admissible_at(now), self.rate_limit.admissible_at(now))

    def last_resort_at(self, now: float) -> float:
        """Return when a caller who has nobody else to ask may ask it."""
        return max(self.rate_limit.last_resort_at(now), self.breaker.last_resort_at(now))

    def held_by_attempt(self, now: float) -> bool:
        """Whether nothing stands in the way but another call's probe or trial, which may end at any moment."""
        breaker = self.breaker
        return self.rate_limit.until <= now and (
            breaker.state == "half-open" or breaker.admissible_at(now) <= now
        )

    def unavailable_because(self, now: float) -> str:
        """Say why it may not be asked now."""
        if (why := self.rate_limit.resting_because(now)) is not None:
            return why
        return "probe under way" if self.breaker.state == "half-open" else "circuit breaker open"
