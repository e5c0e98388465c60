"""The client most services have today: a fixed order, a fixed timeout, three tries on anything.

Ordinary code over the official SDKs, whose own retries are off so that this code owns them. `docs/BASELINE.md`
says why each choice is the usual one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import ClassVar, Protocol

import anthropic
import openai
from google import genai
from google.genai import types as gemini

from seawall_chaos.endpoints import Endpoint
from seawall_chaos.subject import CallLog

TIMEOUT_S = 2.0
TRIES = 3
MAX_TOKENS = 1024

Headers = dict[str, str]


class _Provider(Protocol):
    """One SDK behind the two functions that a service writes for it."""

    name: str

    async def complete(self, prompt: str, headers: Headers) -> str: ...

    async def open_stream(self, prompt: str, headers: Headers) -> AsyncIterator[str]: ...

    async def aclose(self) -> None: ...


class _OpenAI:
    """Chat completions."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.name, self.model = endpoint.name, endpoint.model
        self.client = openai.AsyncOpenAI(
            api_key=endpoint.api_key, base_url=endpoint.base_url, timeout=TIMEOUT_S, max_retries=0
        )

    async def complete(self, prompt: str, headers: Headers) -> str:
        reply = await self.client.chat.completions.create(
            model=self.model, messages=[{"role": "user", "content": prompt}], extra_headers=headers
        )
        return reply.choices[0].message.content or ""

    async def open_stream(self, prompt: str, headers: Headers) -> AsyncIterator[str]:
        chunks = await self.client.chat.completions.create(
            model=self.model,
            messages=[{"role": "user", "content": prompt}],
            extra_headers=headers,
            stream=True,
        )
        return (chunk.choices[0].delta.content or "" async for chunk in chunks if chunk.choices)

    async def aclose(self) -> None:
        await self.client.close()


class _Anthropic:
    """Messages."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.name, self.model = endpoint.name, endpoint.model
        self.client = anthropic.AsyncAnthropic(
            api_key=endpoint.api_key, base_url=endpoint.base_url, timeout=TIMEOUT_S, max_retries=0
        )

    async def complete(self, prompt: str, headers: Headers) -> str:
        reply = await self.client.messages.create(
            model=self.model,
            max_tokens=MAX_TOKENS,
            messages=[{"role": "user", "content": prompt}],
            extra_headers=headers,
        )
        return "".join(block.text for block in reply.content if block.type == "text")

    async def open_stream(self, prompt: str, headers: Headers) -> AsyncIterator[str]:
        events = await self.client.messages.create(
            model=self.model,
            max_tokens=MAX_TOKENS,
            messages=[{"role": "user", "content": prompt}],
            extra_headers=headers,
            stream=True,
        )
        return (
            event.delta.text
            async for event in events
            if event.type == "content_block_delta" and event.delta.type == "text_delta"
        )

    async def aclose(self) -> None:
        await self.client.close()


class _Gemini:
    """generateContent."""

    def __init__(self, endpoint: Endpoint) -> None:
        self.name, self.model = endpoint.name, endpoint.model
        self.client = genai.Client(
            api_key=endpoint.api_key,
            http_options=gemini.HttpOptions(
                base_url=endpoint.base_url,
                timeout=int(TIMEOUT_S * 1000),
                retry_options=gemini.HttpRetryOptions(attempts=1),
            ),
        )

    async def complete(self, prompt: str, headers: Headers) -> str:
        reply = await self.client.aio.models.generate_content(
            model=self.model, contents=prompt, config=self._config(headers)
        )
        return reply.text or ""

    async def open_stream(self, prompt: str, headers: Headers) -> AsyncIterator[str]:
        chunks = await self.client.aio.models.generate_content_stream(
            model=self.model, contents=prompt, config=self._config(headers)
        )
        return (chunk.text or "" async for chunk in chunks)

    def _config(self, headers: Headers) -> gemini.GenerateContentConfig:
        return gemini.GenerateContentConfig(http_options=gemini.HttpOptions(headers=headers))

    async def aclose(self) -> None:
        await self.client.aio.aclose()


_SDKS: dict[str, Callable[[Endpoint], _Provider]] = {
    "openai": _OpenAI,
    "azure": _OpenAI,  # by its v1 API
    "anthropic": _Anthropic,
    "gemini": _Gemini,
}


class Baseline:
    """Each provider in turn, three tries each, at once, on any exception."""

    wires: ClassVar[frozenset[str] | None] = frozenset(_SDKS)
    one_provider: ClassVar[bool] = False
    distributions: ClassVar[tuple[str, ...]] = ("openai", "anthropic", "google-genai")

    def __init__(self, endpoints: Sequence[Endpoint]) -> None:
        self.providers = [_SDKS[endpoint.wire](endpoint) for endpoint in endpoints]

    async def complete(self, call: CallLog) -> str:
        """The first answer that any try gets; the last error if none does."""
        last: Exception | None = None
        for provider in self.providers:
            for _ in range(TRIES):
                try:
                    with call.attempt(provider.name) as headers:
                        return await provider.complete(call.prompt, headers)
                except Exception as error:  # noqa: BLE001
                    last = error
        raise last or LookupError("no providers")

    async def stream(self, call: CallLog) -> AsyncIterator[str]:
        """The first stream that any try opens; what happens to it afterwards is the caller's."""
        last: Exception | None = None
        for provider in self.providers:
            for _ in range(TRIES):
                try:
                    with call.attempt(provider.name) as headers:
                        pieces = await provider.open_stream(call.prompt, headers)
                except Exception as error:  # noqa: BLE001
                    last = error
                    continue
                # From here on the user reads along: what fails now can no longer be tried again.
                async for piece in pieces:
                    yield piece
                return
        raise last or LookupError("no providers")

    async def aclose(self) -> None:
        """Closes every SDK client."""
        for provider in self.providers:
            await provider.aclose()


SUBJECT = Baseline
