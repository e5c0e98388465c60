"""How calls are driven on an event loop: races, interruptions, cancellations, pauses, and bugs below."""

import asyncio
import gc
import inspect
import json
import random
import time
from contextvars import ContextVar

import msgspec
import pytest
from pybreaker import CircuitBreakerListener

from seawall.errors import AllProvidersFailed, LLMError
from seawall.messages import Done, StreamRestarted, TextDelta
from seawall.resilience.failures import Failure, FailureKind, ProviderError
from seawall.resilience.options import PolicyOptions
from seawall.resilience.traits import ProviderTraits
from seawall.telemetry.observers import Observers
from seawall.unified_client import UnifiedLLMClient, Upstream

NAMES = ("alpha", "beta", "gamma")
HANG = object()


class Response:
    """A response that brings its chunks one by one; HANG never comes, an exception is raised."""

    status = 200

    def __init__(self, chunks, stream):
        self.headers = {"content-type": "text/event-stream" if stream else "application/json"}
        self.chunks = iter(chunks)
        self.ended = False

    def __aiter__(self):
        return self

    async def __anext__(self):
        chunk = next(self.chunks, None)
        if chunk is HANG:
            await asyncio.Event().wait()
        if isinstance(chunk, float):
            await asyncio.sleep(chunk)
            return await self.__anext__()
        if isinstance(chunk, Exception):
            raise chunk
        if chunk is None:
            raise StopAsyncIteration
        return chunk

    def abort(self):
        self.ended = True

    def release(self):
        self.ended = True


class Engine:
    """An HttpEngine by a script: `behave(provider, stream)` gives the chunks, the first before the head.

    One that takes `body` is given what was asked.
    """

    def __init__(self, behave):
        takes_body = "body" in inspect.signature(behave).parameters
        self._behave = behave if takes_body else lambda name, stream, body: behave(name, stream)
        self.responses = []
        self.sending = 0
        self.asked = []

    async def send(self, request, *, connect_timeout_s):
        name = request.url.split("//")[1].split("/")[0]
        self.asked.append(name)
        stream = b'"stream":true' in request.body
        head, *chunks = self._behave(name, stream, request.body)
        self.sending += 1
        try:
            if head is HANG:
                await asyncio.Event().wait()
            if isinstance(head, Exception):
                raise head
            await asyncio.sleep(head)
        finally:
            self.sending -= 1
        response = Response(chunks, stream)
        self.responses.append(response)
        return response

    async def aclose(self):
        pass

    @property
    def open_responses(self):
        return sum(not response.ended for response in self.responses)


@pytest.fixture
def wire(samples):
    """The wire that the fake engine speaks."""
    return samples["openai_chat"]


@pytest.fixture
def client(wire):
    """Make a client over a fake engine: `client(behave, **policies)`."""

    def make(behave, *, observers=(), prefill=(), **policies):
        upstreams = [
            Upstream(
                name=name,
                model="m",
                codec=wire.codec(name=name, base_url=f"http://{name}/v1"),
                traits=ProviderTraits(prefill=name in prefill),
            )
            for name in NAMES
        ]
        engine = Engine(behave)
        options = msgspec.convert(policies, PolicyOptions)
        made = UnifiedLLMClient(
            upstreams, engine, policies=options, observers=observers, rng=random.Random(1)
        )
        return made, engine

    return make


async def settle():
    for _ in range(10):
        await asyncio.sleep(0)


async def gather(stream):
    events = []
    async with stream as source:
        async for event in source:
            events.append(event)  # noqa: PERF401 - kept up to an error
    return events


def failing(kind="server_error"):
    return ProviderError(Failure(kind=FailureKind(kind)))


def hung_alpha(wire):
    def behave(name, stream):
        if name == "alpha":
            return [HANG]
        return [0, *wire.stream] if stream else [0, wire.document]

    return behave


async def test_the_common_call_needs_no_task(client, wire):
    """One attempt is awaited in the caller's own task."""
    seen = set()

    def behave(name, stream):
        seen.update(asyncio.all_tasks())
        return [0, wire.document]

    llm, _ = client(behave)
    await llm.complete("hello")

    assert seen == {asyncio.current_task()}


