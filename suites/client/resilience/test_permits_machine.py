"""The pool of permits under random interleavings: nothing is lost, nobody jumps the line, nobody waits in vain."""

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import Bundle, RuleBasedStateMachine, consumes, invariant, precondition, rule

from seawall.resilience.concurrency import ConcurrencyOptions, FleetPermits, Permits
from seawall.resilience.failures import Failure, FailureKind

OVERLOADED = Failure(kind=FailureKind.OVERLOADED, http_status=529)
CEILING, IN_ALL, QUEUE = 3, 4, 4


class Waiter:
    """A call that stands in line. A prompt one looks again when it is told, as a driver would; others in their time."""

    def __init__(self, world, *, prompt):
        self.world = world
        self.prompt = prompt

    def permit_free(self):
        if self.prompt:
            self.world.wake(self)


class Pool(RuleBasedStateMachine):
    """Two providers' permits under one bound; calls come, wait, go, give up; limits shrink and grow."""

    running = Bundle("running")

    def __init__(self):
        super().__init__()
        self.now = 0.0
        self.fleet = FleetPermits(IN_ALL)
        options = ConcurrencyOptions(per_provider=CEILING, in_all=IN_ALL, queue_max=QUEUE, adaptive=True)
        self.pools = [Permits(options, CEILING, self.fleet) for _ in range(2)]
        self.lines = [[], []]
        self.taken = [0, 0]
        self.served = [[], []]

    def wake(self, waiter):
        for number, line in enumerate(self.lines):
            if waiter in line:
                self.look(number, waiter)

    def look(self, number, waiter):
        """What a call does when it looks: take a permit if it may."""
        pool, line = self.pools[number], self.lines[number]
        if not pool.open_to(self.now, waiter):
            return False
        pool.take()
        self.taken[number] += 1
        self.served[number].append(waiter)
        if waiter in line:
            assert line[0] is waiter, "somebody jumped the line"
            line.remove(waiter)
            pool.leave_line(waiter)
        return True

    @rule(target=running, number=st.integers(0, 1), prompt=st.booleans())
    def a_call_comes(self, number, prompt):
        """It goes at once, stands in line, or is shed."""
        waiter, pool, line = Waiter(self, prompt=prompt), self.pools[number], self.lines[number]
        enough = len(line) < self.free(number)
        if self.look(number, waiter):
            assert enough, "a newcomer took what those in line wait for"
        elif pool.line_up(self.now, waiter, 0.05):
            line.append(waiter)
        else:
            assert len(line) == QUEUE, "shed although there was room in line"
        return number

    @rule(number=consumes(running), failed=st.booleans())
    def a_call_ends(self, number, failed):
        """However it ends, its permit comes back once."""
        if self.taken[number]:
            if failed:
                self.pools[number].failed(self.now, self.now, OVERLOADED)
            else:
                self.pools[number].answered()
            self.taken[number] -= 1
            self.pools[number].give_back()
            line = self.lines[number]
            assert not (line and line[0].prompt and self.free(number)), "the first in line was not told"

    @precondition(lambda self: any(self.lines))
    @rule(data=st.data())
    def a_waiter_gives_up(self, data):
        """From any place in line."""
        number = data.draw(st.sampled_from([n for n in range(2) if self.lines[n]]))
        waiter = data.draw(st.sampled_from(self.lines[number]))
        self.lines[number].remove(waiter)
        self.pools[number].leave_line(waiter)

    @rule(seconds=st.sampled_from([0.001, 0.05, 0.5]))
    def time_passes(self, seconds):
        """Those whose time to look again has come look, in order."""
        self.now += seconds
        for number, line in enumerate(self.lines):
            for waiter in tuple(line):
                if waiter in line and self.pools[number].looks_at(waiter) <= self.now:
                    self.look(number, waiter) or self.pools[number].line_up(self.now, waiter, 0.05)

    @rule()
    def everybody_has_looked(self):
        """A moment later nobody stands in line while a permit is free."""
        self.time_passes(0.05)
        for number, line in enumerate(self.lines):
            while line and self.free(number) and self.look(number, line[0]):
                pass
            assert not (line and self.free(number)), "a permit is free and the first in line may not have it"

    def free(self, number):
        """How many permits there are for the taking."""
        pool = self.pools[number]
        return max(0, min(int(pool.limit) - self.taken[number], IN_ALL - sum(self.taken)))

    @invariant()
    def permits_are_conserved(self):
        """What is counted is what is under way."""
        assert [pool.in_use for pool in self.pools] == self.taken
        assert self.fleet.in_use == sum(self.taken) <= IN_ALL
        assert all(pool.in_use <= CEILING for pool in self.pools)
        assert all(1 <= pool.limit <= CEILING for pool in self.pools)

    def teardown(self):
        """Once everything has ended nothing is counted and the line empties."""
        for number, pool in enumerate(self.pools):
            while self.lines[number]:
                pool.leave_line(self.lines[number].pop())
            while self.taken[number]:
                self.taken[number] -= 1
                pool.give_back()
        assert self.fleet.in_use == 0


TestPool = Pool.TestCase
TestPool.settings = settings(max_examples=80, stateful_step_count=40, deadline=None)
