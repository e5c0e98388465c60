"""How long an attempt is waited for: fixed limits, and what is usual for its provider."""

from __future__ import annotations

import math

from seawall.resilience.attempt import Attempt
from seawall.resilience.fleet import Fleet
from seawall.resilience.latency import LatencyDigest
from seawall.resilience.options import PolicyOptions
from seawall.resilience.provider import Provider

# A call that cannot be helped yet is looked at again when its wait has grown by this share.
_LOOK_AGAIN = 0.2
_LOOK_AGAIN_MIN_S = 0.01


def set_patience(
    attempt: Attempt, options: PolicyOptions, *, stream: bool, left_s: float, others: bool, hedge: bool
) -> float:
    """Set the times at which a new attempt is hedged, is late and is given up; return its time to connect.

    Args:
        attempt: it starts at `attempt.started`.
        options: the policies.
        stream: whether it is streamed.
        left_s: what is left of the call's deadline.
        others: whether another provider could still take the call, so that part of the time is kept for it.
        hedge: whether there is anybody to hedge with.
    """
    now, timeouts = attempt.started, options.timeouts
    limit_s = min(timeouts.first_token_s if stream else timeouts.answer_s, left_s)
    if others:
        limit_s = min(limit_s, left_s * timeouts.deadline_share)
    attempt.timeout_at = now + limit_s
    if timeouts.total_s is not None:
        attempt.total_at = now + timeouts.total_s
    digest = _digest(attempt.provider, stream=stream)
    usual_s = digest.usual_s(now)
    attempt.late_after_s = _late_after_s(options, usual_s, first=True)
    attempt.late_at = now + attempt.late_after_s
    if hedge and options.hedging.enabled:
        hedge_after_s = _hedge_after_s(options, digest, now)
        attempt.cold = hedge_after_s is None
        if hedge_after_s is None:
            hedge_after_s = min(options.hedging.cold_scout_s, options.hedging.cold_delay_s)
        attempt.hedge_at = now + hedge_after_s
    return min(timeouts.connect_s, limit_s)


def set_flowing(attempt: Attempt, now: float, options: PolicyOptions) -> None:
    """Set the times of an attempt that has shown progress: from now on silences count."""
    attempt.flowing = True
    attempt.flowing_since = min(attempt.flowing_since, now)
    attempt.timeout_at = math.inf
    gap = attempt.provider.gap
    usual_s = gap.usual_s(now)
    attempt.hedge_after_s = math.inf
    if usual_s is None:
        if attempt.first_token_at is not None:
            # That took a queue, a model's start and the whole prompt; the next tokens take none of these.
            usual_s = max(now - attempt.started, gap.longest_s(now) or 0.0)
        if options.hedging.enabled:
            attempt.hedge_after_s = options.hedging.cold_stall_s
    attempt.late_after_s = _late_after_s(options, usual_s, first=False)
    attempt.last_token_at = now
    attempt.alive(now)


def _late_after_s(options: PolicyOptions, usual_s: float | None, *, first: bool) -> float:
    breaker = options.breaker
    late_s = math.inf if usual_s is None else max(breaker.slow_min_s, breaker.slow_factor * usual_s)
    if first and breaker.slow_call_s is not None:
        late_s = min(late_s, breaker.slow_call_s)
    return late_s


def hedge_cold_at(attempt: Attempt, fleet: Fleet, now: float, *, stream: bool) -> float:
    """Return when to hedge an attempt of which nothing was known when it began, by what is known now.

    A time after `now` is one to look again. What may speak for it is, in this order: what others have meanwhile
    learnt of its provider, its age, that another provider would long have answered, or that nobody else finds
    out just now whether one would.
    """
    options, hedging = fleet.options, fleet.options.hedging
    digest = _digest(attempt.provider, stream=stream)
    known_s = _hedge_after_s(options, digest, now)
    if known_s is not None:
        attempt.cold = False
        return max(now, attempt.started + known_s)
    give_up_at = attempt.started + hedging.cold_delay_s
    if now >= give_up_at or attempt.outlives_trust:
        return now
    others = (_digest(other, stream=stream) for other in fleet.providers if other is not attempt.provider)
    needed_s = min(
        (s for d in others if (s := d.usual_s(now) or d.longest_s(now)) is not None), default=math.inf
    )
    scout_s = hedging.cold_scout_s
    if now >= attempt.started + max(scout_s, options.breaker.slow_factor * needed_s):
        return now
    if digest.scout(now, scout_s):
        return now
    return min(give_up_at, look_again_at(attempt, now))


def look_again_at(attempt: Attempt, now: float) -> float:
    """Return when to look again at an attempt for which nothing can be done now: breakers open, budgets fill."""
    silent_s = now - (attempt.last_life_at if attempt.flowing else attempt.started)
    return now + max(_LOOK_AGAIN_MIN_S, _LOOK_AGAIN * silent_s)


def _digest(provider: Provider, *, stream: bool) -> LatencyDigest:
    return provider.first_token if stream else provider.answer


def _hedge_after_s(options: PolicyOptions, digest: LatencyDigest, now: float) -> float | None:
    """Return how old an attempt is hedged by its provider's own latencies; None: there are none."""
    hedging, slow_factor = options.hedging, options.breaker.slow_factor
    usual_s = digest.usual_s(now)
    if usual_s is not None:
        return max(hedging.delay_min_s, hedging.delay_factor * usual_s)
    longest_s = digest.longest_s(now)
    return None if longest_s is None else max(options.breaker.slow_min_s, slow_factor * longest_s)
