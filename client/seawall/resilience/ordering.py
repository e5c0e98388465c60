"""Whom a call would rather ask: the listed order, shares or prices, with those that do clearly worse behind."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence

from seawall.resilience.order_options import OrderOptions
from seawall.resilience.provider import Provider


class Ordering:
    """The order for each call. With the default options it is the same tuple every time, and costs nothing."""

    __slots__ = ("_by_preference", "_minimum_calls", "_options", "_rng")

    def __init__(
        self, options: OrderOptions, providers: Sequence[Provider], minimum_calls: int, rng: random.Random
    ) -> None:
        self._options = options
        self._minimum_calls = minimum_calls
        self._rng = rng
        self._by_preference = tuple(sorted(providers, key=_price) if options.by == "cost" else providers)

    def of_call(self, now: float, tags: frozenset[str], *, stream: bool) -> tuple[Provider, ...]:
        """Return those that have all the tags, most wanted first; none if nobody has them."""
        providers = self._by_preference
        if tags:
            providers = tuple(p for p in providers if tags.issubset(p.traits.tags))
        options = self._options
        if options.by == "weight" and len(providers) > 1:
            providers = tuple(sorted(providers, key=self._draw))
        if options.failing_share < 1.0 and len(providers) > 1:
            providers = tuple(sorted(providers, key=lambda p: self._fails(p, now)))
        if options.slower_factor is not None and len(providers) > 1:
            usual = {p.index: _usual_s(p, now, stream=stream) for p in providers}
            limit_s = min(usual.values()) * options.slower_factor
            providers = tuple(sorted(providers, key=lambda p: limit_s < usual[p.index] < math.inf))
        return providers

    def _draw(self, provider: Provider) -> float:
        # Exponential clocks: the first to ring is provider p with probability weight(p) / sum of weights.
        weight = provider.traits.weight
        return self._rng.expovariate(weight) if weight > 0.0 else math.inf

    def _fails(self, provider: Provider, now: float) -> bool:
        return provider.breaker.failing(now, self._options.failing_share, self._minimum_calls)


def _price(provider: Provider) -> float:
    traits = provider.traits
    if traits.input_price is None or traits.output_price is None:
        return math.inf
    return traits.input_price + traits.output_price


def _usual_s(provider: Provider, now: float, *, stream: bool) -> float:
    usual_s = (provider.first_token if stream else provider.answer).usual_s(now)
    return math.inf if usual_s is None else usual_s
