"""The client without async: from threads, inside running loops, interrupted, forked, closed and forgotten."""

import asyncio
import contextvars
import gc
import signal
import subprocess
import sys
import threading
import time
import traceback
import weakref
from concurrent.futures import ThreadPoolExecutor

import pytest

import seawall
from seawall import (
    AllProvidersFailed,
    ConfigurationError,
    DeadlineExceeded,
    Done,
    LLMError,
    StreamRestarted,
    TextDelta,
)
from seawall.sync import LLMManager

pytestmark = pytest.mark.real_processes
PATIENCE_S = 10


def portal_threads():
    return [thread for thread in threading.enumerate() if thread.name == "seawall"]


def until(condition):
    """Wait until something has happened in another thread or process."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.002)


def rows(providers, count):
    """The journal once it has so many rows."""
    until(lambda: len(providers.journal()) >= count)
    return providers.journal()


@pytest.fixture(autouse=True)
def no_thread_stays():
    """Whatever a test does, the loop's thread ends with it."""
    yield
    gc.collect()
    until(lambda: not portal_threads())


@pytest.fixture
def make(providers, notes):
    """Make a manager on the fake providers."""

    def make(names=("alpha", "beta", "gamma"), **options):
        overrides = providers.settings(names, **options)
        return LLMManager.from_settings(environ={}, overrides=overrides, observers=[notes])

    return make


def test_a_call_is_the_same_call(make, providers, meant):
    """Answer, trace and metadata are those of the asynchronous client."""
    with make() as llm:
        answer = llm.complete("Summarise this ticket", call_id="call-1")
        assert llm.breaker_states() == dict.fromkeys(("alpha", "beta", "gamma"), "closed")
        assert [provider.name for provider in llm.settings.providers] == ["alpha", "beta", "gamma"]
    (row,) = rows(providers, 1)

    assert meant(row, answer.text)
    assert (answer.provider, answer.trace.call_id) == ("alpha", "call-1")
    assert portal_threads() == []


async def test_streams_have_the_same_events(make, service, providers):
    """Event by event, restarts included, as the asynchronous client has them."""

    def script():
        providers.reset()
        providers.fault("alpha", "truncation", after_tokens=5)

    script()
    async with service() as llm, llm.stream("Tell me") as events:
        expected = [event async for event in events]
    script()
    with make() as llm, llm.stream("Tell me") as events:
        found = list(events)
        completion = events.completion

    assert StreamRestarted in [type(event) for event in found]
    assert found[:-1] == expected[:-1]
    assert found[-1].completion is completion
    assert completion.text == expected[-1].completion.text


def test_errors_arrive_with_a_traceback_that_leads_to_the_caller(make, providers):
    """The same types with their trace; the caller's line is in it, the plumbing of futures is not."""
    for name in ("alpha", "beta", "gamma"):
        providers.fault(name, "http_status", status=500)
    with make(retry={"attempts_max": 3}) as llm:
        with pytest.raises(AllProvidersFailed) as caught:
            llm.complete("hello")
        with pytest.raises(AllProvidersFailed), llm.stream("hello"):
            pass
        with pytest.raises(ConfigurationError):
            llm.complete([])
        with pytest.raises(TypeError, match="unknown option 'tempreature'"):
            llm.complete("hello", tempreature=1)
        with pytest.raises(KeyError):
            llm.force_breaker("nobody", "open")

    shown = traceback.format_tb(caught.value.__traceback__)
    assert "test_sync_client" in shown[0]
    assert not [line for line in shown if "concurrent/futures" in line]
    assert len(caught.value.trace.attempts) == 3


def test_breakers_are_held_by_the_operator(make):
    """What is forced in one thread holds for calls of every thread."""
    with make() as llm:
        llm.force_breaker("alpha", "open")

        assert llm.breaker_states()["alpha"] == "open"
        assert llm.complete("hello").provider == "beta"


