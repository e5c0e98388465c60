"""Any interleaving of answers, failures, tokens, timers, pauses and cancellations keeps the machine's promises."""

import itertools
import random

import msgspec
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from seawall.resilience.actions import (
    CancelAttempt,
    Deliver,
    DeliverRestart,
    Fail,
    Finish,
    StartAttempt,
    StartProbe,
    WakeAt,
)
from seawall.resilience.breaker_options import BreakerOptions
from seawall.resilience.budget import RetryBudgetOptions, TokenBucket
from seawall.resilience.call import Call
from seawall.resilience.concurrency import ConcurrencyOptions
from seawall.resilience.failures import Failure, FailureKind
from seawall.resilience.fleet import Fleet
from seawall.resilience.hedging import HedgingOptions
from seawall.resilience.options import PolicyOptions
from seawall.resilience.probe import Probe
from seawall.resilience.rate_limits import RateWindow
from seawall.resilience.streaming import StreamingOptions
from seawall.resilience.traits import ProviderTraits
from seawall.trace import CallContext

KINDS = sorted(set(FailureKind) - {FailureKind.CANCELLED, FailureKind.TIMEOUT_TOTAL})
OPTIONS = PolicyOptions(
    retry_budget=RetryBudgetOptions(capacity=3.0, floor_per_s=0.2, success_share=0.1),
    breaker=BreakerOptions(open_s=0.5, probe_lease_s=2.0, ramp_s=1.0, minimum_calls=4),
    hedging=HedgingOptions(cold_delay_s=0.5, cold_stall_s=0.5),
    concurrency=ConcurrencyOptions(per_provider=2, in_all=5, queue_max=2, adaptive=True, adaptive_min=1),
)
TRAITS = {
    "alpha": ProviderTraits(tags=("eu", "fast")),
    "beta": ProviderTraits(tags=("eu",), max_concurrent=3, prefill=True),
    "gamma": ProviderTraits(),
}


class CountedBucket(TokenBucket):
    """A bucket that knows what was taken out and given back."""

    def __init__(self, **options):
        super().__init__(**options)
        self.spent = self.given_back = 0

    def spend(self, now):
        spent = super().spend(now)
        self.spent += spent
        return spent

    def earn(self, amount):
        self.given_back += amount == 1.0
        super().earn(amount)


class Driven:
    """What a driver would hold of one call, and what the test holds against it."""

    def __init__(self, machine, deadline, hard, tags=frozenset()):
        self.machine = machine
        self.tags = tags
        self.told = False
        self.deadline = deadline  # None once a stream flows that no caller's deadline cuts
        self.hard = hard
        self.wake = None
        self.running = {}
        self.going_on = set()
        self.finals = 0
        self.committed = None


