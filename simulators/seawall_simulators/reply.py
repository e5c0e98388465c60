"""What a model says, before any wire gives it a form."""

from typing import Any, Literal

from msgspec import Struct, json

FRAGMENT_CHARS = 4
"""JSON, an answer by schema or the arguments of a tool, is streamed in pieces of this many characters."""

USUAL_LOGPROB = -0.05


def cut(text: str) -> list[str]:
    """A text in pieces of a token's usual length."""
    return [text[start : start + FRAGMENT_CHARS] for start in range(0, len(text), FRAGMENT_CHARS)]


class Call(Struct, frozen=True):
    """A call of a tool."""

    name: str
    arguments: dict[str, Any]

    def fragments(self) -> list[str]:
        """The arguments as JSON, in the pieces a stream sends."""
        return cut(json.encode(self.arguments).decode())


class Reply(Struct, frozen=True):
    """The model's decision: words or calls, and why it stopped."""

    tokens: list[str]
    """Joined, they are the text."""
    calls: tuple[Call, ...] = ()
    why: Literal["end", "length", "stop", "calls"] = "end"
    stop_sequence: str | None = None
    """The sequence that ended the text, where `why` is `stop`."""
    logprobs: tuple[float, ...] = ()
    """Of each token; empty where the model is as sure of all as it usually is."""

    def scored(self) -> list[tuple[str, float]]:
        """Each token with its logprob."""
        return list(zip(self.tokens, self.logprobs or [USUAL_LOGPROB] * len(self.tokens), strict=True))
