"""Avadhika: one contract of deadline, budget and attempts over its own adapters for OpenAI's wire."""

# pyright: reportMissingImports=false
from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Sequence
from contextvars import ContextVar
from typing import ClassVar

import httpx  # noqa: TID251 - what it is built upon
from avadhika.adapters.base import LLMRequest, Message
from avadhika.adapters.openai_compat import DIMENSIONS, MAPPING_VERSION, OpenAICompatAdapter
from avadhika.core.catalog import CandidateSpec, Catalog
from avadhika.core.contract import AttemptPolicy, Contract, Limits
from avadhika.core.outcomes import BillingCoverage, BudgetMode, InputBoundStrategy, Status
from avadhika.core.policy import RuntimePolicy
from avadhika.shell.driver import Result, Runtime

from seawall_chaos.endpoints import Endpoint
from seawall_chaos.subject import CallLog

SECOND = 1_000_000_000
TIMEOUT_S = 2.0
ATTEMPTS, ATTEMPTS_PER_CANDIDATE = 4, 2
VIABLE_S = 0.1
MAX_TOKENS = 1024
RESPONSE_BYTES_MAX = 1 << 20

_request_id: ContextVar[str] = ContextVar("request_id")


class StoppedError(Exception):
    """The runtime ended a call without an answer; the message is its reason."""


class Avadhika:
    """One Runtime with its default policy; the contract of a call has the caller's deadline."""

    wires: ClassVar[frozenset[str] | None] = frozenset({"openai"})
    one_provider: ClassVar[bool] = False
    distributions: ClassVar[tuple[str, ...]] = ("avadhika", "httpx")

    def __init__(self, endpoints: Sequence[Endpoint]) -> None:
        self.names = tuple(endpoint.name for endpoint in endpoints)
        self.http = httpx.AsyncClient(timeout=None, event_hooks={"request": [_identify]})  # noqa: S113
        adapters = {}
        for endpoint in endpoints:
            variable = f"AVADHIKA_KEY_{endpoint.name.upper().replace('-', '_')}"
            os.environ[variable] = endpoint.api_key
            adapters[endpoint.name] = OpenAICompatAdapter(
                endpoint.base_url, api_key_env=variable, name=endpoint.name
            )
        catalog = Catalog("1", "1", tuple(_candidate(endpoint) for endpoint in endpoints))
        self.runtime = Runtime(catalog, RuntimePolicy(), adapters, self.http)

    async def complete(self, call: CallLog) -> str:
        """One completion."""
        return (await self._run(call, None)).text or ""

    async def stream(self, call: CallLog) -> AsyncIterator[str]:
        """One streamed completion: pieces as the runtime hands them out."""
        pieces: asyncio.Queue[str | None] = asyncio.Queue()
        running = asyncio.create_task(self._run(call, pieces))
        running.add_done_callback(lambda _: pieces.put_nowait(None))
        try:
            while (piece := await pieces.get()) is not None:
                yield piece
            await running
        finally:
            running.cancel()
            await asyncio.gather(running, return_exceptions=True)

    async def _run(self, call: CallLog, pieces: asyncio.Queue[str | None] | None) -> Result:
        _request_id.set(call.request_id(1))
        contract = self._contract(call.deadline_s, stream=pieces is not None)
        request = LLMRequest((Message("user", call.prompt),))
        on_delta = pieces.put_nowait if pieces is not None else None
        result = await self.runtime.run(call.call_id, contract, request, on_delta=on_delta)
        if result.status is not Status.DONE:
            raise StoppedError(f"{result.stop_reason or result.execution_error}")
        return result

    def _contract(self, deadline_s: float, *, stream: bool) -> Contract:
        return Contract(
            timeout_ns=int(deadline_s * SECOND),
            budget_uusd=None,
            budget_mode=BudgetMode.OBSERVE,
            candidates=self.names,
            max_output_tokens=MAX_TOKENS,
            attempt_policy=AttemptPolicy(
                min_viable_attempt_ns=tuple((name, int(VIABLE_S * SECOND)) for name in self.names),
                max_total_attempts=ATTEMPTS,
                max_attempts_per_candidate=ATTEMPTS_PER_CANDIDATE,
                per_attempt_timeout_ns=int(TIMEOUT_S * SECOND),
            ),
            limits=Limits(max_response_bytes=RESPONSE_BYTES_MAX, max_stream_idle_ns=int(TIMEOUT_S * SECOND)),
            seed=0,
            stream=stream,
        )

    async def aclose(self) -> None:
        """Closes the HTTP client."""
        await self.http.aclose()


async def _identify(request: httpx.Request) -> None:
    request.headers["X-Client-Request-Id"] = _request_id.get()


def _candidate(endpoint: Endpoint) -> CandidateSpec:
    return CandidateSpec(
        candidate_id=endpoint.name,
        endpoint_id=endpoint.name,
        credential_id=endpoint.name,
        adapter=endpoint.name,
        adapter_mapping_version=MAPPING_VERSION,
        model=endpoint.model,
        model_aliases=frozenset(),
        context_tokens=128_000,
        tools=False,
        structured_output=False,
        streaming=True,
        tags=frozenset(),
        known_dimensions=DIMENSIONS,
        pools=None,
        input_bound_strategy=InputBoundStrategy.CALLER_ONLY,
        billing_coverage=BillingCoverage.PARTIAL,
    )


SUBJECT = Avadhika
