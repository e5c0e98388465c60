"""Ways to make one chat call, from bare HTTP to Seawall. Each says nothing but what it must.

A rival's is run by its own interpreter (`seawall_chaos.rivals`), so nothing is imported here but the standard library.
"""

# pyright: reportMissingImports=false
from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

Ask = Callable[[str], Awaitable[str]]
Contender = Callable[[str, str], contextlib.AbstractAsyncContextManager[Ask]]

_KEY = "bench"
_GROUPS = ("alpha", "beta", "gamma")
_DEADLINE_S = 60.0


def _body(model: str, prompt: str) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": prompt}]}


@contextlib.asynccontextmanager
async def aiohttp_bare(base_url: str, model: str) -> AsyncIterator[Ask]:
    """Aiohttp alone: one session, JSON in, JSON out. The floor that Seawall is measured against."""
    import aiohttp

    url = base_url + "/chat/completions"
    headers = {"Authorization": f"Bearer {_KEY}"}
    async with aiohttp.ClientSession(headers=headers, connector=aiohttp.TCPConnector(limit=0)) as session:

        async def ask(prompt: str) -> str:
            async with session.post(url, json=_body(model, prompt)) as response:
                answer = await response.json()
            return str(answer["choices"][0]["message"]["content"])

        yield ask


@contextlib.asynccontextmanager
async def httpx2_bare(base_url: str, model: str) -> AsyncIterator[Ask]:
    """httpx2 alone: what the official SDKs stand on."""
    import httpx2

    url = base_url + "/chat/completions"
    limits = httpx2.Limits(max_connections=None, max_keepalive_connections=None)
    async with httpx2.AsyncClient(headers={"Authorization": f"Bearer {_KEY}"}, limits=limits) as client:

        async def ask(prompt: str) -> str:
            answer = (await client.post(url, json=_body(model, prompt))).json()
            return str(answer["choices"][0]["message"]["content"])

        yield ask


@contextlib.asynccontextmanager
async def openai_sdk(base_url: str, model: str) -> AsyncIterator[Ask]:
    """The official SDK with its defaults."""
    import openai

    async with openai.AsyncOpenAI(api_key=_KEY, base_url=base_url) as client:

        async def ask(prompt: str) -> str:
            messages: Any = [{"role": "user", "content": prompt}]
            answer = await client.chat.completions.create(model=model, messages=messages)
            return answer.choices[0].message.content or ""

        yield ask


@contextlib.asynccontextmanager
async def litellm_acompletion(base_url: str, model: str) -> AsyncIterator[Ask]:
    """LiteLLM without its Router."""
    # The subject's module keeps it from asking the network for prices.
    from seawall_chaos.subjects.litellm import litellm

    async def ask(prompt: str) -> str:
        messages = [{"role": "user", "content": prompt}]
        answer = await litellm.acompletion(
            model=f"openai/{model}", api_base=base_url, api_key=_KEY, messages=messages
        )
        return str(answer.choices[0].message.content)

    yield ask


@contextlib.asynccontextmanager
async def litellm_router(base_url: str, model: str) -> AsyncIterator[Ask]:
    """LiteLLM's Router with fallbacks, as the subject `litellm` has it."""
    from seawall_chaos.endpoints import Endpoint
    from seawall_chaos.subjects.litellm import with_fallbacks

    router = with_fallbacks([Endpoint(name, "openai", model, base_url, _KEY) for name in _GROUPS])

    async def ask(prompt: str) -> str:
        messages: Any = [{"role": "user", "content": prompt}]
        answer = await router.acompletion(model=_GROUPS[0], messages=messages)
        return str(answer.choices[0].message.content)

    yield ask


@contextlib.asynccontextmanager
async def pydantic_ai(base_url: str, model: str) -> AsyncIterator[Ask]:
    """pydantic-ai's FallbackModel, as the subject of that name has it."""
    from seawall_chaos.endpoints import Endpoint
    from seawall_chaos.subject import CallLog
    from seawall_chaos.subjects.pydantic_ai import PydanticAI

    client = PydanticAI([Endpoint(name, "openai", model, base_url, _KEY) for name in _GROUPS])
    yield lambda prompt: client.complete(CallLog("bench", prompt, _DEADLINE_S))
    await client.aclose()


@contextlib.asynccontextmanager
async def avadhika(base_url: str, model: str) -> AsyncIterator[Ask]:
    """Avadhika, as the subject of that name has it."""
    from seawall_chaos.endpoints import Endpoint
    from seawall_chaos.subject import CallLog
    from seawall_chaos.subjects.avadhika import Avadhika

    client = Avadhika([Endpoint(name, "openai", model, base_url, _KEY) for name in _GROUPS])
    yield lambda prompt: client.complete(CallLog("bench", prompt, _DEADLINE_S))
    await client.aclose()


@contextlib.asynccontextmanager
async def seawall(base_url: str, model: str) -> AsyncIterator[Ask]:
    """Seawall with its defaults and everything on: policies, trace, one JSON log line an attempt and a call."""
    from pathlib import Path

    from seawall import LLMManager
    from seawall.telemetry.logs import configure_json_logs

    provider = {"name": "alpha", "wire": "openai_chat", "model": model, "base_url": base_url, "api_key": _KEY}
    with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        configure_json_logs(nowhere)
        async with LLMManager.from_settings(environ={}, overrides={"providers": [provider]}) as llm:

            async def ask(prompt: str) -> str:
                return (await llm.complete(prompt)).text

            yield ask


CONTENDERS: dict[str, Contender] = {
    "aiohttp": aiohttp_bare,
    "httpx2": httpx2_bare,
    "openai": openai_sdk,
    "litellm.acompletion": litellm_acompletion,
    "litellm.Router": litellm_router,
    "pydantic-ai": pydantic_ai,
    "avadhika": avadhika,
    "seawall": seawall,
}
# The subject of the harness in whose environment a contender runs.
RUNS_AS = {
    "litellm.acompletion": "litellm",
    "litellm.Router": "litellm",
    "pydantic-ai": "pydantic-ai",
    "avadhika": "avadhika",
}
IMPORTS = {
    "litellm.acompletion": "litellm",
    "litellm.Router": "litellm",
    "pydantic-ai": "pydantic_ai.models.fallback, pydantic_ai.models.openai",
    "avadhika": "avadhika.shell.driver, avadhika.adapters.openai_compat",
}
