"""Policies that live on what is said on the wire, or in a call's options: from settings and headers to who is asked."""

import asyncio

import pytest

from seawall.errors import ConfigurationError, Overloaded
from seawall.llm_manager import LLMManager
from seawall.settings import load_settings


class Response:
    """A whole answer with headers."""

    status = 200

    def __init__(self, document, headers):
        self.headers = {"content-type": "application/json", **headers}
        self._chunks = iter([document])

    def __aiter__(self):
        return self

    async def __anext__(self):
        chunk = next(self._chunks, None)
        if chunk is None:
            raise StopAsyncIteration
        return chunk

    def abort(self):
        pass

    def release(self):
        pass


class Engine:
    """Answers at once with these headers, or when `gate` opens, and notes who was asked."""

    def __init__(self, document, headers):
        self.document, self.headers = document, headers
        self.asked = []
        self.gate = asyncio.Event()
        self.gate.set()

    async def send(self, request, *, connect_timeout_s):
        self.asked.append(request.url.split("//")[1].split("/")[0])
        await self.gate.wait()
        return Response(self.document, self.headers)

    async def aclose(self):
        pass


@pytest.fixture
def manager(samples):
    """Make a manager on a fake engine from settings: `manager(headers={...}, **settings)`."""

    def make(*, headers=None, **settings):
        def provider(name, **more):
            given = {"wire": "openai_chat", "model": "m", "base_url": f"http://{name}/v1", "auth": "none"}
            return {"name": name, **given, **more}

        overrides = {
            "providers": [
                provider("alpha", max_concurrent=1),
                provider("beta", tags=["eu"], max_concurrent=1),
            ],
            **settings,
        }
        engine = Engine(samples["openai_chat"].document, headers or {})
        return LLMManager(load_settings(environ={}, overrides=overrides), engine=engine), engine

    return make


async def test_headers_keep_calls_away_before_the_429(manager):
    """Who said in its last answer that nothing is left is not asked again."""
    spent = {"x-ratelimit-remaining-requests": "0", "x-ratelimit-reset-requests": "30s"}
    llm, engine = manager(headers=spent)
    async with llm:
        await llm.complete("Hello")
        answer = await llm.complete("Hello")

    assert engine.asked == ["alpha", "beta"]
    assert [skipped.provider for skipped in answer.trace.skipped] == ["alpha"]


async def test_required_tags_hold_from_the_callers_option_on(manager):
    """Settings say who has them; a tag that nobody has is the caller's error."""
    llm, engine = manager()
    async with llm:
        answer = await llm.complete("Hello", require_tags=["eu"])
        with pytest.raises(ConfigurationError, match="required tags: eu, mars"):
            await llm.complete("Hello", require_tags=["eu", "mars"])

    assert answer.provider == "beta"
    assert engine.asked == ["beta"]


async def test_waiting_calls_get_their_turn_on_the_event_loop(manager):
    """More calls than permits: each is served, none asks a provider beyond its limit, and nothing is held after."""
    llm, engine = manager()
    async with llm:
        engine.gate.clear()
        calls = [asyncio.create_task(llm.complete("Hello")) for _ in range(12)]
        for _ in range(20):
            await asyncio.sleep(0)
        assert engine.asked == ["alpha", "beta"]
        calls.pop().cancel()
        engine.gate.set()
        answers = await asyncio.wait_for(asyncio.gather(*calls), 5)

        assert len(answers) == 11
        assert [provider.permits.in_use for provider in llm.client.fleet.providers] == [0, 0]


async def test_load_is_shed_with_a_clear_error(manager):
    """With no room in line either."""
    llm, engine = manager(concurrency={"queue_max": 0})
    async with llm:
        engine.gate.clear()
        calls = [asyncio.create_task(llm.complete("Hello")) for _ in range(2)]
        for _ in range(20):
            await asyncio.sleep(0)
        with pytest.raises(Overloaded, match="alpha is full: 1 of 1 under way"):
            await llm.complete("Hello")
        engine.gate.set()
        await asyncio.gather(*calls)