def test_the_deadline_holds(make, providers):
    """A provider that hangs costs no more than the caller allows."""
    for name in ("alpha", "beta", "gamma"):
        providers.fault(name, "stall", after_tokens=0)
    with make() as llm:
        started = time.monotonic()
        with pytest.raises(DeadlineExceeded):
            llm.complete("hello", deadline_s=0.3)

    assert 0.25 < time.monotonic() - started < 2


def test_many_threads_use_one_manager(make, meant, providers):
    """Sixteen threads, calls and streams mixed: every answer is whole and belongs to its question."""

    def work(number):
        answer = llm.complete(f"question {number}", call_id=f"call-{number}")
        with llm.stream(f"question {number}", call_id=f"stream-{number}") as events:
            text = "".join(event.text for event in events if isinstance(event, TextDelta))
        return {f"call-{number}-1": answer.text, f"stream-{number}-1": text}

    with make() as llm, ThreadPoolExecutor(16) as pool:
        told = {}
        for texts in pool.map(work, range(48)):
            told |= texts
        assert len(portal_threads()) == 1
    journal = {row["client_request_id"]: row for row in rows(providers, 96)}

    assert all(meant(journal[request], text) for request, text in told.items())


async def test_a_thread_with_a_running_loop_may_use_it(make):
    """As in a notebook or an asynchronous view: the loop stands still for as long, and no longer."""
    with make() as llm:
        assert llm.complete("hello").text
        with llm.stream("hello") as events:
            assert isinstance(list(events)[-1], Done)


def test_the_callers_context_goes_along(make):
    """Observers and log handlers see the context variables of the thread that called."""
    request_id = contextvars.ContextVar("request_id", default=None)
    seen = []

    class Observer:
        def attempt_finished(self, context, record):
            seen.append(("attempt", request_id.get()))

        def call_finished(self, trace):
            seen.append((trace.stream, request_id.get()))

    def call(number):
        request_id.set(number)
        llm.complete("hello")
        with llm.stream("hello") as events:
            list(events)

    with LLMManager(make().settings, observers=[Observer()]) as llm:
        for number in (1, 2):
            thread = threading.Thread(target=call, args=[number])
            thread.start()
            thread.join()

    assert seen == [(what, number) for number in (1, 2) for what in ("attempt", False, "attempt", True)]


@pytest.fixture
def slow(providers):
    """Let alpha's answers take many seconds."""
    document = providers.command("GET", "/providers/alpha")
    behaviour = {"tokens": 5000, "first_token_ms": {"median": 2}, "inter_token_ms": {"median": 5}}
    providers.command("PUT", "/providers/alpha", {**document, "behaviour": behaviour})
    yield
    providers.command("PUT", "/providers/alpha", document)


def test_a_stream_that_was_not_entered_has_nothing(make):
    """Its answer is none, and reading it says where streams are read."""
    with make() as llm:
        stream = llm.stream("never asked")

        assert stream.completion is None
        with pytest.raises(RuntimeError, match="inside its with block"):
            next(stream)


def test_leaving_a_stream_early_closes_its_connection(make, providers, slow, notes):
    """The provider sees its client leave; nothing goes on running."""
    with make() as llm:
        with llm.stream("a long story") as events:
            next(events)
        (row,) = rows(providers, 1)
        with pytest.raises(RuntimeError, match="inside its with block"):
            next(events)
        with pytest.raises(RuntimeError, match="for one use"), events:
            pass

    assert row["outcome"] == "client_left"
    assert row["tokens_sent"] < 1000
    assert [trace.outcome for trace in notes.calls] == ["cancelled"]


def test_a_consumer_that_stops_reading_stops_the_reading(make, providers, samples_of_backlog):
    """What nobody asks for stays at the provider: a stream is not read ahead without bound."""
    with make(["alpha"]) as llm, llm.stream("endless") as events:
        next(events)
        held = samples_of_backlog(events)

    assert held < 2_000  # one piece of the connection's; read ahead, it were ten thousand