@pytest.mark.parametrize("stream", [False, True])
async def test_a_hedge_that_wins_interrupts_the_awaited_attempt(client, wire, stream):
    """The caller gets the answer and never learns that its task was interrupted."""
    llm, engine = client(hung_alpha(wire), hedging={"cold_delay_s": 0.01})
    if stream:
        events = await gather(llm.stream("hello"))
        answer = events[-1].completion
    else:
        answer = await llm.complete("hello")
    await settle()

    assert (answer.text, answer.provider) == (wire.text, "beta")
    assert asyncio.current_task().cancelling() == 0
    assert (engine.sending, engine.open_responses, len(asyncio.all_tasks())) == (0, 0, 1)


async def test_a_speculative_restart_takes_over_in_mid_stream(client, wire):
    """The silent stream is interrupted where the consumer awaits it, and its connection closed."""

    def behave(name, stream):
        return [0, *wire.stream[:3], HANG] if name == "alpha" else [0, *wire.stream]

    llm, engine = client(behave, hedging={"cold_stall_s": 0.01})
    events = await gather(llm.stream("hello"))
    await settle()

    at = [type(event) for event in events].index(StreamRestarted)
    assert "".join(e.text for e in events[at:] if isinstance(e, TextDelta)) == wire.text
    assert events[-1].completion.trace.restarts == 1
    assert (engine.open_responses, len(asyncio.all_tasks())) == (0, 1)


async def test_all_events_of_one_chunk_arrive(client, wire):
    """A whole stream in one piece of data is delivered, ended and not waited on further."""

    def behave(name, stream):
        return [0, b"".join(wire.stream), HANG]

    llm, _ = client(behave)
    events = await gather(llm.stream("hello"))

    assert isinstance(events[-1], Done)
    assert events[-1].completion.text == wire.text


async def test_a_stream_is_for_one_use(client, wire):
    """Entering it again is a mistake that says so."""
    llm, _ = client(lambda name, stream: [0, *wire.stream])
    stream = llm.stream("hello")
    await gather(stream)
    with pytest.raises(RuntimeError, match="one use"):
        await gather(stream)


@pytest.mark.parametrize("how", ["before entering", "after leaving"])
async def test_a_stream_is_read_inside_its_block_only(client, wire, how):
    """Reading it elsewhere says so, where it would wait for what never comes."""
    llm, _ = client(lambda name, stream: [0, *wire.stream[:3], HANG])
    stream = llm.stream("hello")
    if how == "after leaving":
        async with stream:
            pass
    with pytest.raises(RuntimeError, match="inside its"):
        async with asyncio.timeout(1):
            await anext(stream)


async def test_a_stream_that_was_read_to_its_end_has_ended_wherever_it_is_asked(client, wire):
    """Iterating again finds nothing more."""
    llm, _ = client(lambda name, stream: [0, *wire.stream])
    async with llm.stream("hello") as stream:
        assert [event async for event in stream]
        assert [event async for event in stream] == []
    assert [event async for event in stream] == []


@pytest.mark.parametrize("state", ["flowing", "starting over"])
async def test_a_consumer_may_wait_for_an_event_with_a_time_out_and_go_on(client, wire, state):
    """Giving up one wait loses nothing and blames nobody; the next one gets what comes then."""

    def behave(name, stream):
        if state == "flowing":
            return [0, *wire.stream[:3], 0.03, *wire.stream[3:]]
        return [0, *wire.stream[:3]] if name == "alpha" else [0.03, *wire.stream]

    llm, engine = client(behave, hedging={"enabled": False})
    events, waits = [], 0
    async with asyncio.timeout(5), llm.stream("hello") as stream:
        while not events or not isinstance(events[-1], Done):
            try:
                async with asyncio.timeout(0.01):
                    events.append(await anext(stream))
            except TimeoutError:
                waits += 1
    await settle()

    assert waits
    assert events[-1].completion.text == wire.text
    outcomes = [(each.why, each.outcome) for each in events[-1].completion.trace.attempts]
    starting_over = [("first", "failed"), ("restart", "answered")]
    assert outcomes == ([("first", "answered")] if state == "flowing" else starting_over)
    assert (engine.open_responses, len(asyncio.all_tasks())) == (0, 1)


