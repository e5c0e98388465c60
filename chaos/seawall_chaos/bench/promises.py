"""What the state machine promises of crowds, counted in virtual time: probes while half-open, and callers who leave."""

from __future__ import annotations

import random

from seawall.resilience.actions import StartAttempt, StartProbe
from seawall.resilience.call import Call
from seawall.resilience.failures import Failure, FailureKind
from seawall.resilience.fleet import Fleet
from seawall.trace import CallContext
from seawall_chaos.bench.figures import ScaleRow

CROWD = 50
CANCELLATIONS = 10_000
_DOWN = Failure(kind=FailureKind.OVERLOADED, http_status=503)
_LONG_S = 3600.0


def measure_promises() -> list[ScaleRow]:
    """The rows for half-open breakers and for cancellation."""
    probes, wedged = _half_open()
    changed, left = _cancellations()
    return [
        _row(f"half-open, {CROWD} calls at once: attempts at the recovering provider", probes, 1),
        _row("half-open, its probe's caller left: providers that nobody may try again", wedged, 0),
        _row(f"{CANCELLATIONS:,} cancellations: breakers that are not closed", changed, 0),
        _row(f"{CANCELLATIONS:,} cancellations: permits that were not given back", left, 0),
    ]


def _row(what: str, measured: float, bound: float) -> ScaleRow:
    return ScaleRow(what=what, measured=measured, relation="at_most", bound=bound)


def _fleet(seed: int) -> Fleet:
    return Fleet([(name, name) for name in ("alpha", "beta", "gamma")], rng=random.Random(seed))  # noqa: S311


def _call(fleet: Fleet, number: int) -> Call:
    return Call(fleet, CallContext(call_id=f"call-{number}", stream=False, deadline_s=30.0))


def _half_open() -> tuple[int, int]:
    """Attempts at a provider whose rest is over, of calls that come at once; and whether it is lost with its probe."""
    fleet = _fleet(1)
    alpha = fleet.provider("alpha")
    now, number = 0.0, 0
    while alpha.breaker.state == "closed":
        call = _call(fleet, number)
        call.start(now)
        call.attempt_failed(now, 1, _DOWN)
        call.cancelled(now)
        number += 1
    now = alpha.breaker.admissible_at(now)
    tried = 0
    probes: list[StartProbe] = []
    for each in range(CROWD):
        for action in _call(fleet, number + each).start(now):
            tried += isinstance(action, StartProbe)
            tried += isinstance(action, StartAttempt) and action.provider == "alpha"
            if isinstance(action, StartProbe):
                probes.append(action)
    for probe in probes:
        probe.attempt.released()
    return tried, int(alpha.breaker.admissible_at(now + _LONG_S) > now + _LONG_S)


def _cancellations() -> tuple[int, int]:
    """Breakers and permits after callers left at random moments of their calls."""
    fleet, rng = _fleet(2), random.Random(2)  # noqa: S311 - a repeatable draw, not a secret
    now = 0.0
    for number in range(CANCELLATIONS):
        call = _call(fleet, number)
        call.start(now)
        if rng.random() < 0.5:  # noqa: PLR2004 - every other one
            call.response_head(now, 1, 200)
        now += rng.random() * 0.02
        call.cancelled(now)
    changed = sum(provider.breaker.state != "closed" for provider in fleet.providers)
    return changed, sum(provider.permits.in_use for provider in fleet.providers)