@pytest.fixture
def samples_of_backlog(providers):
    """How many events a stream holds that nobody asked for, half a second of the provider's time later."""
    document = providers.command("GET", "/providers/alpha")
    behaviour = {"tokens": 50_000, "first_token_ms": {"median": 1}, "inter_token_ms": {"median": 0.05}}
    providers.command("PUT", "/providers/alpha", {**document, "behaviour": behaviour})

    def count(events):
        time.sleep(0.5)
        return len(events._events) + len(events._stream._driver._out)

    yield count
    providers.command("PUT", "/providers/alpha", document)


def interrupt_soon(providers):
    """Interrupt the main thread once a provider has the request."""

    def interrupt():
        until(lambda: providers.command("GET", "/health")["under_way"])
        signal.pthread_kill(threading.main_thread().ident, signal.SIGINT)

    thread = threading.Thread(target=interrupt)
    thread.start()
    return thread


@pytest.fixture
def interruptible():
    """SIGINT raises `KeyboardInterrupt`, as in any script; the workers of a parallel run ignore it."""
    former = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, former)


@pytest.mark.usefixtures("interruptible")
@pytest.mark.parametrize("where", ["complete", "entering a stream", "reading a stream"])
def test_an_interrupt_ends_the_call_and_leaks_nothing(make, providers, notes, where):
    """Ctrl-C in a waiting thread: the provider sees its client leave, and the next call is as if nothing was."""
    stall = 3 if where == "reading a stream" else 0
    providers.fault("alpha", "stall", after_tokens=stall)
    with make(["alpha"]) as llm:
        # What another test left under way would bring the interrupt before the call.
        until(lambda: not providers.command("GET", "/health")["under_way"])
        interrupter = interrupt_soon(providers)
        with pytest.raises(KeyboardInterrupt):  # noqa: PT012 - a stream is more than one statement
            if where == "complete":
                llm.complete("hello", deadline_s=20)
            else:
                with llm.stream("hello", deadline_s=20) as events:
                    list(events)
        interrupter.join()
        until(lambda: notes.calls)
        until(lambda: not providers.command("GET", "/health")["under_way"])
        providers.heal("alpha")
        assert llm.complete("hello").provider == "alpha"

    assert [trace.outcome for trace in notes.calls] == ["cancelled", "answered"]


def test_after_close_it_says_so(make):
    """A closed client is a clear error, closing again is none, and a stream that was open is over."""
    llm = make()
    with llm.stream("hello") as events:
        next(events)
        llm.close()
        llm.close()
        with pytest.raises(ConfigurationError, match="was closed"):
            list(events)
    for use in (lambda: llm.complete("hello"), llm.breaker_states, llm.stream("hello").__enter__):
        with pytest.raises(ConfigurationError, match="was closed"):
            use()


def test_closing_ends_calls_of_other_threads(make, providers, notes):
    """A thread that waits gets an error instead of waiting for ever; its call is on the record."""
    providers.fault("alpha", "stall", after_tokens=0)
    llm = make(["alpha"])
    with ThreadPoolExecutor(2) as pool:
        calls = [
            pool.submit(llm.complete, "hello", deadline_s=30),
            pool.submit(llm.stream("hello").__enter__),
        ]
        until(lambda: providers.command("GET", "/health")["under_way"] == 2)
        llm.close()
        for call in calls:
            with pytest.raises(LLMError, match="closed while this call ran"):
                call.result(PATIENCE_S)

    assert [trace.outcome for trace in notes.calls] == ["cancelled", "cancelled"]


def test_an_observer_that_calls_back_is_told_instead_of_hanging(make):
    """The loop's own thread cannot wait for itself."""
    caught = []

    class Observer:
        def attempt_finished(self, context, record):
            pass

        def call_finished(self, trace):
            try:
                llm.complete("and again")
            except ConfigurationError as error:
                caught.append(error)

    with LLMManager(make().settings, observers=[Observer()]) as llm:
        llm.complete("hello")

    assert len(caught) == 1


