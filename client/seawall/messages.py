"""What goes in and what comes out: requests, answers and stream events, the same for every provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import msgspec

if TYPE_CHECKING:
    from seawall.trace import CallTrace

Role = Literal["system", "user", "assistant", "tool"]
Channel = Literal["system", "user", "model", "untrusted"]
StopReason = Literal["stop", "length", "tool_calls", "content_filter", "refusal", "other"]


class ToolCall(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A tool the model asks for. `arguments` is the JSON text as the model wrote it, not yet checked.

    `signature` is the model's sealed reasoning, which some providers must see again to go on: hand the call back
    as it came. It is sent to nobody but the provider that gave it.
    """

    id: str
    name: str
    arguments: str
    signature: str | None = None


class Image(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An image to look at: its bytes (`data`, of a `media_type` such as "image/png"), or where it is (`url`)."""

    media_type: str = ""
    data: bytes | None = None
    url: str | None = None


class Message(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One turn. A `tool` message answers the `ToolCall` whose id is `tool_call_id`; only `user` has images.

    `untrusted` marks words that no person vouches for: a mail that was pasted, a page that was read. What tools
    return is untrusted whether it says so or not.
    """

    role: Role
    content: str = ""
    tool_calls: tuple[ToolCall, ...] = ()
    tool_call_id: str | None = None
    images: tuple[Image, ...] = ()
    untrusted: bool = False

    @property
    def channel(self) -> Channel:
        """How far the words are trusted."""
        if self.untrusted or self.role == "tool":
            return "untrusted"
        return "user" if self.role == "user" else "model" if self.role == "assistant" else "system"


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """A text to work on and to cite by `id`; untrusted, whatever it says. `origin` tells where it is from."""

    id: str
    text: str
    origin: str = ""


class Tool(msgspec.Struct, frozen=True, kw_only=True):
    """A function the model may ask for; `parameters` is its JSON Schema.

    `side_effects` is false for one that only looks things up: calling it changes nothing and tells nobody.
    """

    name: str
    description: str = ""
    side_effects: bool = True
    parameters: dict[str, Any] = msgspec.field(default_factory=lambda: {"type": "object", "properties": {}})


class CompletionRequest(msgspec.Struct, frozen=True, kw_only=True):
    """One question, in no provider's dialect.

    `tool_choice` is "auto", "required", "none" or the name of one tool. `response_schema` is a JSON Schema
    that the answer's text must follow. `max_output_tokens` None leaves the provider's limit in force (where a
    wire demands a figure, the settings give it). `sources` go before the last message of the user.
    `logprobs` asks for the probabilities of the answer's tokens, of which `mean_logprob` comes; not every wire has them.
    """

    messages: tuple[Message, ...]
    sources: tuple[Source, ...] = ()
    tools: tuple[Tool, ...] = ()
    tool_choice: str = "auto"
    response_schema: dict[str, Any] | None = None
    max_output_tokens: int | None = None
    temperature: float | None = None
    stop: tuple[str, ...] = ()
    logprobs: bool = False


class Usage(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens as the provider counted them. `input_tokens` includes the cached ones."""

    input_tokens: int = 0
    output_tokens: int = 0
    cached_input_tokens: int = 0
    reasoning_tokens: int = 0


class ProviderReply(msgspec.Struct, frozen=True, kw_only=True):
    """A whole answer as one provider gave it.

    `mean_logprob` is the mean natural logarithm of its tokens' probabilities, where that was asked for and told.
    """

    text: str
    tool_calls: tuple[ToolCall, ...] = ()
    held_tool_calls: tuple[HeldToolCall, ...] = ()
    stop_reason: StopReason = "stop"
    usage: Usage = Usage()
    model: str = ""
    mean_logprob: float | None = None
    request_id: str | None = None

    def answered(self, provider: str, trace: CallTrace) -> Completion:
        """Return the caller's answer."""
        return Completion(
            text=self.text,
            provider=provider,
            model=self.model or trace.model or "",
            trace=trace,
            tool_calls=self.tool_calls,
            held_tool_calls=self.held_tool_calls,
            stop_reason=self.stop_reason,
            usage=self.usage,
            request_id=self.request_id,
        )


class HeldToolCall(msgspec.Struct, frozen=True, kw_only=True):
    """A tool call that is not to be carried out unless a person says so, and `why`."""

    call: ToolCall
    why: str


class Completion(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a call, who gave it, and what it took to get it (`trace`).

    `held_tool_calls` are those that the security pipeline keeps back; they are not among `tool_calls`. `usage` is that
    of the attempt that answered; those of the others, where they are known, are in `trace.attempts`.
    """

    text: str
    provider: str
    model: str
    trace: CallTrace
    tool_calls: tuple[ToolCall, ...] = ()
    held_tool_calls: tuple[HeldToolCall, ...] = ()
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