async def test_a_callers_own_timeout_works(client, wire):
    """`asyncio.timeout` round a call sees its own time-out, in any state of the call."""
    llm, engine = client(hung_alpha(wire), hedging={"enabled": False})
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.02):
            await llm.complete("hello")
    await settle()

    assert (engine.sending, len(asyncio.all_tasks())) == (0, 1)


async def test_a_cancellation_at_the_moment_of_a_win_is_obeyed(client, wire):
    """Being interrupted by the hedge and cancelled by the caller in the same turn is still a cancellation."""
    llm, engine = client(hung_alpha(wire), hedging={"cold_delay_s": 0.01})
    task = asyncio.create_task(llm.complete("hello"))

    class CancelOnWin:
        def attempt_finished(self, context, record):
            if record.outcome == "answered":
                task.cancel()

        def call_finished(self, trace):
            pass

    llm._wiring = msgspec.structs.replace(llm._wiring, observers=Observers([CancelOnWin()]))
    with pytest.raises(asyncio.CancelledError):
        await task
    await settle()

    assert (engine.sending, engine.open_responses, len(asyncio.all_tasks())) == (0, 0, 1)


async def test_retries_are_waited_for_without_a_task(client, wire):
    """While a call waits to retry nothing runs but its timer."""
    answers = iter([[failing()], [failing()], [failing()], [0, wire.document]])
    llm, _ = client(lambda name, stream: next(answers), retry={"wait_initial_s": 0.02})

    answer = await llm.complete("hello")

    assert [record.why for record in answer.trace.attempts] == ["first", "fallback", "fallback", "retry"]


@pytest.mark.parametrize("ending", ["cut", "stall", "end"])
async def test_a_commit_window_hides_an_early_failure(client, wire, ending):
    """A stream that fails among the tokens held back is replaced; the consumer sees one whole answer."""
    endings = {"cut": [failing("stream_cut")], "stall": [HANG], "end": []}

    def behave(name, stream):
        return [0, *wire.stream[:3], *endings[ending]] if name == "alpha" else [0, *wire.stream]

    llm, engine = client(
        behave,
        streaming={"buffer_tokens": 3, "buffer_s": 5.0},
        hedging={"cold_stall_s": 0.01},
    )
    events = await gather(llm.stream("hello"))
    await settle()

    assert "".join(e.text for e in events if isinstance(e, TextDelta)) == wire.text
    assert not any(isinstance(event, StreamRestarted) for event in events)
    assert events[-1].completion.provider == "beta"
    assert (engine.open_responses, len(asyncio.all_tasks())) == (0, 1)


async def test_what_is_held_back_is_handed_out_in_time(client, wire):
    """When the window elapses the consumer gets what there is, though the next token is far; then it goes on."""

    def behave(name, stream):
        return [0, *wire.stream[:3], 0.3, *wire.stream[3:]]

    llm, engine = client(
        behave, streaming={"buffer_tokens": 50, "buffer_s": 0.02}, hedging={"enabled": False}
    )
    began = time.monotonic()
    events = []
    async with llm.stream("hello") as source:
        waited_s = time.monotonic() - began
        async for event in source:
            events.append(event)
            await asyncio.sleep(0.002)  # a consumer that does something else, too
    await settle()

    assert 0.02 <= waited_s < 0.25
    assert "".join(e.text for e in events if isinstance(e, TextDelta)) == wire.text
    assert events[-1].completion.text == wire.text
    assert (engine.open_responses, len(asyncio.all_tasks())) == (0, 1)


@pytest.mark.parametrize("buffer_tokens", [0, 3])
@pytest.mark.parametrize("how", ["break", "leave", "drop"])
async def test_a_consumer_that_goes_away_leaves_nothing(client, wire, how, buffer_tokens):
    """It breaks out of the loop, leaves the block at once, or drops the entered stream without leaving it."""

    def behave(name, stream):
        return [0, *wire.stream[:4], HANG]

    llm, engine = client(
        behave, streaming={"buffer_tokens": buffer_tokens, "buffer_s": 0.01}, hedging={"enabled": False}
    )
    if how == "drop":
        stream = llm.stream("hello")
        await stream.__aenter__()
        del stream
        gc.collect()
    else:
        async with llm.stream("hello") as source:
            if how == "break":
                async for _ in source:
                    break
    await settle()

    assert (engine.sending, engine.open_responses, len(asyncio.all_tasks())) == (0, 0, 1)
    assert llm.fleet.provider("alpha").permits.in_use == 0
    assert llm.fleet.provider("alpha").breaker._window.calls == 0