def test_a_forgotten_client_stops_its_thread(make):
    """Collected without close: its loop, thread and connections go."""
    llm = make()
    llm.complete("hello")
    gone = weakref.ref(llm)
    assert len(portal_threads()) == 1
    del llm
    gc.collect()

    assert gone() is None
    until(lambda: not portal_threads())


async def test_another_loop_is_refused_by_the_asynchronous_client(service, providers):
    """A client belongs to the loop of its first call: used from another one, it says so and does not hang."""
    async with service() as llm:
        await llm.complete("hello")

        def elsewhere():
            async def use():
                with pytest.raises(ConfigurationError, match="another event loop"):
                    await llm.complete("hello")
                with pytest.raises(ConfigurationError, match="another event loop"):
                    async with llm.stream("hello"):
                        pass

            asyncio.run(use())

        await asyncio.to_thread(elsewhere)
        assert (await llm.complete("hello")).text


def test_a_closed_asynchronous_client_may_begin_on_another_loop(providers):
    """One loop after the other, closed in between."""
    llm = seawall.LLMManager.from_settings(environ={}, overrides=providers.settings())

    async def use():
        async with llm:
            return await llm.complete("hello")

    assert asyncio.run(use()).text
    assert asyncio.run(use()).text


def test_the_old_path_of_a_rollout_runs_in_the_callers_own_thread(make, providers):
    """Where its connections and transactions are; what it returns or raises reaches the caller as it is."""
    here = threading.current_thread()
    rollout = {"stage": "percent", "percent": 0}

    def old():
        return threading.current_thread()

    def broken():
        raise ZeroDivisionError("old")

    def interrupted():
        raise KeyboardInterrupt

    with make(rollout=rollout) as llm:
        assert llm.rollout("hello", old=old).value is here
        assert not llm.takes_new_path("user-1")
        with pytest.raises(ZeroDivisionError):
            llm.rollout("hello", old=broken)
        with pytest.raises(KeyboardInterrupt):
            llm.rollout("hello", old=interrupted)

        changes = llm.reload(make(rollout={"stage": "percent", "percent": 100}).settings)
        assert [change.name for change in changes] == ["rollout.percent"]
        assert llm.rollout("hello", old=old).value.provider == "alpha"
        llm.kill()
        assert llm.rollout("hello", old=old).value is here
        assert llm.rollout_position.decided_by == "kill"
        llm.revive()
        assert llm.rollout_position.decided_by == "settings"


def test_an_interrupted_old_path_leaves_the_client_as_it_was(make):
    """Ctrl-C inside of it, any number of times, ends that call alone; so does a close in another thread."""

    def interrupted():
        raise KeyboardInterrupt

    with make(rollout={"stage": "percent", "percent": 0}) as llm:
        for _ in range(50):
            with pytest.raises(KeyboardInterrupt):
                llm.rollout("hello", old=interrupted)
        assert llm.complete("hello").text
        with pytest.raises(LLMError, match="closed while this call ran"):
            llm.rollout("hello", old=llm.close)


def test_vectors_come_by_the_same_way(providers):
    """Embeddings, with their provider and its usage."""
    settings = providers.settings(["alpha"])
    settings["providers"][0]["embedding_model"] = "vectors"
    with LLMManager.from_settings(environ={}, overrides=settings) as llm:
        answer = llm.embed(["one", "two"])

    assert answer.provider == "alpha"
    assert len(answer.vectors) == 2


def test_it_has_what_the_asynchronous_client_has():
    """Whatever one can do, the other can."""

    def names(cls):
        return {name for name in dir(cls) if not name.startswith("_")}

    asynchronous = names(seawall.LLMManager) - {"aclose"}
    missing = asynchronous - names(LLMManager)

    assert missing == set()


def test_importing_seawall_does_not_import_it():
    """Who awaits pays nothing for threads."""
    code = "import seawall, sys; sys.exit('seawall.sync' in sys.modules)"

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
