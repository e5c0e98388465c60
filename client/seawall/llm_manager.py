"""What a service holds one of: settings in, calls out."""

from __future__ import annotations

import asyncio
import logging
import os
import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from functools import partial
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar, Unpack

import msgspec

from seawall.embed_options import EmbedOptions
from seawall.embedding_spaces import embedding_upstream_of
from seawall.embeddings import Embeddings
from seawall.errors import ConfigurationError
from seawall.llm_stream import LLMStream
from seawall.messages import Completion
from seawall.prompts import CallOptions, Prompt
from seawall.providers.prefill import takes_prefill
from seawall.providers.response import DecoderContext
from seawall.providers.wire import HttpEngine
from seawall.providers.wires import codec_for
from seawall.resilience.breaker import Override
from seawall.resilience.fleet import Fleet
from seawall.resilience.shared_state import SharedState
from seawall.resilience.traits import ProviderTraits
from seawall.rollout.flag import FlagWatch, check_flag
from seawall.rollout.paths import RolloutPaths
from seawall.rollout.policy import RolloutPolicy, RolloutPosition
from seawall.rollout.record import RolloutAnswer
from seawall.settings import Settings, load_settings
from seawall.settings.changes import SettingChange, settings_changes
from seawall.shared_state.options import SharedStateOptions
from seawall.telemetry.logs import LogObserver
from seawall.trace import Observer
from seawall.unified_client import UnifiedLLMClient, Upstream

if TYPE_CHECKING:
    from pybreaker import CircuitBreakerListener

    from seawall.security.pipeline import SecurityPipeline
    from seawall.shared_state.redis_exchange import RedisExchange

Old = TypeVar("Old")
_logger = logging.getLogger("seawall")


