"""Carries calls along the path that the policy chose, and watches the other one where that is asked for."""

from __future__ import annotations

import asyncio
import math
import secrets
import time
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any, Protocol, TypeVar, Unpack, cast

import msgspec

from seawall.errors import ConfigurationError, LLMError, RequestBlocked
from seawall.messages import Completion, CompletionRequest
from seawall.prompts import CallOptions, Prompt, RequestOptions, request_of
from seawall.rollout.policy import Choice, RolloutPolicy
from seawall.rollout.record import PathOutcome, RolloutAnswer, RolloutRecord, text_of
from seawall.telemetry.observers import Observers

Old = TypeVar("Old")
Compare = Callable[[Any, Completion], float]

_CALL_ID_CHARS_MAX = 120
_REQUEST = RequestOptions.__optional_keys__
# What a prompt or an option that cannot work may raise before anything is sent.
_UNUSABLE = (LLMError, TypeError, ValueError, AttributeError, LookupError)
_now = time.monotonic


class Complete(Protocol):
    """The new path."""

    def __call__(self, prompt: Prompt, **options: Unpack[CallOptions]) -> Coroutine[Any, Any, Completion]:
        """Answer like `LLMManager.complete`."""
        ...


class _Shadow(msgspec.Struct, frozen=True):
    """What is asked behind the old path's back: taken down before that runs, as callers reuse their lists."""

    request: CompletionRequest | None
    options: CallOptions
    compare: Compare | None
    unusable: str | None = None


