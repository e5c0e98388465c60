"""Pieces for tests of the core: scripts of events and expected actions, and a world in virtual time."""

import heapq
import itertools
import random

import msgspec
import pytest

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
from seawall.resilience.call import Call
from seawall.resilience.failures import Failure, FailureKind
from seawall.resilience.fleet import Fleet
from seawall.resilience.options import PolicyOptions
from seawall.resilience.probe import Probe
from seawall.trace import CallContext

NAMES = ("alpha", "beta", "gamma")


def brief(action):
    """An action as a short tuple, for comparison."""
    match action:
        case StartAttempt():
            return ("start", action.number, action.provider, action.why)
        case CancelAttempt():
            return ("cancel", action.number)
        case WakeAt():
            return ("wake", round(action.at, 6))
        case Deliver():
            return ("deliver", action.number)
        case DeliverRestart():
            return ("restart", action.provider)
        case StartProbe():
            return ("probe", action.attempt.number, action.attempt.provider.name)
        case Finish():
            return ("finish", action.number)
        case Fail():
            return ("fail", type(action.error).__name__)


class Script:
    """One fleet and calls on it. Events are sent by name and time; actions come back brief, wakes left out.

    Scripts hedge at one and a half times the usual worst unless they say otherwise.
    """

    def __init__(self, names=NAMES, *, seed=0, **options):
        options["hedging"] = {"delay_factor": 1.5, **options.get("hedging", {})}
        self.options = msgspec.convert(options, PolicyOptions)
        self.fleet = Fleet([(name, f"{name}-1") for name in names], self.options, rng=random.Random(seed))
        self.ids = itertools.count()
        self.error = None
        self.wake = None
        self.probes = []

    def provider(self, name="alpha"):
        return self.fleet.provider(name)

    def call(self, *, stream=False, deadline_s=30.0, cut_stream=False, bypass_breakers=False):
        self.wake = None
        context = CallContext(call_id=f"call{next(self.ids)}", stream=stream, deadline_s=deadline_s)
        return Call(self.fleet, context, cut_stream=cut_stream, bypass_breakers=bypass_breakers)

    def send(self, call, event, now, *args, **kwargs):
        """Send an event; return what it causes."""
        result = []
        for action in getattr(call, event)(now, *args, **kwargs) or ():
            if isinstance(action, WakeAt):
                self.wake = action.at
                continue
            if isinstance(action, Fail):
                self.error = action.error
            if isinstance(action, StartProbe):
                self.probes.append(Probe(self.fleet, call._ledger.context, action.attempt, now))
            result.append(brief(action))
        return result

    def play(self, call, *rows):
        """Play rows of (time, event, *arguments, expected actions)."""
        for now, event, *args, expected in rows:
            assert self.send(call, event, now, *args) == expected, (now, event, args)

    def ask(self, now, *, answer_s=0.05, provider="alpha", **options):
        """A whole call that is answered after a while; returns it."""
        call = self.call(**options)
        (start, *_) = self.send(call, "start", now)
        assert start[2] == provider, start
        self.send(call, "attempt_succeeded", now + answer_s, 1)
        return call

    def fail(self, now, failure, *, provider="alpha"):
        """A whole call whose first attempt, at this provider, fails, and whose second is answered."""
        call = self.call()
        (start, *_) = self.send(call, "start", now)
        assert start[2] == provider, start
        self.send(call, "attempt_failed", now, start[1], failure)
        for number in (2, 3):
            if not call.over:
                self.send(call, "attempt_succeeded", now, number)
        return call

    def warm(self, *, until=0.0, calls=20, answer_s=0.05, stream=False, name="alpha"):
        """Let a provider become known for this latency, without a call of the fleet."""
        provider = self.provider(name)
        for _ in range(calls):
            (provider.first_token if stream else provider.answer).add(until, answer_s)
            provider.gap.add(until, 0.01)

    def trip(self, now, name="alpha", *, passes=False):
        """Open a provider's breaker as failures do; return when its rest ends.

        `passes`: callers who have nobody else may still pass it; otherwise they have used that up.
        """
        options, breaker = self.options.breaker, self.provider(name).breaker
        for _ in range(options.minimum_calls):
            breaker.failure(now, breaker.generation)
        assert breaker.state == "open"
        while not passes and breaker.last_resort_at(now) <= now:
            breaker.begin(now, last_resort=True)
        return breaker.admissible_at(now)


@pytest.fixture
def script():
    """Make a script: `script(names, **policy options)`."""
    return Script


@pytest.fixture
def failed():
    """Make a failure by the name of its kind."""

    def make(kind, **more):
        return Failure(kind=FailureKind(kind), **more)

    return make


class World:
    """A discrete-event world: calls arrive, providers behave, the real machines decide.

    `behaviour(name, now, number)` returns a list of (delay, what) with what one of "token", "ok" or a Failure;
    an empty list never answers.
    """

    def __init__(self, behaviour, *, seed=1, **options):
        self.fleet = Fleet(
            [(n, f"{n}-1") for n in NAMES], msgspec.convert(options, PolicyOptions), rng=random.Random(seed)
        )
        self.behaviour = behaviour
        self.events = []
        self.now = 0.0
        self.order = itertools.count()
        self.asked = {name: [] for name in NAMES}
        self.ended = []
        self.delivered = {}

    def at(self, when, act, *args):
        heapq.heappush(self.events, (when, next(self.order), act, args))

    def run(self, *, calls, per_s, stream=False, deadline_s=30.0, seed=2):
        """Let calls arrive as a Poisson stream and all events happen; returns the calls' (arrival, call)."""
        rng, now = random.Random(seed), 0.0
        for number in range(calls):
            now += rng.expovariate(per_s)
            context = CallContext(call_id=f"c{number}", stream=stream, deadline_s=deadline_s)
            self.at(now, self.begin, Call(self.fleet, context))
        while self.events:
            self.now, _, act, args = heapq.heappop(self.events)
            act(self.now, *args)
        return self.ended

    def begin(self, now, call):
        self.carry_out(now, call, call.start(now))

    def event(self, now, call, name, *args):
        self.carry_out(now, call, getattr(call, name)(now, *args))

    def carry_out(self, now, call, actions):
        for action in actions:
            match action:
                case StartAttempt():
                    self.asked[action.provider].append(now)
                    for delay, what in self.behaviour(action.provider, now, action.number):
                        if what == "token":
                            self.at(now + delay, self.event, call, "token", action.number)
                        elif what == "ok":
                            self.at(now + delay, self.event, call, "attempt_succeeded", action.number)
                        else:
                            self.at(now + delay, self.event, call, "attempt_failed", action.number, what)
                case WakeAt():
                    self.at(action.at, self.event, call, "timer")
                    if call.in_line:
                        call.on_permit(lambda: self.at(self.now, self.event, call, "permit_free"))
                case StartProbe():
                    probe = Probe(self.fleet, call._ledger.context, action.attempt, now)
                    self.begin(now, probe)
                case Finish() | Fail():
                    if not call.silent:
                        self.ended.append(call)


@pytest.fixture
def world():
    """Make a world: `world(behaviour, **policy options)`."""
    return World
