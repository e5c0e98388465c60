"""Opening and closing a manager: in any order, in several tasks, under running calls."""

import asyncio
import logging

import pytest

from seawall import LLMError, LLMManager

pytestmark = pytest.mark.real_processes
NOTHING_LEFT = {"tasks": 0, "connections": 0, "probes": 0}


@pytest.fixture
def make(providers):
    """Make a manager on the fake providers."""

    def make(names=("alpha", "beta"), **options):
        return LLMManager.from_settings(environ={}, overrides=providers.settings(names, **options))

    return make


async def test_closing_again_does_nothing(make):
    """Before any use, in a row, from several tasks at once, and inside the block."""
    unused = make()
    await unused.aclose()
    await unused.aclose()
    async with make() as llm:
        await llm.complete("hello")
        await asyncio.gather(llm.aclose(), llm.aclose())
        await llm.aclose()


async def test_the_last_task_to_leave_closes_it(make):
    """Each task of a service may hold it in a block of its own."""
    llm = make()
    first_left = asyncio.Event()

    async def first():
        async with llm:
            assert (await llm.complete("first")).text
        first_left.set()

    async def second():
        async with llm:
            await first_left.wait()
            session = llm.client._connections.engine._session
            assert not session.closed
            assert (await llm.complete("second")).text
        assert session.closed

    await asyncio.gather(second(), first())


@pytest.mark.parametrize("state", ["waiting", "retrying", "streaming"])
async def test_calls_that_run_when_it_is_closed_end_with_an_error(make, providers, leaks, state):
    """At once, whatever they wait for; and nothing opens a connection again behind the closed door."""
    fault = {"waiting": "blackhole", "streaming": "stall"}
    if state == "retrying":
        for name in ("alpha", "beta"):
            providers.fault(name, "http_status", status=503)
    else:
        providers.fault("alpha", fault[state], **({"after_tokens": 2} if state == "streaming" else {}))
    llm = make(retry={"wait_initial_s": 30, "wait_max_s": 30}, hedging={"enabled": False})
    begun = asyncio.Event()

    async def call():
        if state != "streaming":
            begun.set()
            await llm.complete("hello")
        async with llm.stream("hello") as events:
            async for _ in events:
                begun.set()

    task = asyncio.create_task(call())
    await begun.wait()
    await asyncio.sleep(0.05)
    await llm.aclose()
    with pytest.raises(LLMError, match="closed while the call ran"):
        await asyncio.wait_for(task, 1)

    assert await leaks(llm) == NOTHING_LEFT
    assert llm.client._connections.engine._session is None


async def test_closing_while_connections_are_replaced(make, providers, leaks):
    """The former ones, which a stream still uses, are closed too."""
    providers.fault("alpha", "stall", after_tokens=2)
    llm = make(("alpha",), hedging={"enabled": False})
    async with llm.stream("hello") as events:
        await anext(events)
        former = llm.client._connections.engine._session
        await llm.reload(make(("alpha",), http={"keepalive_s": 3}).settings)
        assert not former.closed
        await llm.aclose()
        assert former.closed

    assert await leaks(llm) == NOTHING_LEFT


async def test_an_operators_word_on_a_breaker_holds_until_it_is_taken_back(make, providers):
    """Over calls, failures, and a reload that turns breakers off and on."""
    async with make(breaker={"consecutive_failures": 1}) as llm:
        llm.force_breaker("alpha", "open")
        for breaker in ({"enabled": False}, {"enabled": True, "open_s": 9}):
            await llm.reload(make(breaker=breaker).settings)
            assert (await llm.complete("hello")).provider == "beta"
        llm.force_breaker("alpha", None)
        assert (await llm.complete("hello")).provider == "alpha"
        with pytest.raises(KeyError):
            llm.force_breaker("nobody", "open")


async def test_breakers_that_the_settings_turn_off_stay_off_whatever_was_forced(make, providers):
    """Taking a force back hands the decision to the settings, which want none."""
    providers.fault("alpha", "http_status", status=503)
    async with make(breaker={"enabled": False}) as llm:
        llm.force_breaker("alpha", "open")
        llm.force_breaker("alpha", None)
        for number in range(5):
            answer = await llm.complete(f"hello {number}")
            assert [record.provider for record in answer.trace.attempts] == ["alpha", "beta"]


async def test_a_reload_is_logged_at_level_info(make, caplog):
    """So that a log tells what was in force when."""
    caplog.set_level(logging.INFO, "seawall")
    async with make() as llm:
        await llm.reload(make().settings)
        await llm.reload(make(deadline_s=5).settings)

    lines = [record.getMessage() for record in caplog.records if "reloaded" in record.getMessage()]
    assert lines == [
        "settings reloaded: nothing changed",
        "settings reloaded: deadline_s: 60.0 (default) -> 5.0 (argument deadline_s)",
    ]
