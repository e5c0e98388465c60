"""Seawall as a service uses it: default settings, and where its providers are. Nothing is tuned."""

from __future__ import annotations

import os
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from typing import ClassVar

from seawall import (
    AttemptRecord,
    CallContext,
    CallTrace,
    LLMManager,
    StreamRestarted,
    TextDelta,
    load_settings,
)
from seawall_chaos.endpoints import Endpoint
from seawall_chaos.outcome import AttemptNote
from seawall_chaos.subject import CallLog, Discard

_WIRES = {"openai": "openai_chat", "azure": "azure_openai", "anthropic": "anthropic", "gemini": "gemini"}


class AttemptNotes:
    """Listens to what the client tells of its attempts; of a call that is given up, nobody else does."""

    def __init__(self) -> None:
        self._calls: dict[str, tuple[CallLog, float]] = {}

    @contextmanager
    def of(self, call: CallLog) -> Iterator[None]:
        """Notes the attempts of `call` while it lasts."""
        self._calls[call.call_id] = (call, time.monotonic())
        try:
            yield
        finally:
            del self._calls[call.call_id]

    def attempt_finished(self, context: CallContext, record: AttemptRecord) -> None:
        """Notes an attempt; one that ends after its call did, such as a probe, only providers know."""
        if context.call_id not in self._calls:
            return
        call, start_s = self._calls[context.call_id]
        first_token_s = None if record.first_token_s is None else start_s + record.first_token_s
        call.attempts.append(
            AttemptNote(
                client_request_id=record.client_request_id,
                provider=record.provider,
                started_s=start_s + record.started_s,
                first_byte_s=first_token_s,
                finished_s=start_s + record.finished_s,
                status=record.http_status,
                failure=None if record.failure is None else str(record.failure.kind),
                outcome=record.outcome,
                breaker=record.breaker_state,
            )
        )

    def call_finished(self, trace: CallTrace) -> None:
        """The attempts are all there is to note."""


class Seawall:
    """One `LLMManager`."""

    wires: ClassVar[frozenset[str] | None] = frozenset(_WIRES)
    one_provider: ClassVar[bool] = False
    distributions: ClassVar[tuple[str, ...]] = ("seawall", "aiohttp")

    def __init__(self, endpoints: Sequence[Endpoint]) -> None:
        self._notes = AttemptNotes()
        keys = {f"KEY_{number}": endpoint.api_key for number, endpoint in enumerate(endpoints)}
        providers = [
            {
                "name": endpoint.name,
                "wire": _WIRES[endpoint.wire],
                "model": endpoint.model,
                "base_url": endpoint.base_url,
                "api_key_env": variable,
            }
            for endpoint, variable in zip(endpoints, keys, strict=True)
        ]
        # Whatever the machine's own environment says must not steer the run.
        settings = load_settings(environ=keys, overrides={"providers": providers}, dotenv=os.devnull)
        self._manager = LLMManager(settings, observers=[self._notes])

    async def complete(self, call: CallLog) -> str:
        """One completion, within the caller's deadline."""
        with self._notes.of(call):
            answer = await self._manager.complete(
                call.prompt, call_id=call.call_id, deadline_s=call.deadline_s
            )
        return answer.text

    async def stream(self, call: CallLog) -> AsyncIterator[str | Discard]:
        """One streamed completion, within the caller's deadline; restarts are passed on as they are told."""
        with self._notes.of(call):
            stream = self._manager.stream(call.prompt, call_id=call.call_id, deadline_s=call.deadline_s)
            async with stream as events:
                async for event in events:
                    if isinstance(event, TextDelta):
                        yield event.text
                    elif isinstance(event, StreamRestarted):
                        yield Discard(event.discard_from)

    async def aclose(self) -> None:
        """Closes the manager."""
        await self._manager.aclose()


SUBJECT = Seawall
