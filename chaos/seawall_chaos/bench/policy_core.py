"""What Seawall's decisions cost by themselves: whole calls through its machine, in virtual time and without I/O."""

from __future__ import annotations

import random
import time

from seawall.resilience.call import Call
from seawall.resilience.fleet import Fleet
from seawall.trace import CallContext

WARM_UP_CALLS = 2_000
CALLS = 20_000
ANSWER_S = 0.05


def measure(calls: int) -> float:
    """CPU time of a call that its first provider answers, in microseconds; policies as they come."""
    fleet = Fleet([(name, "m") for name in ("alpha", "beta", "gamma")], rng=random.SystemRandom())
    answer(fleet, WARM_UP_CALLS, 0.0)
    before = time.process_time()
    answer(fleet, calls, WARM_UP_CALLS * ANSWER_S)
    return 1e6 * (time.process_time() - before) / calls


def answer(fleet: Fleet, calls: int, now: float) -> None:
    """Calls one after the other, each with everything that its machine is told and asked."""
    for number in range(calls):
        call = Call(fleet, CallContext(call_id=f"call-{number}", stream=False, deadline_s=30.0))
        call.start(now)
        call.response_head(now, 1, 200)
        now += ANSWER_S
        call.attempt_succeeded(now, 1)
        if not call.over:
            raise RuntimeError("the machine did not end a call that was answered")


if __name__ == "__main__":
    print(measure(CALLS))  # noqa: T201
