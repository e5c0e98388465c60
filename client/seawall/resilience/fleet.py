"""What calls share: providers in order of preference, budgets, policies and one source of randomness."""

from __future__ import annotations

import random
from collections.abc import Container, Mapping, Sequence
from typing import TYPE_CHECKING

from seawall.resilience.budget import TokenBucket
from seawall.resilience.concurrency import FleetPermits
from seawall.resilience.options import PolicyOptions
from seawall.resilience.ordering import Ordering
from seawall.resilience.provider import Provider
from seawall.resilience.retry import RetryPolicy
from seawall.resilience.traits import ProviderTraits

if TYPE_CHECKING:
    from pybreaker import CircuitBreakerListener


class Fleet:
    """Shared by the calls of one client, read and written by their machines alone, on one thread.

    Args:
        models: pairs of provider name and model, in order of preference; names are unique.
        options: the policies.
        rng: every random draw of every call comes from here, so a seed repeats a run.
        breaker_listeners: told of each breaker's transitions.
        retry_policy: tenacity strategies of your own in place of those the options describe.
        traits: by provider name, where they are not the default ones.
    """

    __slots__ = (
        "_by_name",
        "hedge_budget",
        "options",
        "ordering",
        "permits",
        "providers",
        "retry_budget",
        "retry_policy",
        "rng",
    )

    def __init__(
        self,
        models: Sequence[tuple[str, str]],
        options: PolicyOptions | None = None,
        *,
        rng: random.Random,
        breaker_listeners: Sequence[CircuitBreakerListener] = (),
        retry_policy: RetryPolicy | None = None,
        traits: Mapping[str, ProviderTraits] | None = None,
    ) -> None:
        self.options = options = options or PolicyOptions()
        self.rng = rng
        self.permits = FleetPermits(options.concurrency.in_all)
        self.providers = tuple(
            Provider(
                name,
                model,
                index,
                options,
                rng=rng,
                alone=len(models) == 1,
                fleet_permits=self.permits,
                traits=(traits or {}).get(name) or ProviderTraits(),
                listeners=breaker_listeners,
            )
            for index, (name, model) in enumerate(models)
        )
        self._by_name = {provider.name: provider for provider in self.providers}
        if not self.providers or len(self._by_name) != len(self.providers):
            raise ValueError("a fleet needs at least one provider, and each name once")
        budget, hedging = options.retry_budget, options.hedging
        self.retry_budget = TokenBucket(per_s=budget.floor_per_s, capacity=budget.capacity)
        self.hedge_budget = TokenBucket(per_s=0.0, capacity=hedging.burst)
        self.ordering = Ordering(options.order, self.providers, options.breaker.minimum_calls, rng)
        self.retry_policy = retry_policy or RetryPolicy.from_options(options.retry)

    def inherit(self, former: Fleet, unchanged: Container[str]) -> None:
        """Share the budgets of the fleet before a change of options, and what it knows of `unchanged` providers.

        What an operator forced holds for a provider of the same name, changed or not.
        Calls of both fleets may then run side by side.
        """
        for part in ("retry_budget", "hedge_budget"):
            kept: TokenBucket = getattr(former, part)
            kept.take_options_of(getattr(self, part))
            setattr(self, part, kept)
        former.permits.limit = self.permits.limit
        self.permits = former.permits
        for provider in self.providers:
            provider.permits.count_in(self.permits)
            known = former._by_name.get(provider.name)
            if known is None:
                continue
            if known.model == provider.model and provider.name in unchanged:
                provider.inherit(known)
            elif known.breaker.forced is not None:
                provider.breaker.force(known.breaker.forced)

    def provider(self, name: str) -> Provider:
        """Return the provider of this name. Raises KeyError."""
        return self._by_name[name]
