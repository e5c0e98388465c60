"""Settings are reloaded under traffic: nothing is dropped, nothing that was learnt is forgotten."""

import asyncio
import logging
import os
import re
import signal
from pathlib import Path

import pytest
import yaml

from seawall import (
    AllProvidersFailed,
    ConfigurationError,
    Done,
    LLMManager,
    SettingsError,
    StreamRestarted,
    TextDelta,
    load_settings,
)

pytestmark = pytest.mark.real_processes
KEY = "sk-integration-0123456789"
README = Path(__file__).parents[2] / "client" / "README.md"


@pytest.fixture
def file(providers, tmp_path, monkeypatch):
    """A settings file to be written again, in a folder of its own; keys come from the environment."""
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "seawall.yaml"

    def write(names=("alpha", "beta"), **options):
        document = providers.settings(names)
        for provider in document["providers"]:
            del provider["api_key"]
            provider.update(api_key_env="KEY", **options.pop(provider["name"], {}))
        path.write_text(yaml.safe_dump({**document, **options}), encoding="utf-8")
        return path

    write()
    write.path = path
    return write


@pytest.fixture
async def llm(file, notes):
    """A service that was started with that file."""
    manager = LLMManager.from_settings(file.path, environ={"KEY": KEY}, observers=[notes])
    async with manager as llm:
        yield llm


def session_of(llm):
    """The HTTP session in use: while it is the same, connections are kept."""
    return llm.client._connections.engine._session


async def test_what_changed_is_returned_and_logged(llm, file, logger, caplog):
    """By dotted names with both values and places; keys, headers and passwords do not show."""
    caplog.set_level(logging.INFO, "seawall")
    file(
        ("beta", "alpha"),
        alpha={"headers": {"X-Pass": "very-private"}},
        deadline_s=9,
        http={"proxy": "http://user:very-private@127.0.0.1:1"},
    )
    changes = await llm.reload()
    by_name = {change.name: change for change in changes}

    assert list(by_name) == ["providers", "providers.alpha.headers", "deadline_s", "http.proxy"]
    assert by_name["providers"].after == ["beta", "alpha"]
    assert (by_name["deadline_s"].before, by_name["deadline_s"].after) == (60.0, 9.0)
    assert by_name["deadline_s"].origin_before == "default"
    assert by_name["deadline_s"].origin_after.endswith("seawall.yaml:1")
    assert by_name["providers.alpha.headers"].after == {"X-Pass": "***"}
    assert "very-private" not in f"{changes} {caplog.text} {list(map(str, changes))}"
    assert "deadline_s: 60.0 (default) -> 9.0" in caplog.text
    assert llm.settings.deadline_s == 9


async def test_the_next_call_goes_by_the_new_settings(llm, file, providers):
    """Other providers, another order, another model, another limit."""
    assert (await llm.complete("one")).provider == "alpha"
    file(("gamma", "alpha"), deadline_s=7)
    await llm.reload()
    answer = await llm.complete("two")

    assert (answer.provider, answer.trace.deadline_s) == ("gamma", 7)
    assert llm.breaker_states() == {"gamma": "closed", "alpha": "closed"}


async def test_wrong_settings_change_nothing(llm, file):
    """Everything that is wrong is said at once, and the service goes on as before."""
    file(("beta",), deadline_s=0, retry={"attempts_max": "many"}, rollout={"stage": "onn"})
    with pytest.raises(SettingsError) as caught:
        await llm.reload()

    assert len(caught.value.problems) == 3
    assert llm.settings.deadline_s == 60
    assert (await llm.complete("still there?")).provider == "alpha"


async def test_nothing_new_changes_nothing(llm):
    """And keeps the connections."""
    await llm.complete("one")
    before = session_of(llm)

    assert await llm.reload() == ()
    await llm.complete("two")
    assert session_of(llm) is before


async def test_a_running_stream_finishes_on_what_it_began_with(llm, file, providers, meant, leaks):
    """Its provider and even its connections are gone from the settings; it is not cut, and then nothing is left."""
    text, reloaded = "", False
    async with llm.stream("hello") as events:
        async for event in events:
            if isinstance(event, TextDelta):
                text += event.text
            assert not isinstance(event, StreamRestarted)
            if not reloaded:
                reloaded = True
                former = session_of(llm)
                file(("beta",), http={"keepalive_s": 3}, streaming={"on_midstream_failure": "raise"})
                await llm.reload()
                assert (await llm.complete("meanwhile")).provider == "beta"
                assert not former.closed
    rows = await providers.saw(2)
    for _ in range(20):
        await asyncio.sleep(0)

    assert isinstance(event, Done)
    assert event.completion.provider == "alpha"
    assert meant(next(row for row in rows if row["provider"] == "alpha"), text)
    assert former.closed
    assert not session_of(llm).closed
    assert await leaks(llm) == {"tasks": 0, "connections": 0, "probes": 0}


async def test_what_was_learnt_of_a_provider_is_kept(llm, file, providers):
    """An open breaker stays open, a rest goes on, a forced breaker stays forced, and budgets are not refilled."""
    providers.fault("alpha", "http_status", status=503)
    providers.fault("beta", "http_status", status=429, retry_after=30)
    file(("alpha", "beta", "gamma"))
    await llm.reload()
    for number in range(3):
        await llm.complete(f"hello {number}")
    llm.force_breaker("gamma", "closed")
    assert llm.breaker_states() == {"alpha": "open", "beta": "closed", "gamma": "closed"}
    providers.reset()
    llm.client.fleet.retry_budget._tokens = 3.0

    file(("alpha", "beta", "gamma"), breaker={"open_s": 50}, deadline_s=20)
    await llm.reload()
    assert llm.breaker_states()["alpha"] == "open"
    assert llm.client.fleet.retry_budget._tokens == 3.0
    assert (await llm.complete("still resting")).provider == "gamma"
    assert [row["provider"] for row in await providers.saw(1)] == ["gamma"]

    llm.force_breaker("gamma", "open")
    file(("beta", "gamma", "alpha"), alpha={"headers": {"X-Team": "harbour"}})
    await llm.reload()
    assert llm.breaker_states() == {"beta": "closed", "gamma": "open", "alpha": "open"}


