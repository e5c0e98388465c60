"""A service moves from its old path to the client: stages, the kill switch, and a flag service that misbehaves."""

import asyncio
import json
import subprocess
import sys
import threading
import time

import msgspec
import pytest
from openfeature import api
from openfeature.flag_evaluation import FlagResolutionDetails
from openfeature.provider.in_memory_provider import InMemoryFlag, InMemoryProvider

from seawall import (
    AllProvidersFailed,
    ConfigurationError,
    LLMManager,
    RolloutObserver,
    RolloutPosition,
    configure_json_logs,
)
from seawall.rollout.options import RolloutOptions

pytestmark = pytest.mark.real_processes
NOTHING_LEFT = {"tasks": 0, "connections": 0, "probes": 0}


class RolloutNotes:
    """An observer that keeps what it is told of rollouts."""

    def __init__(self):
        self.records = asyncio.Queue()

    def attempt_finished(self, context, record):
        pass

    def call_finished(self, trace):
        pass

    def rollout_finished(self, record):
        self.records.put_nowait(record)

    async def next(self):
        return await asyncio.wait_for(self.records.get(), 5)


@pytest.fixture
def told():
    """What observers hear of rollouts."""
    notes = RolloutNotes()
    assert isinstance(notes, RolloutObserver)
    return notes


@pytest.fixture
def start(providers, told):
    """Make an LLMManager on the fake providers with rollout settings."""

    def start(names=("alpha", "beta"), **rollout):
        overrides = providers.settings(names, rollout=rollout, retry={"attempts_per_provider": 1})
        return LLMManager.from_settings(environ={}, overrides=overrides, observers=[told])

    return start


async def old():
    """The path that a service has today."""
    return "the old answer"


async def test_moving_over_in_stages(start, told, providers):
    """Off, shadow, a percentage, on: by reloading, with the same line of code in the service."""
    path_of = {}
    overrides = providers.settings(("alpha", "beta"))
    async with LLMManager.from_settings(environ={}, overrides=overrides, observers=[told]) as llm:
        for stage, percent in (("off", 0), ("shadow", 0), ("percent", 30), ("percent", 60), ("on", 0)):
            rollout = {"stage": stage, "percent": percent, "shadow_share": 1, "shadow_concurrent_max": 20}
            await llm.reload(
                LLMManager.from_settings(environ={}, overrides={**overrides, "rollout": rollout}).settings
            )
            answers = [await llm.rollout("hello", old=old, key=f"user-{n}") for n in range(20)]
            path_of[stage, percent] = [answer.path for answer in answers]
            records = [await told.next() for _ in answers]
            assert {record.stage for record in records} == {stage}
            assert all(record.new for record in records) == (stage in {"shadow", "on"})

    assert set(path_of["off", 0]) == set(path_of["shadow", 0]) == {"old"}
    assert set(path_of["on", 0]) == {"new"}
    first, second = path_of["percent", 30], path_of["percent", 60]
    assert 0 < first.count("new") < second.count("new") < 20
    assert all(after == "new" for before, after in zip(first, second, strict=True) if before == "new")


async def test_a_shadow_is_a_real_call_that_nobody_waits_for(start, told, providers, leaks):
    """The providers hang: the old path's answers come at once, the shadow's failure is on record."""
    for name in ("alpha", "beta"):
        providers.fault(name, "blackhole")
    async with start(stage="shadow", shadow_share=1) as llm:
        started = time.monotonic()
        answer = await llm.rollout("hello", old=old, deadline_s=0.3, call_id="c1")
        assert time.monotonic() - started < 0.1
        record = await told.next()
        assert await leaks(llm) == NOTHING_LEFT

    assert (answer.text, answer.path) == ("the old answer", "old")
    assert (record.new.outcome, record.new.error) == ("failed", "DeadlineExceeded")
    assert 0.25 < record.new.latency_s < 1.0
    assert record.call_id == "c1-shadow"


async def test_the_old_path_stands_in_during_the_percentage(start, told, providers):
    """Every provider is down: no caller sees it, the record does."""
    for name in ("alpha", "beta"):
        providers.fault(name, "http_status", status=503)
    async with start(stage="percent", percent=100) as llm:
        answer = await llm.rollout("hello", old=old, key=1)
        record = await told.next()
        await llm.reload(start(stage="on").settings)
        with pytest.raises(AllProvidersFailed):
            await llm.rollout("hello", old=old, key=1)

    assert answer.text == "the old answer"
    assert (record.fell_back, record.new.error, record.old.outcome) == (
        True,
        "AllProvidersFailed",
        "answered",
    )