class LLMManager:
    """Owns the client that settings describe, with its connections and the state that calls share.

    Use it as an asynchronous context manager, also in several tasks at once: the last one to leave closes it. Or
    call `aclose` at the end. For one event loop; `seawall.sync.LLMManager` is for threads.

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
        check_flag(settings.rollout)
        self.settings = settings
        # A source of randomness that keeps no state which forked workers would share.
        rng = rng or random.SystemRandom()
        self.client = UnifiedLLMClient(
            _upstreams(settings),
            engine or _default_engine(settings),
            policies=settings,
            observers=(LogObserver(), *observers),
            rng=rng,
            breaker_listeners=breaker_listeners,
            security=_security(settings),
        )
        self._own_engine = engine is None
        self._shared_state = _shared_state(self.client.fleet, settings.shared_state)
        self._policy = RolloutPolicy(settings.rollout, rng)
        self._paths = RolloutPaths(
            self._policy,
            self.complete,
            deadline_s=lambda: self.settings.deadline_s,
            observers=self.client.observers,
        )
        self._flag = FlagWatch(self._policy)
        self._read_again: Callable[[], Settings] | None = None
        self._reloading = asyncio.Lock()
        self._entered = 0

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

    async def complete(self, prompt: Prompt, **options: Unpack[CallOptions]) -> Completion:
        """Return an answer: `UnifiedLLMClient.complete`, with its options and errors."""
        self._begin_sharing()
        return await self.client.complete(prompt, **options)

    def stream(self, prompt: Prompt, **options: Unpack[CallOptions]) -> LLMStream:
        """Stream an answer: `UnifiedLLMClient.stream`, with its options and errors."""
        self._begin_sharing()
        return self.client.stream(prompt, **options)

    async def embed(self, texts: Sequence[str], **options: Unpack[EmbedOptions]) -> Embeddings:
        """Return a vector for each text: `UnifiedLLMClient.embed`, with its options and errors."""
        self._begin_sharing()
        return await self.client.embed(texts, **options)

    async def rollout(
        self,
        prompt: Prompt,
        *,
        old: Callable[[], Awaitable[Old]],
        key: str | int | None = None,
        compare: Callable[[Old, Completion], float] | None = None,
        **options: Unpack[CallOptions],
    ) -> RolloutAnswer[Old]:
        """Answer by a service's old path or by this client, as far as the rollout is (settings `rollout`).

        Args:
            prompt: what `complete` takes.
            old: calls the old path. It keeps its own limits and errors: those reach the caller as they are.
            key: whose call it is, such as a user's id: the same path answers it each time. Without one, each call
                is drawn anew.
            compare: how well the old path's answer and a shadow's agree, 0 to 1 (or a bool); called in a thread.
                Without it, whether their texts are equal.
            **options: of the new path, see `CallOptions`; `deadline_s` is the new path's alone.

        Raises:
            LLMError: where the new path fails and nothing stands in for it.
        """
        self._flag.start()
        return await self._paths.answer(prompt, old, key, compare, options)

    def takes_new_path(self, key: str | int | None = None) -> bool:
        """Return whether the new path answers for this key: for streams, and whatever `rollout` does not fit."""
        self._flag.start()
        return self._policy.choose(key).path == "new"

    @property
    def rollout_position(self) -> RolloutPosition:
        """How far the rollout is now, and who says so: settings, flag or kill switch."""
        return self._policy.position

    def kill(self) -> None:
        """Send every call of `rollout` down the old path from now on, and cancel the shadows. Outlasts a reload.

        Running answers are finished. `complete` and `stream` go on: who calls those has no other path, and would
        only be taken down by a switch that is there to keep things up.
        """
        self._policy.killed = True
        self._paths.stop_shadows()

    def revive(self) -> None:
        """Take `kill` back. The setting `rollout.killed` is not touched."""
        self._policy.killed = False

    async def reload(self, settings: Settings | None = None) -> tuple[SettingChange, ...]:
        """Read the settings again and serve the calls that begin from now on by them; return what changed.

        Running calls and streams finish on what they began with. Breakers (forced ones, too), rests and latencies
        carry over for providers whose name, wire, model, address and key stay the same, and so do budgets;
        connections are kept unless a setting of `http` changed. An `engine` of your own is always kept.

        Args:
            settings: instead of reading them; needed where the manager was not made by `from_settings`.

        Raises:
            SettingsError: everything that is wrong with the new settings; the present ones stay in force.
            ConfigurationError: there is nothing to read again, or an extra is missing.
        """
        async with self._reloading:
            if settings is None:
                if self._read_again is None:
                    raise ConfigurationError("made from settings in code: give reload() the new ones")
                settings = await asyncio.to_thread(self._read_again)
            changes = settings_changes(self.settings, settings)
            former = self._adopt(settings)
            _logger.info("settings reloaded: %s", "; ".join(map(str, changes)) or "nothing changed")
            if former is not None:
                await former.aclose()
            return changes

    def _adopt(self, settings: Settings) -> RedisExchange | None:
        """Switch over at once, or not at all. Returns the exchange that is to be closed."""
        upstreams = _upstreams(settings)
        check_flag(settings.rollout)
        _shared_state(self.client.fleet, settings.shared_state)  # raises before anything is changed
        security = _security(settings)
        former, self.settings = self.settings, settings
        new_engine = self._own_engine and settings.http != former.http
        self.client.reconfigure(
            upstreams,
            settings,
            unchanged=_unchanged(former, settings),
            engine=_default_engine(settings) if new_engine else None,
        )
        self.client.security = security
        self._policy.reconfigure(settings.rollout)
        self._flag.options_changed()
        exchange = self._shared_state
        self._shared_state = _shared_state(self.client.fleet, settings.shared_state)
        if self._entered:
            self._begin_sharing()
        return exchange

    def breaker_states(self) -> dict[str, str]:
        """Return the state of each provider's breaker: "closed", "open" or "half-open"."""
        return {provider.name: provider.breaker.state for provider in self.client.fleet.providers}

    def force_breaker(self, provider: str, override: Override | None) -> None:
        """Hold a provider's breaker "open", "closed" or "disabled"; None lets it decide again. Outlasts a reload.

        So is the breaker of its embeddings. Raises KeyError where there is no provider of that name.
        """
        self.client.force_breaker(provider, override)

    async def aclose(self) -> None:
        """End shadows and probes and close every connection; calls still running fail. Any number of times."""
        async with AsyncExitStack() as last_first:
            last_first.push_async_callback(self.client.aclose)
            if self._shared_state is not None:
                last_first.push_async_callback(self._shared_state.aclose)
            last_first.push_async_callback(self._paths.aclose)
            self._flag.close()

    def _begin_sharing(self) -> None:
        if self._shared_state is not None:
            self._shared_state.start()

    async def __aenter__(self) -> Self:
        """Return itself, after the rollout's flag was read, if there is one (`rollout.flag_wait_s`)."""
        self._entered += 1
        self._begin_sharing()
        self._flag.start()
        await self._flag.first_reading()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Close everything if no other task is inside."""
        self._entered -= 1
        if not self._entered:
            await self.aclose()


def _upstreams(settings: Settings) -> list[Upstream]:
    context = DecoderContext(limits=settings.limits, show_messages=settings.show_provider_messages)
    return [
        Upstream(
            name=options.name,
            model=options.model,
            codec=codec_for(options, context),
            embedding=embedding_upstream_of(options, context),
            traits=msgspec.structs.replace(
                msgspec.convert(options, ProviderTraits, from_attributes=True), prefill=takes_prefill(options)
            ),
        )
        for options in settings.providers
    ]


def _unchanged(before: Settings, after: Settings) -> set[str]:
    """Return the names of the providers that are the same as before."""

    def identities(settings: Settings) -> set[tuple[str, object]]:
        return {(p.name, (p.wire, p.model, p.base_url, p.api_key)) for p in settings.providers}

    return {name for name, _ in identities(before) & identities(after)}


def _security(settings: Settings) -> SecurityPipeline | None:
    if not settings.security.active:
        return None
    try:
        from seawall.security.pipeline import SecurityPipeline  # noqa: PLC0415 - an extra
    except ImportError:
        raise ConfigurationError("security needs the extra: pip install 'seawall[security]'") from None
    keys = (provider.api_key.reveal() for provider in settings.providers if provider.api_key is not None)
    return SecurityPipeline(settings.security, registered=keys)


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
