"""How long an attempt is waited for: fixed limits, and what is usual for its provider."""

from __future__ import annotations

import math

from seawall.resilience.attempt import Attempt
from seawall.resilience.latency import LatencyDigest
from seawall.resilience.options import PolicyOptions


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
    provider = attempt.provider
    digest = provider.first_token if stream else provider.answer
    usual_s = digest.usual_s(now)
    attempt.late_after_s = _late_after_s(options, usual_s, first=True)
    attempt.late_at = now + attempt.late_after_s
    if hedge and options.hedging.enabled:
        attempt.hedge_at = now + _hedge_after_s(options, digest, usual_s, now)
    return min(timeouts.connect_s, limit_s)


def set_flowing(attempt: Attempt, now: float, options: PolicyOptions) -> None:
    """Set the times of an attempt that has shown progress: from now on silences count."""
    attempt.flowing = True
    attempt.timeout_at = math.inf
    usual_s = attempt.provider.gap.usual_s(now)
    attempt.late_after_s = _late_after_s(options, usual_s, first=False)
    attempt.hedge_after_s = (
        options.hedging.cold_stall_s if usual_s is None and options.hedging.enabled else math.inf
    )
    attempt.last_token_at = now
    attempt.alive(now)


def _late_after_s(options: PolicyOptions, usual_s: float | None, *, first: bool) -> float:
    breaker = options.breaker
    late_s = math.inf if usual_s is None else max(breaker.slow_min_s, breaker.slow_factor * usual_s)
    if first and breaker.slow_call_s is not None:
        late_s = min(late_s, breaker.slow_call_s)
    return late_s


def _hedge_after_s(options: PolicyOptions, digest: LatencyDigest, usual_s: float | None, now: float) -> float:
    if usual_s is not None:
        return max(options.hedging.delay_min_s, options.hedging.delay_factor * usual_s)
    longest_s = digest.longest_s(now)
    if longest_s is None:
        return options.hedging.cold_delay_s
    return max(options.breaker.slow_min_s, options.breaker.slow_factor * longest_s)