def going_on(wire, *, repeat=0, ending=()):
    """Alpha breaks off after four pieces; whoever is given the text so far goes on, from some characters back."""
    broken = "Zwölf Boote « 🚤 » lie in"

    def frame(text):
        chunk = {"id": "c", "model": "m-1", "choices": [{"index": 0, "delta": {"content": text}}]}
        return b"data: " + json.dumps(chunk).encode() + b"\n\n"

    def behave(name, stream, body):
        if name == "alpha":
            return [0, *wire.stream[:5], *ending]
        last = json.loads(body)["messages"][-1]
        if last["role"] != "assistant":
            return [0, *wire.stream]
        assert last["content"] == broken
        start = len(broken) - repeat
        return [0, frame(wire.text[start : start + 7]), frame(wire.text[start + 7 :]), *wire.stream[-3:]]

    return behave


@pytest.mark.parametrize("buffer_tokens", [0, 1])
@pytest.mark.parametrize("repeat", [0, 16])
@pytest.mark.parametrize("ending", ["cut", "stall", "end"])
async def test_a_stream_that_breaks_off_is_gone_on_from(client, wire, ending, repeat, buffer_tokens):
    """The consumer gets one text without a break or a repetition, and the answer is exactly that text."""
    endings = {"cut": [failing("stream_cut")], "stall": [HANG], "end": []}
    llm, engine = client(
        going_on(wire, repeat=repeat, ending=endings[ending]),
        prefill=("gamma",),
        streaming={"on_midstream_failure": "continue", "buffer_tokens": buffer_tokens, "buffer_s": 5.0},
        hedging={"cold_stall_s": 0.01},
    )
    events = await gather(llm.stream("hello"))
    await settle()

    answer = events[-1].completion
    assert {type(event) for event in events} == {TextDelta, Done}
    assert "".join(e.text for e in events if isinstance(e, TextDelta)) == wire.text == answer.text
    assert (answer.provider, answer.trace.continuations, answer.trace.restarts) == ("gamma", 1, 0)
    records = sorted(answer.trace.attempts, key=lambda record: record.number)
    assert [(record.why, record.continued_from) for record in records] == [
        ("first", None),
        ("continue", "alpha"),
    ]
    assert (engine.sending, engine.open_responses, len(asyncio.all_tasks())) == (0, 0, 1)


async def test_nobody_goes_on_from_a_tool_call_but_from_what_starts_over(client, wire):
    """Alpha breaks off in a call, beta starts over and breaks off, gamma is given beta's text and none of alpha's."""
    going = going_on(wire)

    def behave(name, stream, body):
        if name == "alpha":
            return [0, *wire.stream[:3], *wire.tool_stream[:2], failing("stream_cut")]
        if name == "beta":
            assert json.loads(body)["messages"][-1]["role"] == "user"
            return [0, *wire.stream[:5], failing("stream_cut")]
        return going(name, stream, body)

    llm, _ = client(behave, prefill=("beta", "gamma"), streaming={"on_midstream_failure": "continue"})
    events = await gather(llm.stream("hello"))
    at = [type(event) for event in events].index(StreamRestarted)
    answer = events[-1].completion

    assert "".join(e.text for e in events[at:] if isinstance(e, TextDelta)) == wire.text == answer.text
    assert [record.why for record in answer.trace.attempts] == ["first", "restart", "continue"]


async def test_a_schema_is_not_followed_by_two_halves(client, wire):
    """An answer that has to follow one starts over, though somebody could go on."""
    llm, _ = client(
        going_on(wire, ending=[failing("stream_cut")]),
        prefill=("beta",),
        streaming={"on_midstream_failure": "continue"},
    )
    events = await gather(llm.stream("hello", response_schema={"type": "object"}))

    assert StreamRestarted in {type(event) for event in events}
    assert events[-1].completion.text == wire.text


