"""The manager for services without an event loop of their own."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import Any, Self, Unpack

from pybreaker import CircuitBreakerListener

from seawall import llm_manager
from seawall.embed_options import EmbedOptions
from seawall.embeddings import Embeddings
from seawall.messages import Completion
from seawall.prompts import CallOptions, Prompt
from seawall.providers.wire import HttpEngine
from seawall.resilience.breaker import Override
from seawall.settings import Settings, load_settings
from seawall.sync.llm_stream import LLMStream
from seawall.sync.portal import Portal
from seawall.trace import Observer


class LLMManager:
    """`seawall.LLMManager` without `async` and `await`: the same calls, answers, errors and events.

    It runs an asynchronous manager on an event loop in a thread of its own. Any number of threads may use one,
    also a thread in which an event loop runs (which stands still meanwhile). A forked process that inherits one
    uses it as it is and gets connections, breakers and budgets of its own.

    Use it as a context manager, or call `close` at the end.

    Args:
        settings: from `load_settings`.
        engine: makes what does HTTP, once in each process; aiohttp if not given. The manager closes it.
        observers: told of attempts and calls besides the log, on the manager's own thread.
        rng: where jitter is drawn from.
        breaker_listeners: pybreaker listeners, told on the manager's own thread.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        engine: Callable[[], HttpEngine] | None = None,
        observers: Sequence[Observer] = (),
        rng: random.Random | None = None,
        breaker_listeners: Sequence[CircuitBreakerListener] = (),
    ) -> None:
        self._portal = Portal(
            lambda: llm_manager.LLMManager(
                settings,
                engine=None if engine is None else engine(),
                observers=observers,
                rng=rng,
                breaker_listeners=breaker_listeners,
            )
        )

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

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self._portal.resident.settings

    def complete(self, prompt: Prompt, **options: Unpack[CallOptions]) -> Completion:
        """Return an answer: `seawall.LLMManager.complete`, with its options and errors."""
        return self._portal.call(lambda llm: llm.complete(prompt, **options))

    def stream(self, prompt: Prompt, **options: Unpack[CallOptions]) -> LLMStream:
        """Stream an answer: `with llm.stream(...) as events: for event in events`."""
        return LLMStream(self._portal, lambda llm: llm.stream(prompt, **options))

    def embed(self, texts: Sequence[str], **options: Unpack[EmbedOptions]) -> Embeddings:
        """Return a vector for each text: `seawall.LLMManager.embed`, with its options and errors."""
        return self._portal.call(lambda llm: llm.embed(texts, **options))

    def breaker_states(self) -> dict[str, str]:
        """Return the state of each provider's breaker: "closed", "open" or "half-open"."""
        return self._portal.call(_breaker_states)

    def force_breaker(self, provider: str, override: Override | None) -> None:
        """Hold a provider's breaker "open", "closed" or "disabled"; None lets it decide again.

        Holds in this process. Raises KeyError where there is no provider of that name.
        """
        self._portal.call(partial(_force_breaker, provider, override))

    def close(self) -> None:
        """End every call, in whatever thread, and close every connection."""
        self._portal.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close every connection."""
        self.close()


async def _breaker_states(llm: llm_manager.LLMManager) -> dict[str, str]:
    return llm.breaker_states()


async def _force_breaker(provider: str, override: Override | None, llm: llm_manager.LLMManager) -> None:
    llm.force_breaker(provider, override)
