"""What a service holds one of: settings in, calls out."""

from __future__ import annotations

import os
import random
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, Unpack

from pybreaker import CircuitBreakerListener

from seawall.errors import ConfigurationError
from seawall.llm_stream import LLMStream
from seawall.messages import Completion
from seawall.prompts import CallOptions, Prompt
from seawall.providers.response import DecoderContext
from seawall.providers.wire import HttpEngine
from seawall.providers.wires import codec_for
from seawall.resilience.breaker import Override
from seawall.resilience.fleet import Fleet
from seawall.resilience.shared_state import SharedState
from seawall.settings import Settings, load_settings
from seawall.shared_state.options import SharedStateOptions
from seawall.telemetry.logs import LogObserver
from seawall.trace import Observer
from seawall.unified_client import UnifiedLLMClient, Upstream

if TYPE_CHECKING:
    from seawall.shared_state.redis_exchange import RedisExchange


class LLMManager:
    """Owns the client that settings describe, with its connections and the state that calls share.

    Use it as an asynchronous context manager, or call `aclose` at the end. For one event loop;
    `seawall.sync.LLMManager` is for threads.

    Args:
        settings: from `load_settings`.
        engine: how HTTP is done; aiohttp if not given. The manager closes it.
        observers: told of attempts and calls besides the log.
        rng: where jitter is drawn from.
        breaker_listeners: pybreaker listeners, told when a provider's breaker changes state.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        engine: HttpEngine | None = None,
        observers: Sequence[Observer] = (),
        rng: random.Random | None = None,
        breaker_listeners: Sequence[CircuitBreakerListener] = (),
    ) -> None:
        context = DecoderContext(limits=settings.limits, show_messages=settings.show_provider_messages)
        self.settings = settings
        self.client = UnifiedLLMClient(
            [
                Upstream(name=options.name, model=options.model, codec=codec_for(options, context))
                for options in settings.providers
            ],
            engine or _default_engine(settings),
            policies=settings,
            observers=(LogObserver(), *observers),
            rng=rng,
            breaker_listeners=breaker_listeners,
        )
        self._shared_state = _shared_state(self.client.fleet, settings.shared_state)

    @classmethod
    def from_settings(
        cls,
        path: str | os.PathLike[str] | None = None,
        *,
        environ: Mapping[str, str] | None = None,
        overrides: Mapping[str, Any] | None = None,
        observers: Sequence[Observer] = (),
    ) -> Self:
        """Build one from a YAML file and the environment, or from the environment alone.

        Raises `SettingsError`, which names everything that is wrong at once.
        """
        return cls(load_settings(path, environ=environ, overrides=overrides), observers=observers)

    async def complete(self, prompt: Prompt, **options: Unpack[CallOptions]) -> Completion:
        """Return an answer: `UnifiedLLMClient.complete`, with its options and errors."""
        self._begin_sharing()
        return await self.client.complete(prompt, **options)

    def stream(self, prompt: Prompt, **options: Unpack[CallOptions]) -> LLMStream:
        """Stream an answer: `UnifiedLLMClient.stream`, with its options and errors."""
        self._begin_sharing()
        return self.client.stream(prompt, **options)

    def breaker_states(self) -> dict[str, str]:
        """Return the state of each provider's breaker: "closed", "open" or "half-open"."""
        return {provider.name: provider.breaker.state for provider in self.client.fleet.providers}

    def force_breaker(self, provider: str, override: Override | None) -> None:
        """Hold a provider's breaker "open", "closed" or "disabled"; None lets it decide again.

        Raises KeyError where there is no provider of that name.
        """
        self.client.fleet.provider(provider).breaker.force(override)

    async def aclose(self) -> None:
        """Close every connection."""
        if self._shared_state is not None:
            await self._shared_state.aclose()
        await self.client.aclose()

    def _begin_sharing(self) -> None:
        if self._shared_state is not None:
            self._shared_state.start()

    async def __aenter__(self) -> Self:
        """Return itself."""
        self._begin_sharing()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close every connection."""
        await self.aclose()


def _shared_state(fleet: Fleet, options: SharedStateOptions) -> RedisExchange | None:
    if options.redis_url is None:
        return None
    try:
        from seawall.shared_state.redis_exchange import RedisExchange  # noqa: PLC0415 - an extra
    except ImportError:
        raise ConfigurationError(
            "shared_state.redis_url needs the extra: pip install 'seawall[redis]'"
        ) from None
    return RedisExchange(SharedState(fleet), options, options.redis_url)


def _default_engine(settings: Settings) -> HttpEngine:
    from seawall.providers.http_aiohttp import AiohttpEngine  # noqa: PLC0415 - slow to import

    return AiohttpEngine(settings.http)
