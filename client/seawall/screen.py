"""What may look at a call's requests and answers on their way: the seam between the driver and the security pipeline."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from seawall.messages import CompletionRequest, ProviderReply, TextDelta, ToolCallDelta


class RequestRefusedError(Exception):
    """A stage does not let the request out. The message says which, and why."""


class AnswerScreen(Protocol):
    """Looks at one attempt's answer."""

    def feed(self, deltas: Sequence[TextDelta | ToolCallDelta]) -> list[TextDelta | ToolCallDelta]:
        """Take what has come of a stream; return what may be handed on by now."""
        ...

    async def close(self, reply: ProviderReply) -> tuple[list[TextDelta | ToolCallDelta], ProviderReply]:
        """Take the whole answer; return what of a stream was kept back, and the answer as it may be shown.

        Raises `ProviderError` where the answer is not acceptable: the call then goes on as after any failure.
        """
        ...


class Screening(Protocol):
    """Looks at one call."""

    def request(self) -> CompletionRequest:
        """Return what the next attempt may send."""
        ...

    def answer(self) -> AnswerScreen:
        """Begin to look at an attempt's answer."""
        ...