async def test_the_kill_switch(start, told, providers, leaks):
    """At once and for every key; a reload does not lift it; `complete` is served; reviving goes on as before."""
    async with start(stage="on") as llm:
        assert (await llm.rollout("hello", old=old)).path == "new"
        assert llm.takes_new_path("anybody")
        llm.kill()
        await llm.reload(start(stage="percent", percent=100).settings)
        assert (await llm.rollout("hello", old=old)).path == "old"
        assert not llm.takes_new_path("anybody")
        assert llm.rollout_position == RolloutPosition(stage="off", percent=0.0, decided_by="kill")
        assert (await llm.complete("hello")).provider == "alpha"
        llm.revive()
        assert llm.rollout_position == RolloutPosition(stage="percent", percent=100.0, decided_by="settings")
        assert (await llm.rollout("hello", old=old)).path == "new"
        await llm.reload(start(stage="percent", percent=100, killed=True).settings)
        assert (await llm.rollout("hello", old=old)).path == "old"


async def test_killing_cancels_shadows(start, told, providers, leaks):
    """No request of theirs runs on."""
    providers.fault("alpha", "blackhole")
    async with start(("alpha",), stage="shadow", shadow_share=1) as llm:
        for _ in range(3):
            await llm.rollout("hello", old=old)
        await asyncio.sleep(0.05)
        llm.kill()
        records = [await told.next() for _ in range(3)]
        assert await leaks(llm) == NOTHING_LEFT

    assert [record.new.outcome for record in records] == ["cancelled"] * 3


async def test_the_log_has_a_line_for_each_call_and_no_text(start, told, logger, tmp_path):
    """With both outcomes; it is no torn or foreign line to who reads the log."""
    log = tmp_path / "seawall.log"
    with log.open("w", encoding="utf-8") as stream:
        configure_json_logs(stream)
        async with start(stage="shadow", shadow_share=1) as llm:
            await llm.rollout("very private", old=old, key="very-private-key", call_id="c1")
            await told.next()
    text = log.read_text(encoding="utf-8")
    lines = [json.loads(line) for line in text.splitlines()]
    (line,) = [line for line in lines if line["event"] == "llm.rollout"]

    assert (line["stage"], line["path"], line["shadow"], line["agreement"]) == (
        "shadow",
        "old",
        "observed",
        0.0,
    )
    assert (line["old_outcome"], line["new_outcome"], line["call_id"]) == (
        "answered",
        "answered",
        "c1-shadow",
    )
    assert {"llm.attempt", "llm.call"} <= {line["event"] for line in lines}
    assert "private" not in text
    assert "old answer" not in text


# The flag


class MoodyProvider(InMemoryProvider):
    """A flag service whose string flag is what `mood` makes of it."""

    def __init__(self):
        super().__init__({})
        self.asked = threading.Event()
        self.let_go = threading.Event()
        self.mood = lambda: "on"

    def resolve_string_details(self, flag_key, default_value, evaluation_context=None):
        try:
            return FlagResolutionDetails(value=self.mood())
        finally:
            self.asked.set()

    def hang(self):
        self.let_go.wait(30)
        return "off"

    async def answers(self, mood):
        """Change the mood, and wait until it was felt twice: then the first answer has been taken."""
        self.mood = mood
        for _ in range(2):
            self.asked.clear()
            assert await asyncio.to_thread(self.asked.wait, 5)


@pytest.fixture
def flags():
    """A flag service that does as it is told."""
    provider = MoodyProvider()
    api.set_provider(provider, domain="seawall")
    yield provider
    provider.let_go.set()
    api.clear_providers()


def fail():
    raise ConnectionError("down")


