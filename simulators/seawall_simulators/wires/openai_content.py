"""What both of OpenAI's operations have alike: the content of a message, and scores of an answer's tokens."""

from typing import Any, Literal

from msgspec import Struct

from seawall_simulators.wires.token_count import PER_MEDIA, text_tokens

TEXTS = frozenset({"text", "input_text", "output_text"})


class Part(Struct):
    """One part of a message; of any but a text, the type is all that is looked at."""

    type: str
    text: str = ""


Content = str | list[Part] | None
ToolUse = Literal["auto", "none", "must"]


def content_text(content: Content) -> str:
    """All its text."""
    return content if isinstance(content, str) else "".join(part.text for part in content or ())


def content_tokens(content: Content) -> int:
    """What it costs, without the message around it."""
    if isinstance(content, str):
        return text_tokens(content)
    return sum(text_tokens(part.text) if part.type in TEXTS else PER_MEDIA for part in content or ())


def token_scores(scored: list[tuple[str, float]]) -> list[dict[str, Any]]:
    """How sure the model was of some tokens; a fake has no others to choose from."""
    return [
        {"token": token, "logprob": score, "bytes": list(token.encode()), "top_logprobs": []}
        for token, score in scored
    ]


def use_tools(choice: object) -> ToolUse:
    """Whether the model may, must not or must call a tool."""
    if choice is None or choice == "auto":
        return "auto"
    return "none" if choice == "none" else "must"
