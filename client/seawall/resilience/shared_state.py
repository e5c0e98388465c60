"""What workers tell each other of providers: who rests, for how long, and who is well again.

Every decision stays local and is made at once. What a worker has found out itself it says; what others say it
takes as a hint that may be late, wrong or a lie: it shortens nothing that this worker knows, it is worth a first
rest at most, and nothing it says keeps a call from a provider when there is no other to ask.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from seawall.resilience.breaker_state import CLOSED
from seawall.resilience.fleet import Fleet
from seawall.resilience.provider import Provider

_NEWER_S = 0.5
"""A rest that ends no later than this after one already heard of is the same rest, told again."""


class Word(msgspec.Struct, frozen=True):
    """What is said of one provider and model; seconds from now, 0 for no rest.

    Attributes:
        breaker_rest_s: left of the rest that a breaker gives it.
        limit_rest_s: left of the rest that it asked for itself (rate limits).
    """

    breaker_rest_s: float = 0.0
    limit_rest_s: float = 0.0


class News(msgspec.Struct, frozen=True):
    """What to tell the others. `recovered`: a probe of this worker's was answered, so no rest is called for."""

    subject: str
    word: Word
    recovered: bool = False


class SharedState:
    """One worker's side of the exchange. No I/O: words in, news out, with the time handed in."""

    __slots__ = ("_heard_until", "_providers", "_was_resting")

    def __init__(self, fleet: Fleet) -> None:
        self._providers = {f"{provider.name}/{provider.model}": provider for provider in fleet.providers}
        self._heard_until = dict.fromkeys(self._providers, 0.0)
        self._was_resting = dict.fromkeys(self._providers, False)

    @property
    def subjects(self) -> Sequence[str]:
        """The names under which workers speak of providers: `name/model`."""
        return tuple(self._providers)

    def hear(self, now: float, words: Mapping[str, Word]) -> None:
        """Adopt what others say."""
        for subject, word in words.items():
            provider = self._providers[subject]
            self._hear_of_breaker(now, subject, provider, word.breaker_rest_s)
            provider.rate_limit.adopt_rest(now, word.limit_rest_s)

    def _hear_of_breaker(self, now: float, subject: str, provider: Provider, left_s: float) -> None:
        heard_until = self._heard_until[subject]
        if left_s > 0.0:
            if now + left_s > heard_until + _NEWER_S:
                provider.breaker.adopt_rest(now, left_s)
            self._heard_until[subject] = max(heard_until, now + left_s)
        elif now < heard_until - _NEWER_S:
            # The rest was taken back before its end: somebody was answered.
            provider.breaker.adopt_recovery(now)
            self._heard_until[subject] = now

    def news(self, now: float, heard: Mapping[str, Word]) -> Sequence[News]:
        """Return what the others do not know yet, given what was heard last."""
        found: list[News] = []
        for subject, provider in self._providers.items():
            known = heard.get(subject, Word())
            word = Word(
                breaker_rest_s=provider.breaker.own_rest_left_s(now),
                limit_rest_s=provider.rate_limit.own_rest_left_s(now),
            )
            breaker = provider.breaker
            recovered = self._was_resting[subject] and breaker.state == CLOSED and breaker.decides
            self._was_resting[subject] = breaker.state != CLOSED and breaker.decides
            longer = (
                word.breaker_rest_s > known.breaker_rest_s + _NEWER_S
                or word.limit_rest_s > known.limit_rest_s + _NEWER_S
            )
            if longer or recovered:
                found.append(News(subject, word, recovered))
                if word.breaker_rest_s:
                    self._heard_until[subject] = max(self._heard_until[subject], now + word.breaker_rest_s)
        return found
