"""Seawall as a service uses it: default settings, and where its providers are. Nothing is tuned."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import ClassVar

from seawall_chaos.endpoints import Endpoint
from seawall_chaos.subject import CallLog, Discard


class Seawall:
    """One `LLMManager`."""

    wires: ClassVar[frozenset[str] | None] = frozenset({"openai", "anthropic", "gemini"})
    one_provider: ClassVar[bool] = False
    distributions: ClassVar[tuple[str, ...]] = ("seawall", "aiohttp")

    def __init__(self, endpoints: Sequence[Endpoint]) -> None:
        raise NotImplementedError

    async def complete(self, call: CallLog) -> str:
        """One completion."""
        raise NotImplementedError

    async def stream(self, call: CallLog) -> AsyncIterator[str | Discard]:
        """One streamed completion."""
        raise NotImplementedError
        yield ""

    async def aclose(self) -> None:
        """Closes the manager."""


SUBJECT = Seawall