NO_RACES = {"hedging": {"enabled": False}, "breaker": {"slow_min_s": 60.0}}
CANCELLED = {
    "plain": NO_RACES,
    "window": {**NO_RACES, "streaming": {"buffer_tokens": 3, "buffer_s": 0.001}},
    "racing": {"hedging": {"cold_delay_s": 0.01, "burst": 1000.0}, "breaker": {"slow_min_s": 60.0}},
    "continuing": {
        "streaming": {"on_midstream_failure": "continue", "buffer_tokens": 1},
        "breaker": {"enabled": False},
        "hedging": {"cold_stall_s": 0.01, "burst": 1000.0},
    },
}


@pytest.mark.parametrize("how", CANCELLED)
async def test_ten_thousand_cancellations_leave_nothing(client, wire, how):
    """At whatever point callers leave: no task, connection, count, token, trial or permit is lost."""
    rng = random.Random(11)

    def behave(name, stream):
        draw = rng.random()
        if draw < 0.2:
            return [HANG]
        if draw < 0.4:
            return [0, HANG]
        if how == "continuing" and name == "alpha":
            return [0, *wire.stream[:3], HANG if draw < 0.6 else failing("stream_cut")]
        return [0, *wire.stream] if stream else [0, wire.document]

    llm, engine = client(behave, prefill=("beta",), **CANCELLED[how])
    fleet = llm.fleet
    fleet.provider("alpha").rate_limit.until = 0.0  # long over: each call is the trial that follows a rest
    continuing = how == "continuing"
    for _ in range(100):
        tasks = [
            asyncio.create_task(gather(llm.stream("x")) if number % 2 or continuing else llm.complete("x"))
            for number in range(50)
        ]
        for _ in range(rng.randrange(12 if continuing else 6)):
            await asyncio.sleep(0)
        for task in tasks:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert not [r for r in results if isinstance(r, LLMError)]
    await settle()

    assert len(engine.asked) > 2000
    assert not continuing or engine.asked.count("beta") > 1000
    assert (engine.sending, engine.open_responses, len(asyncio.all_tasks())) == (0, 0, 1)
    assert [provider.permits.in_use for provider in fleet.providers] == [0, 0, 0]
    if how in {"racing", "continuing"}:  # hangs that lost their races have been counted, as they should
        return
    for provider in fleet.providers:
        assert (provider.breaker.state, provider.breaker._window.failures) == ("closed", 0)
        assert provider.admissible_at(time.monotonic()) <= time.monotonic()
    assert fleet.retry_budget.tokens(time.monotonic()) == 20.0


async def test_a_cancelled_call_is_told_to_observers(client, wire):
    """The attempt and the call end as cancelled, in that order."""
    told = []

    class Notes:
        def attempt_finished(self, context, record):
            told.append((record.provider, record.outcome))

        def call_finished(self, trace):
            told.append(trace.outcome)

    llm, _ = client(hung_alpha(wire), observers=[Notes()])
    task = asyncio.create_task(llm.complete("hello"))
    await settle()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)

    assert told == [("alpha", "cancelled"), "cancelled"]


@pytest.mark.parametrize("racing", [False, True])
async def test_an_observer_that_raises_harms_no_call(client, wire, racing, caplog):
    """Its mistake is logged once, whatever the number of calls; the others are told all the same."""
    told = []

    class Broken:
        def attempt_finished(self, context, record):
            raise RuntimeError("a bug in an observer")

        def call_finished(self, trace):
            raise RuntimeError("and another one")

    class Notes:
        def attempt_finished(self, context, record):
            told.append(record.provider)

        def call_finished(self, trace):
            told.append(trace.outcome)

    behave = hung_alpha(wire) if racing else lambda name, stream: [0, wire.document]
    llm, engine = client(behave, observers=[Broken(), Notes()], hedging={"cold_delay_s": 0.01})
    for _ in range(2):
        assert (await llm.complete("hello")).text == wire.text
    await settle()

    assert told == (["beta", "alpha", "answered"] if racing else ["alpha", "answered"]) * 2
    assert [record.exc_info[1].args for record in caplog.records] == [("a bug in an observer",)]
    assert (engine.sending, engine.open_responses, len(asyncio.all_tasks())) == (0, 0, 1)


