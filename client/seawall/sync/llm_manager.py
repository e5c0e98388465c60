"""The manager for services without an event loop of their own."""

from __future__ import annotations

import os
import random
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, Unpack

from seawall import llm_manager
from seawall.embed_options import EmbedOptions
from seawall.embeddings import Embeddings
from seawall.messages import Completion
from seawall.prompts import CallOptions, Prompt
from seawall.providers.wire import HttpEngine
from seawall.resilience.breaker import Override
from seawall.rollout.policy import RolloutPosition
from seawall.rollout.record import RolloutAnswer
from seawall.settings import Settings, load_settings
from seawall.settings.changes import SettingChange
from seawall.sync.caller_thread import CallerThread
from seawall.sync.llm_stream import LLMStream
from seawall.sync.portal import Portal
from seawall.trace import Observer

if TYPE_CHECKING:
    from pybreaker import CircuitBreakerListener

Old = TypeVar("Old")
Result = TypeVar("Result")


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
        def make(former: llm_manager.LLMManager | None) -> llm_manager.LLMManager:
            return llm_manager.LLMManager(
                settings if former is None else former.settings,
                engine=None if engine is None else engine(),
                observers=observers,
                rng=rng,
                breaker_listeners=breaker_listeners,
            )

        self._portal = Portal(make)
        self._read_again: Callable[[], Settings] | None = None

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

        Raises `SettingsError`, which names everything that is wrong at once. `reload` reads the same again.
        """
        read = partial(load_settings, path, environ=environ, overrides=overrides)
        manager = cls(read(), observers=observers)
        manager._read_again = read
        return manager

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

    def rollout(
        self,
        prompt: Prompt,
        *,
        old: Callable[[], Old],
        key: str | int | None = None,
        compare: Callable[[Old, Completion], float] | None = None,
        **options: Unpack[CallOptions],
    ) -> RolloutAnswer[Old]:
        """Answer by a service's old path or by this client: `seawall.LLMManager.rollout`.

        `old` is an ordinary function and is called in this thread, while a shadow runs beside it.
        """
        caller = CallerThread()
        future = self._portal.submit(
            lambda llm: llm.rollout(prompt, old=partial(caller.run, old), key=key, compare=compare, **options)
        )
        return caller.serve(future)

    def takes_new_path(self, key: str | int | None = None) -> bool:
        """Return whether the new path answers for this key: for streams, and whatever `rollout` does not fit."""
        return self._now(lambda llm: llm.takes_new_path(key))

    @property
    def rollout_position(self) -> RolloutPosition:
        """How far the rollout is now, and who says so: settings, flag or kill switch."""
        return self._now(lambda llm: llm.rollout_position)

    def kill(self) -> None:
        """Send every call of `rollout` down the old path from now on, in this process. Outlasts a reload."""
        self._now(lambda llm: llm.kill())

    def revive(self) -> None:
        """Take `kill` back. The setting `rollout.killed` is not touched."""
        self._now(lambda llm: llm.revive())

    def reload(self, settings: Settings | None = None) -> tuple[SettingChange, ...]:
        """Serve the calls that begin from now on by settings given, or read again: `seawall.LLMManager.reload`."""
        if settings is None and self._read_again is not None:
            settings = self._read_again()
        return self._portal.call(lambda llm: llm.reload(settings))

    def breaker_states(self) -> dict[str, str]:
        """Return the state of each provider's breaker: "closed", "open" or "half-open"."""
        return self._now(lambda llm: llm.breaker_states())

    def force_breaker(self, provider: str, override: Override | None) -> None:
        """Hold a provider's breaker "open", "closed" or "disabled"; None lets it decide again.

        Holds in this process. Raises KeyError where there is no provider of that name.
        """
        self._now(lambda llm: llm.force_breaker(provider, override))

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

    def _now(self, work: Callable[[llm_manager.LLMManager], Result]) -> Result:
        """Do on the loop what needs no waiting: what calls share belongs to its thread."""

        async def turn(llm: llm_manager.LLMManager) -> Result:
            return work(llm)

        return self._portal.call(turn)