class Calls(RuleBasedStateMachine):
    """Several calls at once on one fleet, in arbitrary order of events; timers always fire on time."""

    streaming = StreamingOptions()

    def __init__(self):
        super().__init__()
        self.fleet = Fleet(
            [(name, "m") for name in TRAITS],
            msgspec.structs.replace(OPTIONS, streaming=self.streaming),
            rng=random.Random(0),
            traits=TRAITS,
        )
        budget = OPTIONS.retry_budget
        self.budget = CountedBucket(per_s=budget.floor_per_s, capacity=budget.capacity)
        self.fleet.retry_budget = self.budget
        self.now = 100.0
        self.began = self.now
        self.calls = []
        self.ids = itertools.count()
        self.successes = 0
        self.retries = 0
        self.leased_at = {}
        self.probing = {}

    # What the world does

    @precondition(lambda self: len(self.calls) < 6)
    @rule(
        stream=st.booleans(),
        hard=st.booleans(),
        deadline_s=st.sampled_from([0.05, 1.0, 20.0]),
        bypass=st.sampled_from([False] * 5 + [True]),
        tags=st.sampled_from([(), (), ("eu",), ("eu", "fast")]).map(frozenset),
    )
    def start(self, stream, hard, deadline_s, bypass, tags):
        context = CallContext(call_id=str(next(self.ids)), stream=stream, deadline_s=deadline_s)
        machine = Call(self.fleet, context, cut_stream=hard, bypass_breakers=bypass, require_tags=tags)
        driven = Driven(machine, self.now + deadline_s, hard or not stream, tags)
        self.calls.append(driven)
        self.carry_out(driven, machine.start(self.now))

    @rule(delay=st.sampled_from([0.0, 0.01, 0.2, 1.0, 7.0]))
    def time_passes(self, delay):
        """Time goes on; each timer fires when it was asked for, none later."""
        until = self.now + delay
        while True:
            due = [d for d in self.calls if d.wake is not None and d.wake <= until]
            if not due:
                break
            driven = min(due, key=lambda d: d.wake)
            self.now = max(self.now, driven.wake)
            driven.wake = None
            self.carry_out(driven, driven.machine.timer(self.now))
        self.now = until

    def attempt(self, data):
        choices = [(d, n) for d in self.calls for n in d.running]
        return data.draw(st.sampled_from(choices)) if choices else (None, None)

    @rule(data=st.data())
    def attempt_answers(self, data):
        driven, number = self.attempt(data)
        if driven is None:
            return
        self.over(driven, number)
        self.successes += 1
        self.carry_out(driven, driven.machine.attempt_succeeded(self.now, number))

    @rule(
        data=st.data(),
        kind=st.sampled_from(KINDS),
        retry_after_s=st.sampled_from([None, 0.0, 0.3, 1e6, -5.0]),
    )
    def attempt_fails(self, data, kind, retry_after_s):
        driven, number = self.attempt(data)
        if driven is None:
            return
        self.over(driven, number)
        failure = Failure(kind=kind, retry_after_s=retry_after_s)
        if number == driven.committed and not driven.hard:
            driven.deadline = self.now + driven.machine._ledger.context.deadline_s
        self.carry_out(driven, driven.machine.attempt_failed(self.now, number, failure))

    @rule(data=st.data(), what=st.sampled_from(["token", "progress", "ping"]))
    def attempt_shows_life(self, data, what):
        driven, number = self.attempt(data)
        if driven is None or not driven.machine._stream:
            return
        self.carry_out(driven, getattr(driven.machine, what)(self.now, number) or ())

    @rule(data=st.data())
    def attempt_begins_a_tool_call(self, data):
        driven, number = self.attempt(data)
        if driven is not None and driven.machine._stream:
            driven.machine.tool_begun(number)
            self.carry_out(driven, driven.machine.token(self.now, number))

    @rule(
        data=st.data(),
        requests_left=st.sampled_from([None, 0, 1, 3]),
        tokens_left=st.sampled_from([None, 0, 500]),
        reset_s=st.sampled_from([0.01, 1.0, 1e7]),
    )
    def head_arrives(self, data, requests_left, tokens_left, reset_s):
        """Its headers may say anything of the limits."""
        driven, number = self.attempt(data)
        if driven is not None:
            window = RateWindow(requests_left, reset_s, tokens_left, reset_s)
            assert driven.machine.response_head(self.now, number, 200, window) is None

    @rule(data=st.data())
    def turn_comes(self, data):
        """A call that was told of a free permit looks, now or too late."""
        told = [driven for driven in self.calls if driven.told]
        if told:
            driven = data.draw(st.sampled_from(told))
            driven.told = False
            self.carry_out(driven, driven.machine.permit_free(self.now))

    @rule(data=st.data())
    def consumer_resumes(self, data):
        if self.calls:
            driven = data.draw(st.sampled_from(self.calls))
            driven.wake = None
            self.carry_out(driven, driven.machine.resumed(self.now))

    @rule(data=st.data())
    def caller_leaves(self, data):
        if not self.calls:
            return
        driven = data.draw(st.sampled_from(self.calls))
        before = [
            (p.breaker.state, p.breaker._window.calls, p.breaker._consecutive) for p in self.fleet.providers
        ]
        self.carry_out(driven, driven.machine.cancelled(self.now))
        after = [
            (p.breaker.state, p.breaker._window.calls, p.breaker._consecutive) for p in self.fleet.providers
        ]
        assert before == after, "a cancellation was counted"
        assert not driven.running, "an attempt outlived its caller"
        self.calls.remove(driven)

    @rule(data=st.data(), event=st.sampled_from(["attempt_succeeded", "token", "progress", "ping"]))
    def late_news(self, data, event):
        """Events about attempts that ended or never were do nothing."""
        if self.calls:
            driven = data.draw(st.sampled_from(self.calls))
            assert not getattr(driven.machine, event)(self.now, 99)

    # What must hold

    def over(self, driven, number):
        name, why = driven.running.pop(number)
        if why == "probe":
            self.probing[name].discard((id(driven), number))

    def carry_out(self, driven, actions):
        for action in actions:
            assert driven.finals == 0, "an action after the final one"
            match action:
                case StartAttempt():
                    assert self.now < driven.deadline, "an attempt began at or after the deadline"
                    driven.running[action.number] = (action.provider, action.why)
                    has = TRAITS[action.provider].tags
                    assert driven.tags.issubset(has), "a call was sent where it must not go"
                    self.retries += action.why == "retry"
                    if action.why == "continue":
                        driven.going_on.add(action.number)
                    if action.why == "probe":
                        self.lease(driven, action)
                case CancelAttempt():
                    self.over(driven, action.number)
                case WakeAt():
                    self.wake_at(driven, action.at)
                case StartProbe():
                    probe = Driven(
                        Probe(self.fleet, driven.machine._ledger.context, action.attempt, self.now),
                        1e9,
                        hard=False,
                        tags=driven.tags,
                    )
                    self.calls.append(probe)
                    self.carry_out(probe, probe.machine.start(self.now))
                case DeliverRestart():
                    driven.committed = None
                case Deliver():
                    self.deliver(driven, action.number)
                case Finish() | Fail():
                    driven.finals += 1
        if driven.finals:
            assert driven.machine.over
            assert not driven.running, "an attempt outlived its call"
            assert driven.machine.trace.duration_s >= 0

    def deliver(self, driven, number):
        assert number in driven.running or driven.machine.over
        assert number in driven.going_on or driven.committed in {None, number}, "two texts in one"
        driven.committed = number
        if not driven.hard:
            driven.deadline = 1e9

    def wake_at(self, driven, at):
        driven.wake = at
        if driven.machine.in_line:
            driven.machine.on_permit(lambda: setattr(driven, "told", True))

    def lease(self, driven, action):
        probing = self.probing.setdefault(action.provider, set())
        expired = OPTIONS.breaker.probe_lease_s
        for other in list(probing):
            if self.leased_at[other] + expired <= self.now:
                probing.discard(other)
        assert not probing, "two probes of one provider at once"
        probing.add((id(driven), action.number))
        self.leased_at[(id(driven), action.number)] = self.now

    @invariant()
    def deadlines_hold(self):
        for driven in self.calls:
            if not driven.machine.over:
                assert self.now < driven.deadline or (self.now == driven.deadline and driven.wake is not None)
                assert driven.wake is not None, "a call that nothing will wake"

    @invariant()
    def budgets_are_never_overdrawn(self):
        options, net = OPTIONS.retry_budget, self.budget.spent - self.budget.given_back
        earned = options.floor_per_s * (self.now - self.began) + options.success_share * self.successes
        assert 0 <= self.budget.tokens(self.now) <= options.capacity
        assert net <= options.capacity + earned + 1e-9
        assert self.retries <= net, "a retry that nobody paid for"
        assert self.fleet.hedge_budget.tokens(self.now) >= 0

    @invariant()
    def permits_are_conserved(self):
        """As many are held as attempts run, and nobody stands in line who is gone."""
        running = [name for driven in self.calls for name, _ in driven.running.values()]
        waiting = {driven.machine._candidates for driven in self.calls if driven.machine.in_line}
        for provider in self.fleet.providers:
            assert provider.permits.in_use == running.count(provider.name)
            assert set(provider.permits._line) <= waiting
        assert self.fleet.permits.in_use == len(running)

    @invariant()
    def ended_calls_are_let_go(self):
        self.calls = [d for d in self.calls if not d.machine.over]


class ContinuedCalls(Calls):
    """The same with a commit window, and streams that are gone on from where they broke off."""

    streaming = StreamingOptions(on_midstream_failure="continue", buffer_tokens=1, buffer_s=0.1)


TestCalls = Calls.TestCase
TestCalls.settings = settings(
    max_examples=120, stateful_step_count=60, deadline=None, suppress_health_check=list(HealthCheck)
)
TestContinuedCalls = ContinuedCalls.TestCase
TestContinuedCalls.settings = settings(
    max_examples=80, stateful_step_count=60, deadline=None, suppress_health_check=list(HealthCheck)
)
