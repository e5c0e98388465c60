"""Clients and processes: forked workers, multiprocessing, and interpreters that end without a close."""

import json
import subprocess
import sys
import textwrap
import time

import pytest

pytestmark = pytest.mark.real_processes

HEAD = '''
import asyncio, contextlib, json, multiprocessing, os, sys, threading, time, urllib.request

import seawall
from seawall.sync import LLMManager

world = json.loads(sys.stdin.readline())


def make(kind=LLMManager):
    return kind.from_settings(environ={}, overrides=world["settings"])


def in_child(work, leave=sys.exit):
    """Fork. Return what `work` returns in the child, and a function that lets the child go."""
    reads, writes = os.pipe()
    held, go = os.pipe()
    if os.fork() == 0:
        os.write(writes, json.dumps(work()).encode())
        os.read(held, 1)
        leave(0)
    os.close(writes)
    told = json.loads(os.read(reads, 65536))
    return told, lambda: (os.write(go, b"."), os.wait()[1])[1]


def journal():
    with urllib.request.urlopen(world["control"] + "/journal") as response:
        return json.loads(response.read())["rows"]


def chat(llm, name):
    answer = llm.complete("hello", call_id=name)
    with llm.stream("hello", call_id=name + "s") as events:
        *_, last = events
    return [answer.provider, last.completion.provider]
'''


