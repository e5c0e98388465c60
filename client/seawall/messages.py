"""What goes in and what comes out: requests, answers and stream events, the same for every provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

if TYPE_CHECKING:
    from seawall.trace import CallTrace

Role = Literal["system", "user", "assistant", "tool"]
StopReason = Literal["stop", "length", "tool_calls", "content_filter", "refusal", "other"]


class ToolCall(msgspec.Struct, frozen=True, kw_only=True):
    """A tool the model asks for. `arguments` is the JSON text as the model wrote it, not yet checked.

    `signature` is the model's sealed reasoning, which some providers must see again to go on: hand the call back
    as it came. It is sent to nobody but the provider that gave it.
    """

    id: str
    name: str
    arguments: str
    signature: str | None = None


class Image(msgspec.Struct, frozen=True, kw_only=True):
    """An image to look at: its bytes (`data`, of a `media_type` such as "image/png"), or where it is (`url`)."""

    media_type: str = ""
    data: bytes | None = None
    url: str | None = None


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """One turn. A `tool` message answers the `ToolCall` whose id is `tool_call_id`; only `user` has images."""

    role: Role
    content: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    images: tuple[Image, ...] = ()


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """A function the model may ask for; `parameters` is its JSON Schema."""

    name: str
    description: str = ""
    parameters: dict[str, Any] = msgspec.field(default_factory=lambda: {"type": "object", "properties": {}})


class CompletionRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One question, in no provider's dialect.

    `tool_choice` is "auto", "required", "none" or the name of one tool. `response_schema` is a JSON Schema
    that the answer's text must follow. `max_output_tokens` None leaves the provider's limit in force (where a
    wire demands a figure, the settings give it).
    """

    messages: tuple[Message, ...]
    tools: tuple[Tool, ...] = ()
    tool_choice: str = "auto"
    response_schema: dict[str, Any] | None = None
    max_output_tokens: int | None = None
    temperature: float | None = None
    stop: tuple[str, ...] = ()


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens as the provider counted them. `input_tokens` includes the cached ones."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int = 0
    reasoning_tokens: int = 0


class ProviderReply(msgspec.Struct, frozen=True, kw_only=True):
    """A whole answer as one provider gave it."""

    text: str
    tool_calls: tuple[ToolCall, ...] = ()
    stop_reason: StopReason = "stop"
    usage: Usage = Usage()
    model: str = ""
    request_id: str | None = None


class Completion(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a call, who gave it, and what it took to get it (`trace`)."""

    text: str
    provider: str
    model: str
    trace: CallTrace
    tool_calls: tuple[ToolCall, ...] = ()
    stop_reason: StopReason = "stop"
    usage: Usage = Usage()
    request_id: str | None = None


class TextDelta(msgspec.Struct, frozen=True):
    """The next piece of the answer's text."""

    text: str


class ToolCallDelta(msgspec.Struct, frozen=True, kw_only=True):
    """The next piece of the `index`-th tool call. The first piece has `id` and `name`."""

    index: int
    id: str = ""
    name: str = ""
    arguments: str = ""


class StreamRestarted(msgspec.Struct, frozen=True, kw_only=True):
    """The provider failed in mid-stream and `provider` starts over.

    Discard the text from character `discard_from` on, and every tool call so far.
    """

    discard_from: int
    provider: str


class Done(msgspec.Struct, frozen=True):
    """The stream is complete; `completion` holds all of it."""

    completion: Completion


StreamEvent = TextDelta | ToolCallDelta | StreamRestarted | Done