async def test_a_breaker_listener_that_raises_harms_no_call(client, wire, caplog):
    """Its provider's breaker opens all the same; an observer that is a listener, too, is told of it."""
    told = []

    class Silent(CircuitBreakerListener):
        def attempt_finished(self, context, record):
            pass

        def call_finished(self, trace):
            pass

    class Broken(Silent):
        def state_change(self, cb, old_state, new_state):
            raise RuntimeError("a bug in a listener")

    class Notes(Silent):
        def state_change(self, cb, old_state, new_state):
            told.append((cb.name, new_state.name))

    def behave(name, stream):
        return [failing()] if name == "alpha" else [0, wire.document]

    llm, _ = client(behave, observers=[Broken(), Notes()], breaker={"consecutive_failures": 1})
    assert (await llm.complete("hello")).provider == "beta"

    assert told == [("alpha/m", "open")]
    assert llm.fleet.provider("alpha").breaker.state == "open"
    assert len(caplog.records) == 1


async def test_observers_are_told_in_the_callers_context(client, wire):
    """What the caller bound (a tenant, a span) is what they see, whoever ends the call: a task, a timer, a loser."""
    bound, told = ContextVar("bound"), []

    class Notes:
        def attempt_finished(self, context, record):
            told.append((record.provider, bound.get()))

        def call_finished(self, trace):
            told.append((trace.outcome, bound.get()))

    llm, _ = client(hung_alpha(wire), observers=[Notes()], hedging={"cold_delay_s": 0.01})
    bound.set("caller")
    stream = llm.stream("hello")
    bound.set("consumer")
    await gather(stream)

    assert told == [("alpha", "caller"), ("beta", "caller"), ("answered", "caller")]


async def test_a_loop_that_was_held_up_blames_nobody(client, wire):
    """If the answer arrived while this process was busy, the timer that is also due hedges nothing."""

    def behave(name, stream):
        return [0.2, wire.document]

    llm, engine = client(behave, hedging={"cold_delay_s": 0.4})
    task = asyncio.create_task(llm.complete("hello"))
    await settle()
    time.sleep(0.45)  # noqa: ASYNC251 - this is the hold-up
    await task

    assert engine.asked == ["alpha"]


async def test_a_consumer_that_pauses_blames_nobody(client, wire):
    """Timers that fall due while nobody reads wait until somebody does."""

    def behave(name, stream):
        return [0, *wire.stream[:2], 0.002, *wire.stream[2:]]

    llm, _ = client(behave, hedging={"cold_stall_s": 0.02}, timeouts={"stall_s": 0.05})
    events = []
    async with llm.stream("hello") as source:
        async for event in source:
            if not events:
                await asyncio.sleep(0.1)
            events.append(event)

    assert events[-1].completion.trace.restarts == 0


@pytest.mark.parametrize("where", ["awaited", "raced"])
async def test_a_bug_below_surfaces_and_leaves_nothing(client, wire, where):
    """An exception that is no ProviderError reaches the caller as it is, even out of a background task."""
    bug = RuntimeError("a bug in an engine")

    def behave(name, stream):
        return [bug] if where == "awaited" or name == "beta" else [HANG]

    llm, engine = client(behave, hedging={"cold_delay_s": 0.01})
    with pytest.raises(RuntimeError, match="a bug in an engine"):
        await llm.complete("hello")
    await settle()

    assert (engine.sending, len(asyncio.all_tasks())) == (0, 1)


async def test_closing_ends_probes(client, wire):
    """A probe that hangs beside calls is ended when its client is closed, and its place is given back."""

    def behave(name, stream):
        return [HANG] if name == "alpha" else [0, wire.document]

    llm, engine = client(behave)
    breaker = llm.fleet.provider("alpha").breaker
    for _ in range(3):
        breaker.failure(0.0, breaker.begin(0.0))
    await llm.complete("hello")
    await settle()
    assert (engine.sending, breaker.state) == (1, "half-open")

    await llm.aclose()

    assert (engine.sending, len(asyncio.all_tasks())) == (0, 1)
    assert breaker.admissible_at(time.monotonic()) <= time.monotonic()


async def test_an_unusable_request_is_a_failure_like_any_other(client, wire):
    """What no codec can encode ends as an error of this package."""
    llm, engine = client(lambda name, stream: [0, wire.document])
    with pytest.raises(LLMError) as caught:
        await llm.complete("\ud800")

    assert engine.asked == []
    assert not isinstance(caught.value, AllProvidersFailed)
