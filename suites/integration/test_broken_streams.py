"""Streams that break off, over real connections: hidden by a commit window, or gone on from by another provider."""

import asyncio
import gc

import pytest

from seawall import Done, StreamRestarted, TextDelta

pytestmark = pytest.mark.real_processes
NOTHING_LEFT = {"tasks": 0, "connections": 0, "probes": 0}
BREAKS = [("cut", "stream_cut"), ("truncation", "stream_truncated"), ("error_event", None)]


@pytest.fixture
def continuing(service, providers):
    """Make a client on the three providers, of which beta takes a text to go on from."""

    def make(**streaming):
        listed = providers.settings()["providers"]
        listed[1]["prefill"] = True
        return service(providers=listed, streaming={"on_midstream_failure": "continue", **streaming})

    return make


async def read(stream):
    async with stream as events:
        return [event async for event in events]


def shown(events):
    return "".join(event.text for event in events if isinstance(event, TextDelta))


@pytest.mark.parametrize("broken", BREAKS, ids=[fault for fault, _ in BREAKS])
async def test_another_provider_goes_on(continuing, providers, meant, leaks, broken):
    """One uninterrupted text: what the first had said, then what the second wrote to it."""
    fault, kind = broken
    providers.fault("alpha", fault, after_tokens=3)
    async with continuing() as llm:
        events = await read(llm.stream("hello"))
        assert await leaks(llm) == NOTHING_LEFT
    answer = events[-1].completion
    first, second = answer.trace.attempts
    row = next(row for row in await providers.saw(2) if row["provider"] == "beta")

    assert {type(event) for event in events} == {TextDelta, Done}
    assert answer.text == shown(events)
    assert any(meant(row, answer.text[start:]) for start in range(1, len(answer.text)))
    assert kind is None or first.failure.kind == kind
    assert (second.why, second.continued_from, answer.trace.continuations) == ("continue", "alpha", 1)
    assert answer.trace.restarts == 0


async def test_a_commit_window_hides_an_early_break(service, providers, meant):
    """The consumer sees the second provider's answer alone."""
    providers.fault("alpha", "cut", after_tokens=3)
    async with service(streaming={"buffer_tokens": 3}) as llm:
        events = await read(llm.stream("hello"))
    row = next(row for row in await providers.saw(2) if row["provider"] == "beta")

    assert not any(isinstance(event, StreamRestarted) for event in events)
    assert meant(row, shown(events))
    assert events[-1].completion.text == shown(events)


@pytest.mark.parametrize("buffer_tokens", [0, 2])
async def test_a_stream_that_is_forgotten_is_ended(service, leaks, buffer_tokens):
    """Entered, read a little and dropped without a word: its connection is closed when it is collected."""
    async with service(streaming={"buffer_tokens": buffer_tokens}) as llm:
        for _ in range(20):
            stream = llm.stream("hello")
            await stream.__aenter__()
            await anext(stream)
            del stream
        gc.collect()
        await asyncio.sleep(0)

        assert await leaks(llm) == NOTHING_LEFT
        assert llm.client.fleet.provider("alpha").permits.in_use == 0


async def test_consumers_that_leave_at_any_moment_leave_nothing(continuing, providers, leaks):
    """In the window, while somebody goes on, in between: no task, connection or permit is left."""
    providers.fault("alpha", "cut", after_tokens=3)
    async with continuing(buffer_tokens=1) as llm:
        for number in range(40):
            task = asyncio.create_task(read(llm.stream("hello")))
            await asyncio.sleep(0.0005 * number)
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

        assert await leaks(llm) == NOTHING_LEFT
        assert [provider.permits.in_use for provider in llm.client.fleet.providers] == [0, 0, 0]
