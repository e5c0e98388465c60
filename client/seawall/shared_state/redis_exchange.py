"""Carries the words of workers through Redis, in a task of its own that no call waits for.

A rest is a key that lives as long as the rest: nothing to decode, nothing to clean up, and no clocks to compare.
Redis may be slow, down or lying: the worker then decides alone, which it does anyway.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Mapping, Sequence
from typing import Any

import redis.asyncio
from redis.exceptions import RedisError

from seawall.errors import ConfigurationError
from seawall.providers.secret import Secret
from seawall.resilience.shared_state import News, SharedState, Word
from seawall.shared_state.options import SharedStateOptions

_BREAKER, _LIMIT = "breaker-rest", "limit-rest"
_PAUSE_MAX_S = 5.0
_MS = 1000.0
# A Redis that is down, a network that is, or something at the address that is no Redis.
_UNREACHABLE = (RedisError, OSError, TimeoutError, ValueError)

_logger = logging.getLogger("seawall")


class RedisExchange:
    """Tells other workers what this one knows, and hears what they know. For one event loop.

    Raises `ConfigurationError` for an address that cannot be one. `start` and `aclose` may be called again.
    """

    def __init__(self, state: SharedState, options: SharedStateOptions, url: Secret) -> None:
        self._state = state
        self._options = options
        self._redis = _client(url)
        self._task: asyncio.Task[None] | None = None
        self.reached: bool | None = None
        """Whether the last exchange succeeded; None before the first."""

    def start(self) -> None:
        """Begin on the running loop, unless it has begun."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name="seawall-shared-state")

    async def aclose(self) -> None:
        """Stop, and close the connection."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        await self._redis.aclose()

    async def _run(self) -> None:
        interval_s = pause_s = self._options.interval_s
        this = asyncio.current_task()
        # A cancellation that meets redis-py while it connects can get lost.
        while self._task is this:
            try:
                async with asyncio.timeout(self._options.timeout_s):
                    await self._exchange()
            except _UNREACHABLE as error:
                # An answer that comes late must not be taken for the next one's.
                await self._redis.connection_pool.disconnect()
                self._note(reached=False, error=error)
                pause_s = min(2.0 * pause_s, max(_PAUSE_MAX_S, interval_s))
            else:
                self._note(reached=True)
                pause_s = interval_s
            if self._task is this:
                await asyncio.sleep(pause_s)

    async def _exchange(self) -> None:
        words = await self._listen()
        now = time.monotonic()
        self._state.hear(now, words)
        if news := self._state.news(now, words):
            await self._tell(news)

    async def _listen(self) -> Mapping[str, Word]:
        subjects = self._state.subjects
        async with self._redis.pipeline(transaction=False) as pipe:
            for subject in subjects:
                pipe.pttl(self._key(subject, _BREAKER)).pttl(self._key(subject, _LIMIT))
            left_ms = await pipe.execute()
        return {
            subject: Word(_seconds(left_ms[2 * index]), _seconds(left_ms[2 * index + 1]))
            for index, subject in enumerate(subjects)
        }

    async def _tell(self, news: Sequence[News]) -> None:
        async with self._redis.pipeline(transaction=False) as pipe:
            for item in news:
                key = self._key(item.subject, _BREAKER)
                if item.recovered:
                    pipe.delete(key)
                if item.word.breaker_rest_s:
                    pipe.set(key, 1, px=_milliseconds(item.word.breaker_rest_s))
                if item.word.limit_rest_s:
                    pipe.set(self._key(item.subject, _LIMIT), 1, px=_milliseconds(item.word.limit_rest_s))
            await pipe.execute()

    def _key(self, subject: str, what: str) -> str:
        return f"{self._options.namespace}:{what}:{subject}"

    def _note(self, *, reached: bool, error: BaseException | None = None) -> None:
        """Log when Redis goes and when it comes back, not every time."""
        if reached is self.reached:
            return
        if not reached:
            _logger.warning("shared state unreachable, deciding alone: %s", type(error).__name__)
        elif self.reached is False:
            _logger.info("shared state reached again")
        self.reached = reached


def _client(url: Secret) -> Any:
    try:
        # One connection: an exchange has at most one pipeline under way. Nobody else retries.
        return redis.asyncio.Redis.from_url(url.reveal(), max_connections=1, retry=None)
    except ValueError:
        raise ConfigurationError(
            "shared_state.redis_url: expected redis://, rediss:// or unix:// and an address"
        ) from None


def _seconds(left_ms: object) -> float:
    """Return what a PTTL says; it is negative where there is no such key, or one that lives for ever."""
    return left_ms / _MS if isinstance(left_ms, int) and left_ms > 0 else 0.0


def _milliseconds(rest_s: float) -> int:
    return max(1, round(rest_s * _MS))
