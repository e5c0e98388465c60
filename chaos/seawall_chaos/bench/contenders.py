"""Ways to make one chat call, from bare HTTP to Seawall. Each says nothing but what it must."""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

Ask = Callable[[str], Awaitable[str]]
Contender = Callable[[str, str], contextlib.AbstractAsyncContextManager[Ask]]

_KEY = "bench"


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
    "seawall": seawall,
}
IMPORTS = {"aiohttp": "aiohttp", "httpx2": "httpx2", "openai": "openai", "seawall": "seawall"}
