"""The client: calls to several providers as if they were one."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Container, Sequence
from itertools import count
from typing import TYPE_CHECKING, Unpack, cast

import msgspec

from seawall.call_driver import CallDriver, Wiring
from seawall.call_screening import admit, begin_screening
from seawall.connections import Connections
from seawall.embed_options import EmbedOptions, embedding_request_of
from seawall.embedding_spaces import EmbeddingSpaces, EmbeddingUpstream
from seawall.embeddings import Embeddings
from seawall.errors import LLMError
from seawall.llm_stream import LLMStream
from seawall.loop_bond import LoopBond
from seawall.messages import Completion, CompletionRequest
from seawall.prompts import CallOptions, Prompt, call_id_of, deadline_of, request_of, tags_of
from seawall.providers.wire import Codec, HttpEngine
from seawall.resilience.attempt import Attempt
from seawall.resilience.breaker import Override
from seawall.resilience.call import Call
from seawall.resilience.fleet import Fleet
from seawall.resilience.options import PolicyOptions
from seawall.resilience.probe import Probe
from seawall.resilience.retry import RetryPolicy
from seawall.resilience.traits import ProviderTraits
from seawall.source_message import with_sources
from seawall.telemetry.observers import Observers
from seawall.trace import CallContext, Observer

if TYPE_CHECKING:
    from pybreaker import CircuitBreakerListener

    from seawall.security.pipeline import SecurityPipeline
    from seawall.security.verification import Ask

_VERIFYING_MIN_S = 0.05


class Upstream(msgspec.Struct, frozen=True, kw_only=True):
    """A provider to ask: its name, its model, the codec that speaks to it, and what it embeds with, if it does.

    `traits`: its weight, tags, limits and prices.
    """

    name: str
    model: str
    codec: Codec
    embedding: EmbeddingUpstream | None = None
    traits: ProviderTraits = ProviderTraits()


class UnifiedLLMClient:
    """Asks providers in order of preference until one answers, within one deadline.

    Services use `LLMManager`, which builds one of these from settings. For one event loop, that of its first
    call; until it is closed, calls from any other raise `ConfigurationError`.

    Args:
        upstreams: in order of preference, names unique.
        engine: how HTTP is done; the client closes it.
        policies: how calls are kept alive.
        observers: told of attempts and calls as they end; those that are pybreaker listeners, of breakers too.
        rng: where jitter is drawn from; a seeded one makes runs repeatable.
        breaker_listeners: pybreaker listeners, told when a provider's breaker changes state.
        retry_policy: tenacity strategies of your own.
        security: what looks at requests before they leave and at answers before they are seen.
    """

    def __init__(
        self,
        upstreams: Sequence[Upstream],
        engine: HttpEngine,
        *,
        policies: PolicyOptions | None = None,
        observers: Sequence[Observer] = (),
        rng: random.Random | None = None,
        breaker_listeners: Sequence[CircuitBreakerListener] = (),
        retry_policy: RetryPolicy | None = None,
        security: SecurityPipeline | None = None,
    ) -> None:
        self.security = security
        self.policies = policies or PolicyOptions()
        self.observers = Observers(observers, breaker_listeners)
        self._retry_policy = retry_policy
        self._connections = Connections(engine)
        self._retired: list[Connections] = []
        self._closing: set[asyncio.Task[None]] = set()
        self._probes: set[asyncio.Task[None]] = set()
        self._bond = LoopBond()
        # A source of randomness that keeps no state which forked workers would share.
        self.fleet = self._fleet_of(upstreams, rng or random.SystemRandom())
        self._wiring = self._wire(upstreams, self.fleet)
        self._spaces = EmbeddingSpaces(upstreams, lambda members: self._fleet_of(members, self.fleet.rng))

    async def complete(self, prompt: Prompt, **options: Unpack[CallOptions]) -> Completion:
        """Return the answer of the first provider that gives one.

        Args:
            prompt: the user's words, a conversation, or a whole `CompletionRequest`.
            **options: see `CallOptions`.

        Raises:
            LLMError: see `seawall.errors`; it carries the trace of what was tried.
        """
        return await self._driver(prompt, options, self.security, stream=False).complete()

    def stream(self, prompt: Prompt, **options: Unpack[CallOptions]) -> LLMStream:
        """Return the answer piece by piece: `async with client.stream(...) as events: async for event in events`.

        Takes what `complete` takes. Raises as that does, on entering and, where a stream fails and cannot
        start over, while iterating.
        """
        return LLMStream(self._driver(prompt, options, self.security, stream=True))

    async def embed(self, texts: Sequence[str], **options: Unpack[EmbedOptions]) -> Embeddings:
        """Return a vector for each text, from the first provider of one embedding space that gives them.

        Kept alive like any call, by breakers of its own for each provider and embedding model.

        Args:
            texts: as many as each provider of the space takes in one request (Gemini 100, the others 2048).
            **options: see `EmbedOptions`.

        Raises:
            LLMError: see `seawall.errors`; `ConfigurationError` where no provider embeds, or not so many texts.
        """
        self._bond.check()
        request = embedding_request_of(texts, options)
        space = self._spaces.choose(options.get("space"))
        space.check(request)
        screening = None if self.security is None else self.security.screen_texts(request.texts)
        context = CallContext(
            call_id=call_id_of(options.get("call_id")),
            stream=False,
            deadline_s=deadline_of(options.get("deadline_s"), self.policies.deadline_s),
            operation="embeddings",
            stages=tuple if screening is None else screening.records,
        )
        if screening is not None:
            request = msgspec.structs.replace(request, texts=admit(screening, context, self.observers))
        call = Call(
            space.fleet,
            context,
            bypass_breakers=options.get("bypass_breakers", False),
            require_tags=tags_of(options.get("require_tags", ())),
        )
        wiring = self._wire(space.upstreams_for(request), space.fleet)
        driver = CallDriver(wiring, call, context, CompletionRequest(messages=()))
        return cast("Embeddings", await driver.complete())  # what these codecs' replies become

    def force_breaker(self, provider: str, override: Override | None) -> None:
        """Hold a provider's breakers "open", "closed" or "disabled", also that of its embeddings; None lets go.

        Raises KeyError where there is no provider of that name.
        """
        for forced in (self.fleet.provider(provider), *self._spaces.providers(provider)):
            forced.breaker.force(override)

    def reconfigure(
        self,
        upstreams: Sequence[Upstream],
        policies: PolicyOptions,
        *,
        unchanged: Container[str] = (),
        engine: HttpEngine | None = None,
    ) -> None:
        """Serve the calls that begin from now on with these. Running calls and streams finish on what they have.

        Args:
            upstreams: in order of preference, names unique.
            policies: how calls are kept alive.
            unchanged: names of providers that are the same as before: breakers, rests and latencies carry over,
                as the budgets always do.
            engine: replaces the present one, which is closed after the last call on it; None keeps it.
        """
        fleet = self._fleet_of(upstreams, self.fleet.rng, policies)
        fleet.inherit(self.fleet, unchanged)
        self.policies, self.fleet = policies, fleet
        if engine is not None:
            self._retire(self._connections)
            self._connections = Connections(engine)
        self._wiring = self._wire(upstreams, fleet)
        spaces = EmbeddingSpaces(upstreams, lambda members: self._fleet_of(members, fleet.rng))
        spaces.inherit(self._spaces, fleet, unchanged)
        self._spaces = spaces

    async def aclose(self) -> None:
        """Stop probing and close every connection. Calls still running fail with an `LLMError`."""
        probes = tuple(self._probes)
        for probe in probes:
            probe.cancel()
        for connections in (*self._retired, self._connections):
            connections.abandon_calls()
        await asyncio.gather(*probes, *self._closing, return_exceptions=True)
        await self._connections.engine.aclose()
        self._bond.release()

    def _retire(self, connections: Connections) -> None:
        def close() -> None:
            task = asyncio.get_running_loop().create_task(connections.engine.aclose())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)
            if connections in self._retired:
                self._retired.remove(connections)

        self._retired.append(connections)
        connections.retire(close)

    def _fleet_of(
        self, upstreams: Sequence[Upstream], rng: random.Random, policies: PolicyOptions | None = None
    ) -> Fleet:
        return Fleet(
            [(upstream.name, upstream.model) for upstream in upstreams],
            policies or self.policies,
            rng=rng,
            # It has the one method of a listener that is called: `state_change`.
            breaker_listeners=(cast("CircuitBreakerListener", self.observers),),
            retry_policy=self._retry_policy,
            traits={upstream.name: upstream.traits for upstream in upstreams},
        )

    def _wire(self, upstreams: Sequence[Upstream], fleet: Fleet) -> Wiring:
        def run_probe(
            attempt: Attempt, context: CallContext, request: CompletionRequest, call_started: float
        ) -> None:
            probe = Probe(fleet, context, attempt, call_started)
            task = asyncio.create_task(_drive_probe(CallDriver(wiring, probe, context, request)))
            self._probes.add(task)
            task.add_done_callback(self._probes.discard)

        wiring = Wiring(
            codecs={upstream.name: upstream.codec for upstream in upstreams},
            connections=self._connections,
            observers=self.observers,
            run_probe=run_probe,
        )
        return wiring

    def _driver(
        self, prompt: Prompt, options: CallOptions, security: SecurityPipeline | None, *, stream: bool
    ) -> CallDriver:
        self._bond.check()
        request = request_of(prompt, options)
        screening = begin_screening(security, request, options)
        deadline_s = options.get("deadline_s")
        context = CallContext(
            call_id=call_id_of(options.get("call_id")),
            stream=stream,
            deadline_s=deadline_of(deadline_s, self.policies.deadline_s),
            stages=tuple if screening is None else screening.records,
        )
        if screening is None:
            request = with_sources(request)
        else:
            admit(screening, context, self.observers)
            screening.ask = self._asks_for(context, options, security)
            request = screening.request()
        call = Call(
            self.fleet,
            context,
            cut_stream=deadline_s is not None,
            continuable=request.response_schema is None,
            bypass_breakers=options.get("bypass_breakers", False),
            require_tags=tags_of(options.get("require_tags", ())),
        )
        return CallDriver(self._wiring, call, context, request, screening)

    def _asks_for(self, context: CallContext, options: CallOptions, security: SecurityPipeline | None) -> Ask:
        """Return what a call's verification asks by: calls of their own, in what is left of that call's time."""
        ends, numbers = time.monotonic() + context.deadline_s, count(1)

        async def ask(request: CompletionRequest) -> str:
            own: CallOptions = {
                "deadline_s": max(ends - time.monotonic(), _VERIFYING_MIN_S),
                "call_id": f"{context.call_id[:100]}-v{next(numbers)}",
            }
            if "require_tags" in options:
                own["require_tags"] = options["require_tags"]
            return (await self._driver(request, own, security, stream=False).complete()).text

        return ask


async def _drive_probe(driver: CallDriver) -> None:
    try:
        driver.start()
        while driver.completion is None and driver.error is None:
            await driver.step()
            while driver.take() is not None:
                pass
    except LLMError:
        pass  # its failure is on the breaker's record, which is all it was for
    finally:
        driver.close()
