"""LiteLLM's Router as its documentation advises: a group per provider, fallbacks among them, cooldowns, timeouts."""

# pyright: reportMissingImports=false
from __future__ import annotations

import os
from collections.abc import AsyncIterator, Sequence
from typing import Any, ClassVar

# Otherwise its import asks the network for a table of prices.
os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"

import litellm

from seawall_chaos.endpoints import Endpoint
from seawall_chaos.subject import CallLog

TIMEOUT_S = 2.0
# The documentation's reliability settings, with its timeout scaled as for all subjects.
RELIABILITY: dict[str, Any] = {
    "num_retries": 2,
    "timeout": TIMEOUT_S,
    "stream_timeout": TIMEOUT_S,
    "allowed_fails": 1,
    "cooldown_time": 30,
}

__all__ = ["SUBJECT", "LiteLLM", "deployment", "litellm", "router", "with_fallbacks"]

litellm.suppress_debug_info = True
litellm.telemetry = False


def deployment(endpoint: Endpoint, group: str, **params: Any) -> dict[str, Any]:
    """One entry of the Router's list of models."""
    return {
        "model_name": group,
        "litellm_params": {
            "model": f"openai/{endpoint.model}",
            "api_base": endpoint.base_url,
            "api_key": endpoint.api_key,
            **params,
        },
    }


def router(models: list[dict[str, Any]], **settings: Any) -> litellm.Router:
    """A Router with the settings for reliability and others."""
    return litellm.Router(model_list=models, **RELIABILITY, **settings)


def with_fallbacks(endpoints: Sequence[Endpoint]) -> litellm.Router:
    """A group of one for each provider; the first falls back to the others in their order."""
    first, *others = (endpoint.name for endpoint in endpoints)
    models = [deployment(endpoint, endpoint.name) for endpoint in endpoints]
    return router(models, fallbacks=[{first: others}] if others else [])


class LiteLLM:
    """One Router. What it tries by itself it does not tell, so that only providers know of attempts."""

    wires: ClassVar[frozenset[str] | None] = frozenset({"openai"})
    one_provider: ClassVar[bool] = False
    distributions: ClassVar[tuple[str, ...]] = ("litellm", "openai")

    def __init__(self, endpoints: Sequence[Endpoint]) -> None:
        self.group = endpoints[0].name
        self.router = self.make_router(endpoints)

    def make_router(self, endpoints: Sequence[Endpoint]) -> litellm.Router:
        """The Router, set up for `endpoints`."""
        return with_fallbacks(endpoints)

    async def complete(self, call: CallLog) -> str:
        """One completion."""
        reply = await self.router.acompletion(**self._arguments(call))
        return reply.choices[0].message.content or ""

    async def stream(self, call: CallLog) -> AsyncIterator[str]:
        """One streamed completion."""
        chunks = await self.router.acompletion(**self._arguments(call), stream=True)
        async for chunk in chunks:
            if chunk.choices:
                yield chunk.choices[0].delta.content or ""

    def _arguments(self, call: CallLog) -> dict[str, Any]:
        return {
            "model": self.group,
            "messages": [{"role": "user", "content": call.prompt}],
            "extra_headers": {"X-Client-Request-Id": call.request_id(1)},
        }

    async def aclose(self) -> None:
        """Nothing to do: the Router's connections are litellm's own, kept for the process."""


SUBJECT = LiteLLM
