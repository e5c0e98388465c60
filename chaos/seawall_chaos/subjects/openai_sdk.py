"""The official OpenAI SDK as it comes: its own retries, a service's usual timeout, no second provider."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Sequence
from contextvars import ContextVar
from typing import ClassVar

import httpx2
import openai

from seawall_chaos.endpoints import Endpoint
from seawall_chaos.outcome import AttemptNote
from seawall_chaos.subject import CallLog

TIMEOUT_S = 2.0

_call: ContextVar[CallLog] = ContextVar("call")


async def number_attempt(request: httpx2.Request) -> None:
    """Gives every try of the SDK, retries included, a request id of its own."""
    call = _call.get()
    request_id = call.request_id(len(call.attempts) + 1)
    request.headers["X-Client-Request-Id"] = request_id
    call.attempts.append(AttemptNote(client_request_id=request_id, provider="", started_s=time.monotonic()))


async def note_response(response: httpx2.Response) -> None:
    """Notes what the try came to, as far as its status tells."""
    attempt = _call.get().attempts[-1]
    attempt.first_byte_s, attempt.status = time.monotonic(), response.status_code
    attempt.outcome = "answered" if response.is_success else "failed"


class OpenAISDK:
    """One `AsyncOpenAI` with defaults but for the timeout, which is ten minutes if a service sets none."""

    wires: ClassVar[frozenset[str] | None] = frozenset({"openai", "azure"})
    one_provider: ClassVar[bool] = True
    distributions: ClassVar[tuple[str, ...]] = ("openai", "httpx2")

    def __init__(self, endpoints: Sequence[Endpoint]) -> None:
        endpoint = endpoints[0]
        self.name, self.model = endpoint.name, endpoint.model
        hooks = {"request": [number_attempt], "response": [note_response]}
        self.client = openai.AsyncOpenAI(
            api_key=endpoint.api_key,
            base_url=endpoint.base_url,
            timeout=TIMEOUT_S,
            http_client=openai.DefaultAsyncHttpx2Client(event_hooks=hooks),
        )

    async def complete(self, call: CallLog) -> str:
        """One chat completion."""
        _call.set(call)
        try:
            reply = await self.client.chat.completions.create(
                model=self.model, messages=[{"role": "user", "content": call.prompt}]
            )
        finally:
            self._name_provider(call)
        return reply.choices[0].message.content or ""

    async def stream(self, call: CallLog) -> AsyncIterator[str]:
        """One streamed chat completion."""
        _call.set(call)
        try:
            chunks = await self.client.chat.completions.create(
                model=self.model, messages=[{"role": "user", "content": call.prompt}], stream=True
            )
            async for chunk in chunks:
                if chunk.choices:
                    yield chunk.choices[0].delta.content or ""
        finally:
            self._name_provider(call)

    def _name_provider(self, call: CallLog) -> None:
        for attempt in call.attempts:
            attempt.provider = self.name

    async def aclose(self) -> None:
        """Closes the SDK's client."""
        await self.client.close()


SUBJECT = OpenAISDK