async def test_other_policies_hold_for_what_was_learnt(llm, file, providers):
    """A breaker that is kept goes by its new options from the next failure on."""
    await llm.complete("hello")
    file(breaker={"consecutive_failures": 1})
    await llm.reload()
    providers.fault("alpha", "http_status", status=503)
    await llm.complete("hello")

    assert llm.breaker_states()["alpha"] == "open"


async def test_another_address_or_model_is_another_provider(llm, file, providers):
    """Nothing that was learnt of the former one is held against it; what an operator forced still is."""
    providers.fault("alpha", "http_status", status=503)
    for number in range(3):
        await llm.complete(f"hello {number}")
    assert llm.breaker_states()["alpha"] == "open"

    llm.force_breaker("beta", "open")
    file(**{name: {"base_url": f"{providers.base_urls[name]}/"} for name in ("alpha", "beta")})
    await llm.reload()
    assert llm.breaker_states() == {"alpha": "closed", "beta": "open"}


async def test_only_other_http_settings_open_other_connections(llm, file):
    """The former session is closed as soon as nothing uses it."""
    await llm.complete("one")
    before = session_of(llm)
    file(deadline_s=5)
    await llm.reload()
    await llm.complete("two")
    assert session_of(llm) is before

    file(http={"keepalive_s": 7})
    await llm.reload()
    await llm.complete("three")
    assert session_of(llm) is not before
    assert before.closed


async def test_a_key_is_changed_without_a_restart(file, providers, tmp_path):
    """The .env file is read again; the environment of a running process cannot be changed from outside."""
    (tmp_path / ".env").write_text("KEY=sk-wrong\n", encoding="utf-8")
    async with LLMManager.from_settings(file(("alpha",)), environ={}) as llm:
        with pytest.raises(Exception, match="auth"):
            await llm.complete("hello")
        (tmp_path / ".env").write_text(f"KEY={KEY}\n", encoding="utf-8")
        (change,) = await llm.reload()
        answer = await llm.complete("hello")

    assert (change.name, change.before, change.after) == ("providers.alpha.api_key", "***", "***")
    assert answer.provider == "alpha"


async def test_what_was_held_against_a_key_is_not_held_against_the_next_one(file, providers, tmp_path):
    """Where a quota is used up, a person puts in another key: it is used at once."""
    (tmp_path / ".env").write_text("KEY=sk-used-up\n", encoding="utf-8")
    providers.fault("alpha", "http_status", status=429, retry_after=300)
    async with LLMManager.from_settings(file(("alpha", "beta")), environ={}) as llm:
        with pytest.raises(AllProvidersFailed, match="rate_limited"):
            await llm.complete("hello")
        providers.reset()
        (tmp_path / ".env").write_text(f"KEY={KEY}\n", encoding="utf-8")
        await llm.reload()
        answer = await llm.complete("hello")

    assert answer.provider == "alpha"


async def test_reloading_under_traffic_drops_no_call(llm, file, providers, leaks):
    """Two hundred calls and streams while everything is changed again and again, all answered."""

    async def traffic(number):
        await asyncio.sleep(number * 0.002)
        if number % 2:
            return (await llm.complete(f"c {number}")).text
        async with llm.stream(f"s {number}") as events:
            async for _ in events:
                pass
        return events.completion.text

    async def reloads():
        for number in range(20):
            names = [("alpha", "beta"), ("gamma", "alpha"), ("beta",)][number % 3]
            file(names, http={"keepalive_s": 5 + number % 2}, deadline_s=20 + number)
            await asyncio.gather(llm.reload(), llm.reload())
            await asyncio.sleep(0.01)

    texts, _ = await asyncio.gather(asyncio.gather(*map(traffic, range(200))), reloads())

    assert all(texts)
    assert await leaks(llm) == {"tasks": 0, "connections": 0, "probes": 0}


async def test_a_manager_made_from_settings_is_given_new_ones(providers):
    """There is nothing that it could read again."""
    overrides = providers.settings(("alpha",))
    async with LLMManager(load_settings(environ={}, overrides=overrides)) as llm:
        with pytest.raises(ConfigurationError, match="give reload"):
            await llm.reload()
        changes = await llm.reload(load_settings(environ={}, overrides={**overrides, "deadline_s": 3}))

    assert [change.name for change in changes] == ["deadline_s"]


async def test_a_hang_up_signal_reloads(llm, file, caplog):
    """What the README shows, with a real signal: wrong settings are logged, right ones are taken."""
    (code,) = re.findall(
        r"<!-- example: hangup -->\n```python\n(.*?)```", README.read_text("utf-8"), re.DOTALL
    )
    names = {}
    exec(compile(code, "README.md", "exec"), names)
    running = asyncio.create_task(names["reload_on_hangup"](llm))
    await asyncio.sleep(0)

    for deadline_s, heard in (
        (0, lambda: "deadline_s = 0" in caplog.text),
        (4, lambda: llm.settings.deadline_s == 4),
    ):
        file(deadline_s=deadline_s)
        os.kill(os.getpid(), signal.SIGHUP)
        for _ in range(500):
            if heard():
                break
            await asyncio.sleep(0.01)
        assert heard()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    asyncio.get_running_loop().remove_signal_handler(signal.SIGHUP)
