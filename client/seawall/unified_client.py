"""The client: calls to several providers as if they were one."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from typing import Unpack

import msgspec
from pybreaker import CircuitBreakerListener

from seawall.call_driver import CallDriver, Wiring
from seawall.errors import LLMError
from seawall.llm_stream import LLMStream
from seawall.loop_bond import LoopBond
from seawall.messages import Completion, CompletionRequest
from seawall.prompts import CallOptions, Prompt, call_id_of, deadline_of, request_of
from seawall.providers.wire import Codec, HttpEngine
from seawall.resilience.attempt import Attempt
from seawall.resilience.call import Call
from seawall.resilience.fleet import Fleet
from seawall.resilience.options import PolicyOptions
from seawall.resilience.probe import Probe
from seawall.resilience.retry import RetryPolicy
from seawall.trace import CallContext, Observer


class Upstream(msgspec.Struct, frozen=True, kw_only=True):
    """A provider to ask: its name, its model, and the codec that speaks to it."""

    name: str
    model: str
    codec: Codec


class UnifiedLLMClient:
    """Asks providers in order of preference until one answers, within one deadline.

    Services use `LLMManager`, which builds one of these from settings. For one event loop, that of its first
    call; until it is closed, calls from any other raise `ConfigurationError`.

    Args:
        upstreams: in order of preference, names unique.
        engine: how HTTP is done; the client closes it.
        policies: how calls are kept alive.
        observers: told of attempts and calls as they end.
        rng: where jitter is drawn from; a seeded one makes runs repeatable.
        breaker_listeners: pybreaker listeners, told when a provider's breaker changes state.
        retry_policy: tenacity strategies of your own.
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
    ) -> None:
        self.policies = policies or PolicyOptions()
        self.fleet = Fleet(
            [(upstream.name, upstream.model) for upstream in upstreams],
            self.policies,
            rng=rng or random.SystemRandom(),  # keeps no state that forked workers would share
            breaker_listeners=breaker_listeners,
            retry_policy=retry_policy,
        )
        self._wiring = Wiring(
            codecs={upstream.name: upstream.codec for upstream in upstreams},
            engine=engine,
            observers=tuple(observers),
            run_probe=self._run_probe,
        )
        self._probes: set[asyncio.Task[None]] = set()
        self._bond = LoopBond()

    async def complete(self, prompt: Prompt, **options: Unpack[CallOptions]) -> Completion:
        """Return the answer of the first provider that gives one.

        Args:
            prompt: the user's words, a conversation, or a whole `CompletionRequest`.
            **options: see `CallOptions`.

        Raises:
            LLMError: see `seawall.errors`; it carries the trace of what was tried.
        """
        return await self._driver(prompt, options, stream=False).complete()

    def stream(self, prompt: Prompt, **options: Unpack[CallOptions]) -> LLMStream:
        """Return the answer piece by piece: `async with client.stream(...) as events: async for event in events`.

        Takes what `complete` takes. Raises as that does, on entering and, where a stream fails and cannot
        start over, while iterating.
        """
        return LLMStream(self._driver(prompt, options, stream=True))

    async def aclose(self) -> None:
        """Stop probing and close every connection. Calls still running fail."""
        probes = tuple(self._probes)
        for probe in probes:
            probe.cancel()
        await asyncio.gather(*probes, return_exceptions=True)
        await self._wiring.engine.aclose()
        self._bond.release()

    def _driver(self, prompt: Prompt, options: CallOptions, *, stream: bool) -> CallDriver:
        self._bond.check()
        request = request_of(prompt, options)
        deadline_s = options.get("deadline_s")
        context = CallContext(
            call_id=call_id_of(options.get("call_id")),
            stream=stream,
            deadline_s=deadline_of(deadline_s, self.policies.deadline_s),
        )
        call = Call(
            self.fleet,
            context,
            cut_stream=deadline_s is not None,
            bypass_breakers=options.get("bypass_breakers", False),
        )
        return CallDriver(self._wiring, call, context, request)

    def _run_probe(
        self, attempt: Attempt, context: CallContext, request: CompletionRequest, call_started: float
    ) -> None:
        probe = Probe(self.fleet, context, attempt, call_started)
        task = asyncio.create_task(_drive_probe(CallDriver(self._wiring, probe, context, request)))
        self._probes.add(task)
        task.add_done_callback(self._probes.discard)


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
