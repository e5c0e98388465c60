"""A message as it is asked for, every parameter of the API known by name."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from seawall_simulators.wires.reply import Tool, Wish
from seawall_simulators.wires.token_count import PER_MEDIA, PER_MESSAGE, json_tokens, text_tokens

Natural = Annotated[int, Meta(ge=0)]


class Block(Struct):
    """One block of content: a text, a call, what a call returned, or something else, which only counts."""

    type: str
    text: str = ""
    citations: Any = None
    id: str | None = None
    input: Any = None
    tool_use_id: str | None = None
    content: Any = None

    def tokens(self) -> int:
        """What it costs."""
        if self.type == "text":
            return text_tokens(self.text)
        if self.type == "tool_use":
            return json_tokens(self.input)
        if self.type == "tool_result":
            return json_tokens(self.content)
        return PER_MEDIA


class Message(Struct):
    """One turn."""

    role: Literal["user", "assistant", "system"]
    content: str | list[Block]

    def blocks(self) -> list[Block]:
        """Its blocks, none for a plain text."""
        return [] if isinstance(self.content, str) else self.content

    def text(self) -> str:
        """All its text."""
        if isinstance(self.content, str):
            return self.content
        return "".join(block.text for block in self.content)

    def tokens(self) -> int:
        """What it costs."""
        if isinstance(self.content, str):
            return PER_MESSAGE + text_tokens(self.content)
        return PER_MESSAGE + sum(block.tokens() for block in self.content)


class ToolParam(Struct):
    """A tool; those without an input schema are the provider's own, which no fake model calls."""

    name: str
    input_schema: dict[str, Any] | None = None
    type: str | None = None
    description: str | None = None


class ToolChoice(Struct):
    """Whether a tool may, must or must not be called."""

    type: Literal["auto", "any", "tool", "none"]
    name: str | None = None
    disable_parallel_tool_use: bool | None = None


class OutputFormat(Struct):
    """The form of the answer."""

    type: Literal["json_schema"]
    schema: Any


class OutputConfig(Struct):
    """How the answer is to be."""

    format: OutputFormat | None = None
    effort: str | None = None


class Prompt(Struct, kw_only=True, forbid_unknown_fields=True):
    """What a message and a count of tokens share; this is the body of `POST /v1/messages/count_tokens`."""

    model: str
    messages: list[Message]
    system: str | list[Block] | None = None
    tools: list[ToolParam] | None = None
    tool_choice: ToolChoice | None = None
    output_config: OutputConfig | None = None
    thinking: Any = None
    cache_control: Any = None
    speed: str | None = None
    user_profile_id: str | None = None
    workspace_id: str | None = None

    def input_tokens(self) -> int:
        """What the prompt costs."""
        count = sum([message.tokens() for message in self.messages])
        if self.system is not None:
            count += Message("system", self.system).tokens()
        return count + json_tokens(self.tools) if self.tools else count


class MessagesRequest(Prompt, kw_only=True, forbid_unknown_fields=True):
    """The body of `POST /v1/messages`. What follows `stop_sequences` is accepted and has no effect on a fake."""

    max_tokens: Natural
    stream: bool | None = None
    stop_sequences: list[str] | None = None
    temperature: float | UnsetType | None = UNSET
    top_p: float | UnsetType | None = UNSET
    top_k: int | UnsetType | None = UNSET
    metadata: Any = None
    service_tier: str | None = None
    container: Any = None
    diagnostics: Any = None
    inference_geo: str | None = None

    def wish(self, tokens: int) -> Wish:
        """What is asked of the model."""
        if self.tools is None and self.output_config is None and self.stop_sequences is None:
            return Wish(tokens=tokens, max_tokens=self.max_tokens)
        choice, last = self.tool_choice, self.messages[-1]
        form = self.output_config.format if self.output_config else None
        return Wish(
            tokens=tokens,
            max_tokens=self.max_tokens,
            stop=tuple(self.stop_sequences or ()),
            schema=UNSET if form is None else form.schema,
            tools=tuple(offered(self.tools)),
            use_tools="auto" if choice is None else USE[choice.type],
            usable=(choice.name,) if choice is not None and choice.type == "tool" and choice.name else (),
            parallel=choice is None or not choice.disable_parallel_tool_use,
            user_text=last.text() if last.role == "user" else "",
        )


USE: dict[str, Literal["auto", "none", "must"]] = {
    "auto": "auto",
    "none": "none",
    "any": "must",
    "tool": "must",
}
MESSAGES_REQUEST = msgspec.json.Decoder(MessagesRequest)
COUNT_REQUEST = msgspec.json.Decoder(Prompt)


def offered(tools: list[ToolParam] | None) -> Iterator[Tool]:
    """The tools that the model itself can call."""
    return (Tool(tool.name, tool.input_schema) for tool in tools or () if tool.input_schema is not None)