class RolloutPaths:
    """Answers calls by either path. Owns the shadows: tasks that nobody waits for, bounded in number and time.

    Args:
        policy: who answers.
        complete: the new path.
        deadline_s: gives the deadline of a call that names none.
        observers: those of the client.
    """

    def __init__(
        self,
        policy: RolloutPolicy,
        complete: Complete,
        *,
        deadline_s: Callable[[], float],
        observers: Observers,
    ) -> None:
        self._policy = policy
        self._complete = complete
        self._deadline_s = deadline_s
        self._observers = observers
        self._shadows: set[asyncio.Task[RolloutRecord]] = set()
        self._comparing: ThreadPoolExecutor | None = None

    async def answer(
        self,
        prompt: Prompt,
        old: Callable[[], Awaitable[Old]],
        key: str | int | None,
        compare: Compare | None,
        options: CallOptions,
    ) -> RolloutAnswer[Old]:
        """Do what `LLMManager.rollout` promises."""
        choice = self._policy.choose(key)
        record = RolloutRecord(
            call_id=str(options.get("call_id") or secrets.token_hex(8)),
            stage=choice.position.stage,
            decided_by=choice.position.decided_by,
            path=choice.path,
            bucket=choice.bucket,
        )
        if choice.path == "old":
            return await self._by_old(old, record, self._shadow_of(prompt, choice, compare, options))
        return await self._by_new(prompt, old, record, options)

    async def _by_new(
        self, prompt: Prompt, old: Callable[[], Awaitable[Old]], record: RolloutRecord, options: CallOptions
    ) -> RolloutAnswer[Old]:
        named = cast("CallOptions", {**options, "call_id": record.call_id})
        started = _now()
        try:
            completion, new = await _outcome(self._complete(prompt, **named))
        except asyncio.CancelledError as error:
            self._tell(msgspec.structs.replace(record, new=_ended(error, started)))
            raise
        record = msgspec.structs.replace(record, new=new)
        if isinstance(completion, Completion):
            self._tell(record)
            return RolloutAnswer(value=completion, record=record)
        # What was blocked was answered, by a no: another path would only be the way round it.
        refused = isinstance(completion, RequestBlocked)
        if record.stage == "percent" and self._policy.options.fallback and not refused:
            return await self._by_old(old, msgspec.structs.replace(record, path="old", fell_back=True), None)
        self._tell(record)
        raise completion

    async def _by_old(
        self, old: Callable[[], Awaitable[Old]], record: RolloutRecord, shadow: _Shadow | None
    ) -> RolloutAnswer[Old]:
        started = _now()
        try:
            called: object = old()
            if not isinstance(called, Awaitable):
                said = f"`old` is an async function, or gives something to await; it gave {type(called).__name__}"
                raise ConfigurationError(said)  # noqa: TRY301 - an outcome of this path like any other
            value: Old = await called
        except BaseException as error:
            record = msgspec.structs.replace(record, old=_ended(error, started))
            self._conclude(record, shadow if isinstance(error, Exception) else None, None)
            raise
        outcome = PathOutcome(outcome="answered", latency_s=_now() - started)
        record = self._conclude(msgspec.structs.replace(record, old=outcome), shadow, value)
        return RolloutAnswer(value=value, record=record)

    def _shadow_of(
        self, prompt: Prompt, choice: Choice, compare: Compare | None, options: CallOptions
    ) -> _Shadow | None:
        if choice.position.stage != "shadow" or not self._policy.samples_shadow():
            return None
        left = cast("CallOptions", {key: value for key, value in options.items() if key not in _REQUEST})
        try:
            return _Shadow(request_of(prompt, options), left, compare)
        except _UNUSABLE as error:
            return _Shadow(None, left, compare, unusable=type(error).__name__)

    def _conclude(self, record: RolloutRecord, shadow: _Shadow | None, value: object) -> RolloutRecord:
        """Start the shadow where there is one, or tell observers at once. Returns what is known so far."""
        if record.stage != "shadow":
            self._tell(record)
            return record
        if shadow is None or self._policy.position.stage != "shadow":  # it may have been killed meanwhile
            record = msgspec.structs.replace(record, shadow="not_sampled")
        elif len(self._shadows) >= self._policy.options.shadow_concurrent_max:
            record = msgspec.structs.replace(record, shadow="at_limit")
        else:
            record = msgspec.structs.replace(
                record, shadow="observed", call_id=f"{record.call_id[:_CALL_ID_CHARS_MAX]}-shadow"
            )
            task = asyncio.create_task(self._observe(shadow, record, value))
            self._shadows.add(task)
            task.add_done_callback(partial(self._observed, record))
            return record
        self._tell(record)
        return record

    async def _observe(self, shadow: _Shadow, record: RolloutRecord, value: object) -> RolloutRecord:
        if shadow.request is None:
            failed = PathOutcome(outcome="failed", latency_s=0.0, error=shadow.unusable)
            return msgspec.structs.replace(record, new=failed)
        options = cast("CallOptions", {**shadow.options, "call_id": record.call_id})
        completion, new = await _outcome(self._complete(shadow.request, **options))
        record = msgspec.structs.replace(record, new=new)
        if isinstance(completion, Completion) and record.old and record.old.outcome == "answered":
            agreement = await self._agreement(shadow, value, completion)
            record = msgspec.structs.replace(record, agreement=agreement)
        return record

    def _observed(self, record: RolloutRecord, task: asyncio.Task[RolloutRecord]) -> None:
        """Tell of a shadow that has ended, also of one that was cancelled before it began."""
        self._shadows.discard(task)
        cancelled = PathOutcome(outcome="cancelled", latency_s=0.0)
        self._tell(msgspec.structs.replace(record, new=cancelled) if task.cancelled() else task.result())

    async def _agreement(self, shadow: _Shadow, value: object, completion: Completion) -> float | None:
        if shadow.compare is None:
            text = text_of(value)
            return None if text is None else float(text == completion.text)
        # In a thread of its own: comparing may take long, and the default ones resolve names for the calls.
        self._comparing = self._comparing or ThreadPoolExecutor(1, thread_name_prefix="seawall-compare")
        comparing = asyncio.get_running_loop().run_in_executor(
            self._comparing, shadow.compare, value, completion
        )
        limit_s = shadow.options.get("deadline_s") or self._deadline_s()
        compared = await asyncio.gather(asyncio.wait_for(comparing, limit_s), return_exceptions=True)
        return _share(compared[0])

    def stop_shadows(self) -> None:
        """Cancel every shadow."""
        for task in tuple(self._shadows):
            task.cancel()

    async def aclose(self) -> None:
        """Cancel every shadow and wait until none is left."""
        self.stop_shadows()
        await asyncio.gather(*self._shadows, return_exceptions=True)
        if self._comparing is not None:
            self._comparing.shutdown(wait=False, cancel_futures=True)
            self._comparing = None

    def _tell(self, record: RolloutRecord) -> None:
        asyncio.get_running_loop().call_soon(self._observers.rollout_finished, record)


async def _outcome(
    asked: Coroutine[Any, Any, Completion],
) -> tuple[Completion | BaseException, PathOutcome]:
    """Wait for the new path; whatever it raises, a bug included, is its outcome. Cancelling waits for its end."""
    started = _now()
    results = await asyncio.gather(asked, return_exceptions=True)
    result = results[0]
    if isinstance(result, BaseException):
        return result, PathOutcome(outcome="failed", latency_s=_now() - started, error=type(result).__name__)
    return result, PathOutcome(outcome="answered", latency_s=_now() - started)


def _ended(error: BaseException, started: float) -> PathOutcome:
    return PathOutcome(
        outcome="failed" if isinstance(error, Exception) else "cancelled",
        latency_s=_now() - started,
        error=type(error).__name__,
    )


def _share(score: object) -> float | None:
    """Return what a compare function said as a number from 0 to 1; None where it raised or said nothing."""
    if not isinstance(score, int | float) or not math.isfinite(score):
        return None
    return min(1.0, max(0.0, float(score)))
