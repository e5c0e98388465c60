"""pydantic-ai's FallbackModel over OpenAI models: the next one on any error of the one before."""

# pyright: reportMissingImports=false
from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, ClassVar

import openai
from pydantic_ai import direct, messages
from pydantic_ai.models.fallback import FallbackModel
from pydantic_ai.models.openai import OpenAIChatModel
from pydantic_ai.providers.openai import OpenAIProvider
from pydantic_ai.settings import ModelSettings

from seawall_chaos.endpoints import Endpoint
from seawall_chaos.subject import CallLog

TIMEOUT_S = 2.0


class PydanticAI:
    """One FallbackModel; the SDK's own retries are off, as its documentation advises for fallbacks."""

    wires: ClassVar[frozenset[str] | None] = frozenset({"openai"})
    one_provider: ClassVar[bool] = False
    distributions: ClassVar[tuple[str, ...]] = ("pydantic-ai-slim", "openai")

    def __init__(self, endpoints: Sequence[Endpoint]) -> None:
        self.clients = [
            openai.AsyncOpenAI(
                api_key=endpoint.api_key, base_url=endpoint.base_url, timeout=TIMEOUT_S, max_retries=0
            )
            for endpoint in endpoints
        ]
        models = [
            OpenAIChatModel(endpoint.model, provider=OpenAIProvider(openai_client=client))
            for endpoint, client in zip(endpoints, self.clients, strict=True)
        ]
        self.model = FallbackModel(models[0], *models[1:])

    async def complete(self, call: CallLog) -> str:
        """One completion."""
        reply = await direct.model_request(
            self.model, [messages.ModelRequest.user_text_prompt(call.prompt)], model_settings=_settings(call)
        )
        return "".join(part.content for part in reply.parts if isinstance(part, messages.TextPart))

    async def stream(self, call: CallLog) -> AsyncIterator[str]:
        """One streamed completion."""
        prompt = [messages.ModelRequest.user_text_prompt(call.prompt)]
        async with direct.model_request_stream(self.model, prompt, model_settings=_settings(call)) as events:
            async for event in events:
                yield _text(event)

    async def aclose(self) -> None:
        """Closes every SDK client."""
        for client in self.clients:
            await client.close()


def _settings(call: CallLog) -> ModelSettings:
    return ModelSettings(extra_headers={"X-Client-Request-Id": call.request_id(1)})


def _text(event: Any) -> str:
    if isinstance(event, messages.PartStartEvent) and isinstance(event.part, messages.TextPart):
        return str(event.part.content)
    if isinstance(event, messages.PartDeltaEvent) and isinstance(event.delta, messages.TextPartDelta):
        return str(event.delta.content_delta)
    return ""


SUBJECT = PydanticAI