@pytest.fixture
def script(providers):
    """Run a script in a process of its own, with settings for the fake providers; return what it prints."""

    def run(body, **options):
        world = {"settings": providers.settings(**options), "control": providers.control}
        result = subprocess.run(
            [sys.executable, "-W", "ignore::DeprecationWarning", "-c", HEAD + textwrap.dedent(body)],
            input=json.dumps(world) + "\n",
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert (result.returncode, result.stderr) == (0, "")
        return json.loads(result.stdout or "null")

    return run


def connections(providers):
    """The connections that each process used; call ids begin with its name."""
    used = {}
    for row in providers.journal():
        used.setdefault(row["client_request_id"][0], set()).add(row["connection"])
    return used


def test_workers_forked_from_a_preloaded_service_work(script, providers):
    """Made before the fork and not yet used: every worker has a working client."""
    told = script("""
        llm = make()
        workers = [in_child(lambda: chat(llm, f"{name}-1")) for name in "abcd"]
        print(json.dumps([[told, finish()] for told, finish in workers]))
    """)

    assert told == [[["alpha", "alpha"], 0]] * 4
    assert len(connections(providers)) == 4


def test_a_child_of_a_client_in_use_has_connections_of_its_own(script, providers):
    """Used before the fork, and after it on both sides: no socket is shared, nobody's thread is missing."""
    told = script("""
        llm = make()
        before = chat(llm, "p-1")
        child, finish = in_child(lambda: chat(llm, "c-1"))
        after = chat(llm, "p-2")
        print(json.dumps([before, child, after, finish()]))
    """)
    used = connections(providers)

    assert told == [["alpha", "alpha"]] * 3 + [0]
    assert used["p"].isdisjoint(used["c"])
    assert len(used["p"]) == 1


@pytest.mark.parametrize("kind", ["sync", "sync where uvloop is the policy", "async"])
def test_a_child_does_not_keep_its_parents_streams_alive(script, providers, kind):
    """The parent leaves a stream while a child lives: the provider sees its client leave."""
    providers.fault("alpha", "stall", after_tokens=2)
    outcome = script(
        f"kind = {kind!r}"
        + textwrap.dedent("""
        if "uvloop" in kind:
            import uvloop

            uvloop.install()

        def seen():
            until = time.monotonic() + 10
            while not journal() and time.monotonic() < until:
                time.sleep(0.01)
            return [row["outcome"] for row in journal()]

        async def leave():
            async with make(seawall.LLMManager) as llm:
                async with llm.stream("hello") as events:
                    await anext(events)
                    _, finish = in_child(lambda: None, os._exit)
                return await asyncio.to_thread(seen), finish()

        if kind == "async":
            print(json.dumps(asyncio.run(leave())))
        else:
            llm = make()
            with llm.stream("hello") as events:
                next(events)
                _, finish = in_child(lambda: None)
            print(json.dumps([seen(), finish()]))
        """)
    )

    assert outcome == [["client_left"], 0]


def test_a_fork_in_the_middle_of_calls_of_other_threads_does_no_harm(script):
    """Whatever locks they hold at that moment: the child's client works, and the parent's calls go on."""
    told = script("""
        llm = make()
        stop, answered, failed = threading.Event(), [], []

        def call():
            while not stop.is_set():
                try:
                    answered.append(llm.complete("hello").provider)
                except Exception as error:
                    failed.append(repr(error))

        threads = [threading.Thread(target=call) for _ in range(8)]
        for thread in threads:
            thread.start()
        children = []
        for number in range(6):
            until = len(answered) + 5
            while len(answered) < until and not failed:
                time.sleep(0.001)
            children.append(in_child(lambda: chat(llm, f"c{number}")))
        stop.set()
        for thread in threads:
            thread.join()
        print(json.dumps([[told, finish()] for told, finish in children] + failed))
    """)

    assert told == [[["alpha", "alpha"], 0]] * 6


def test_multiprocessing_may_fork(script):
    """A pool of forked processes shares the module's client by name only."""
    told = script("""
        llm = make()
        llm.complete("hello")

        def work(number):
            return chat(llm, f"{number}-")

        with multiprocessing.get_context("fork").Pool(3) as pool:
            print(json.dumps(pool.map(work, range(9))))
    """)

    assert told == [["alpha", "alpha"]] * 9


def test_the_asynchronous_client_says_that_it_was_forked(script):
    """In a child of the process that used it, it is an error at once, never a call that hangs."""
    told = script("""
        llm = make(seawall.LLMManager)

        async def use():
            try:
                async with llm.stream("hello"):
                    pass
                return (await llm.complete("hello")).provider
            except seawall.ConfigurationError as error:
                return str(error)

        async def parent():
            await llm.complete("hello")
            return await asyncio.to_thread(in_child, lambda: asyncio.run(use()), os._exit)

        async def use_and_close():
            async with llm:
                return await use()

        unused, finish_unused = in_child(lambda: asyncio.run(use_and_close()))
        used, finish_used = asyncio.run(parent())
        asyncio.run(llm.aclose())
        print(json.dumps([unused, finish_unused(), used, finish_used()]))
    """)

    assert told[:2] == ["alpha", 0]
    assert "forked" in told[2]
    assert "seawall.sync" in told[2]


@pytest.mark.parametrize(
    ("busy", "outcome"), [("idle", "answered"), ("a call", "cancelled"), ("a stream", "cancelled")]
)
def test_an_interpreter_ends_without_a_close(script, providers, busy, outcome):
    """At once, in silence and with its calls ended in order, whatever is going on."""
    if busy != "idle":
        providers.fault("alpha", "stall", after_tokens=2)
    started = time.monotonic()
    told = script(
        f"busy = {busy!r}"
        + textwrap.dedent("""
        class Observer:
            def attempt_finished(self, context, record):
                pass

            def call_finished(self, trace):
                os.write(1, json.dumps(trace.outcome).encode())

        def call():
            with contextlib.suppress(seawall.LLMError):
                llm.complete("hello")

        llm = LLMManager(make().settings, observers=[Observer()])
        if busy == "a call":
            threading.Thread(target=call, daemon=True).start()
        elif busy == "a stream":
            events = llm.stream("hello").__enter__()
        else:
            llm.complete("hello")
        while busy != "idle" and not json.loads(urllib.request.urlopen(world["control"] + "/health").read())["under_way"]:
            time.sleep(0.005)
        """)
    )

    assert told == outcome
    assert time.monotonic() - started < 8