async def test_the_flag_decides_where_it_is_understood(start, flags):
    """The settings until it says something; then its last word that meant something, whatever it does."""
    async with start(flag="new-llm", flag_refresh_s=0.1, stage="off") as llm:
        assert llm.rollout_position.decided_by == "flag"
        assert (await llm.rollout("hello", old=old)).path == "new"
        await flags.answers(lambda: "25")
        assert llm.rollout_position == RolloutPosition(stage="percent", percent=25.0, decided_by="flag")
        for lie in (lambda: "banana", lambda: "250", lambda: "", lambda: True, lambda: None, fail):
            await flags.answers(lie)
            assert llm.rollout_position == RolloutPosition(stage="percent", percent=25.0, decided_by="flag")
        llm.kill()
        assert (await llm.rollout("hello", old=old)).path == "old"


async def test_entering_waits_a_moment_for_the_flag(start, flags):
    """So that nobody is moved back by a restart."""
    flags.mood = lambda: time.sleep(0.2) or "on"
    async with start(flag="new-llm", stage="off") as llm:
        assert llm.rollout_position.decided_by == "flag"


async def test_a_flag_service_that_hangs_holds_nobody_up(start, flags):
    """Neither starting (beyond its wait), nor calls, nor reloading, nor closing."""
    flags.mood = flags.hang
    started = time.monotonic()
    async with start(flag="new-llm", flag_wait_s=0.05, stage="off") as llm:
        assert (await llm.rollout("hello", old=old)).path == "old"
        assert llm.rollout_position.decided_by == "settings"
        await llm.reload(start(flag="new-llm", stage="percent", percent=100).settings)
        assert (await llm.rollout("hello", old=old)).path == "new"

    assert time.monotonic() - started < 2.0


async def test_another_flag_forgets_the_former_ones_word(start, providers):
    """A reload names another key; its value is read at once."""
    values = {"first": "on", "second": "shadow"}
    flag_of = {key: InMemoryFlag(default_variant="v", variants={"v": value}) for key, value in values.items()}
    api.set_provider(InMemoryProvider(flag_of), domain="seawall")
    async with start(flag="first", flag_refresh_s=60) as llm:
        assert llm.rollout_position.stage == "on"
        await llm.reload(start(flag="second", flag_refresh_s=60).settings)
        async with asyncio.timeout(5):
            while llm.rollout_position.stage != "shadow":
                assert llm.rollout_position.stage == "off"
                await asyncio.sleep(0.005)
        await llm.reload(start().settings)
        assert llm.rollout_position == RolloutPosition(stage="off", percent=0.0, decided_by="settings")
    api.clear_providers()


async def test_without_a_provider_the_settings_decide(start):
    """OpenFeature then gives back the default, which says nothing."""
    async with start(flag="new-llm", stage="on") as llm:
        assert llm.rollout_position.decided_by == "settings"


def test_a_process_ends_while_the_flag_service_hangs(start, providers):
    """Its thread is none that anybody waits for; and OpenFeature is imported only where there is a flag."""
    code = f"""
import asyncio, sys, threading
from seawall import LLMManager
async def main():
    overrides = {providers.settings(("alpha",))!r}
    async with LLMManager.from_settings(environ={{}}, overrides=overrides) as llm:
        assert "openfeature" not in sys.modules
    from openfeature import api
    from openfeature.provider.in_memory_provider import InMemoryProvider
    asked = threading.Event()
    class Hangs(InMemoryProvider):
        def resolve_string_details(self, *args, **kwargs):
            asked.set()
            threading.Event().wait()
    api.set_provider(Hangs({{}}))
    overrides["rollout"] = {{"flag": "f", "flag_wait_s": 0.05}}
    async with LLMManager.from_settings(environ={{}}, overrides=overrides) as llm:
        print(llm.rollout_position.decided_by, await asyncio.to_thread(asked.wait, 5))
asyncio.run(main())
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=False
    )

    assert (done.stdout, done.returncode) == ("settings True\n", 0), done.stderr


async def test_a_flag_without_its_extra_is_one_clear_error(start, monkeypatch):
    """When the manager is made, and on reloading, which then changes nothing."""
    monkeypatch.setitem(sys.modules, "openfeature", None)
    with pytest.raises(ConfigurationError, match=r"seawall\[openfeature\]"):
        start(flag="new-llm")
    async with start() as llm:
        flagged = msgspec.structs.replace(llm.settings, rollout=RolloutOptions(flag="new-llm", stage="on"))
        with pytest.raises(ConfigurationError, match=r"seawall\[openfeature\]"):
            await llm.reload(flagged)
        assert llm.rollout_position.stage == "off"
