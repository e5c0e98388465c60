"""Whom a call may ask next: the healthy not yet asked, the recovering, the doubtful, then those asked before."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from seawall.resilience.fleet import Fleet
from seawall.resilience.provider import Provider
from seawall.trace import SkippedProvider

_POLL_MIN_S = 0.05
_POLL_MAX_S = 1.0


class Candidates:
    """The fleet as one call sees it. `bypass`: the call ignores breakers and rests, and counts for neither.

    `in_line`: it waits for a permit.
    """

    __slots__ = (
        "_asked",
        "_barred",
        "_busy",
        "_fleet",
        "_full",
        "_providers",
        "_skipped",
        "_tries",
        "bypass",
        "in_line",
        "on_permit",
        "recovering",
    )

    def __init__(self, fleet: Fleet, *, bypass: bool) -> None:
        self._fleet = fleet
        self._tries = [0] * len(fleet.providers)
        self._providers = fleet.providers
        self._asked = 0
        self._barred = 0
        self._busy = 0
        self._full: list[Provider] = []
        self.in_line = False
        self._skipped: dict[int, tuple[str, float]] | None = None
        self.bypass = bypass
        self.on_permit: Callable[[], None] | None = None
        self.recovering: Provider | None = None

    def arrange(self, now: float, tags: frozenset[str], *, stream: bool) -> bool:
        """Put providers in this call's order; only those with all the tags are ever asked. False: there is none."""
        self._providers = self._fleet.ordering.of_call(now, tags, stream=stream)
        return bool(self._providers)

    def prefer_prefill(self) -> None:
        """From now on put those first that can go on from a text given to them."""
        self._providers = tuple(sorted(self._providers, key=lambda p: not p.traits.prefill))

    def asked(self, provider: Provider) -> None:
        """Note that an attempt begins."""
        bit = 1 << provider.index
        self._tries[provider.index] += 1
        self._busy |= bit
        self._asked |= bit
        if self.in_line:
            self.leave_line()

    def ended(self, provider: Provider, *, bar: bool = False, unheard: bool = False) -> None:
        """Note that an attempt ended.

        `bar`: this call must not ask the provider again. `unheard`: it was cancelled for another's sake, so it
        may take over like one never asked, should that other break off.
        """
        bit = 1 << provider.index
        self._busy &= ~bit
        self._tries[provider.index] -= unheard
        if bar:
            self._barred |= bit

    def fresh(self, now: float) -> Provider | None:
        """Return the most preferred provider not yet asked that may be asked now without probing.

        Leaves the first one that wants a probe in `recovering`.
        """
        self.recovering = None
        self._full.clear()
        spared: Provider | None = None
        for provider in self._providers:
            if self._tries[provider.index]:
                continue
            if self.bypass:
                return provider
            at = provider.admissible_at(now)
            breaker = provider.breaker
            if at > now:
                self._skip(provider, provider.unavailable_because(now), at)
            elif not provider.permits.open_to(now, self):
                self._skip(provider, provider.permits.described, math.inf)
                self._full.append(provider)
            elif breaker.wants_probe:
                self._skip(provider, "recovering", math.inf)
                self.recovering = self.recovering or provider
            elif not breaker.takes(now):
                self._skip(provider, "recovered, its traffic returns by a ramp", math.inf)
                spared = spared or provider
            else:
                return provider
        return spared

    def spare(self, now: float) -> Provider | None:
        """Return a provider not yet asked that would be left alone if there were any other to ask.

        One of whose limit nothing seems to be left is a better guess than one whose breaker is open.
        """
        spares = [
            provider
            for provider in self._providers
            if not self._tries[provider.index]
            and provider.last_resort_at(now) <= now
            and provider.permits.open_to(now, self)
        ]
        return min(spares, key=lambda provider: provider.breaker.wants_probe, default=None)

    def line_up(self, now: float) -> bool:
        """Wait for those that are only full. False where there is none, or no room left in any line."""
        if not self._full:
            self.leave_line()
        for provider in self._full:
            if provider.permits.line_up(now, self, _usual_s(provider, now)):
                self.in_line = True
        return self.in_line

    def leave_line(self) -> None:
        """Wait for no permit any longer."""
        if self.in_line:
            self.in_line = False
            self.on_permit = None
            for provider in self._providers:
                provider.permits.leave_line(self)

    def permit_free(self) -> None:
        """Note that it is this call's turn, so that it looks at once; without `on_permit` it does so in its time."""
        if self.on_permit is not None:
            self.on_permit()

    @property
    def full(self) -> Sequence[Provider]:
        """Those that were passed over by the last `fresh` for being full, and for nothing else."""
        return self._full

    def more_after(self, provider: Provider, now: float) -> bool:
        """Whether yet another provider, not yet asked, could take the call."""
        tries = self._tries
        for other in self._providers:
            if not tries[other.index] and other is not provider and other.admissible_at(now) <= now:
                return True
        return False

    def again(self, now: float) -> Provider | None:
        """Return the provider to ask again now: the one asked least often, in order of preference."""
        may = [
            p
            for p in self._repeatable()
            if self.bypass or (p.last_resort_at(now) <= now and p.permits.open_to(now, self))
        ]
        return min(may, key=lambda p: self._tries[p.index], default=None)

    def again_at(self, now: float) -> float:
        """Return when a provider may be asked again, as far as the fleet is concerned."""
        return min((self._admissible_at(p, now) for p in self._repeatable()), default=math.inf)

    def fresh_at(self, now: float) -> float:
        """Return when a provider that has not been asked may be."""
        return min(
            (self._fresh_at(p, now) for p in self._providers if not self._tries[p.index]),
            default=math.inf,
        )

    def _fresh_at(self, provider: Provider, now: float) -> float:
        if provider in self._full:
            return provider.permits.looks_at(self)
        if self.in_line:
            # Whoever has somebody to wait for takes no last resort.
            return max(provider.admissible_at(now), now + _POLL_MIN_S)
        return self._admissible_at(provider, now)

    def skipped(self, started: float) -> tuple[SkippedProvider, ...]:
        """Return the providers never asked, with the last reason why; times count from `started`."""
        if self._skipped is None:
            return ()
        providers = self._fleet.providers
        return tuple(
            SkippedProvider(
                provider=providers[index].name,
                model=providers[index].model,
                why=why,
                until_s=None if until == math.inf else until - started,
            )
            for index, (why, until) in self._skipped.items()
            if not self._asked >> index & 1
        )

    def _repeatable(self) -> list[Provider]:
        limit = self._fleet.retry_policy.attempts_per_provider
        shut = self._barred | self._busy
        return [p for p in self._providers if 0 < self._tries[p.index] < limit and not shut >> p.index & 1]

    def _admissible_at(self, provider: Provider, now: float) -> float:
        if self.bypass:
            return now
        at = provider.last_resort_at(now)
        if at <= now and not provider.permits.open_to(now, self):
            return now + _POLL_MIN_S
        # A probe or trial of another call may end well at any moment, and nobody tells those who wait for it.
        if at > now and provider.held_by_attempt(now):
            return min(at, now + min(max(_usual_s(provider, now) or 0.0, _POLL_MIN_S), _POLL_MAX_S))
        return at

    def _skip(self, provider: Provider, why: str, until: float) -> None:
        if self._skipped is None:
            self._skipped = {}
        self._skipped[provider.index] = (why, until)


def _usual_s(provider: Provider, now: float) -> float | None:
    return provider.answer.usual_s(now) or provider.first_token.usual_s(now)
