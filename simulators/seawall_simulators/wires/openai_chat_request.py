"""A chat completion as it is asked for, every parameter of the API known by name."""

from typing import Any, Literal

import msgspec
from msgspec import UNSET, Struct

from seawall_simulators.wires.openai_content import Content, content_text, content_tokens, use_tools
from seawall_simulators.wires.reply import ANY_OBJECT, Tool, Wish
from seawall_simulators.wires.token_count import PER_MESSAGE, json_tokens


class ToolCall(Struct):
    """A call an earlier turn made."""

    id: str
    type: str = "function"
    function: Any = None


class Message(Struct):
    """One message."""

    role: Literal["developer", "system", "user", "assistant", "tool", "function"]
    content: Content = None
    tool_calls: list[ToolCall] | None = None
    tool_call_id: str | None = None

    def text(self) -> str:
        """All its text."""
        return content_text(self.content)

    def tokens(self) -> int:
        """What it costs."""
        return PER_MESSAGE + content_tokens(self.content) + json_tokens(self.tool_calls)


class Function(Struct):
    """A function the model may call."""

    name: str
    parameters: dict[str, Any] | None = None
    description: str | None = None
    strict: bool | None = None


class FunctionTool(Struct):
    """A tool; the API has other types, which no fake model can call."""

    type: Literal["function"]
    function: Function


class FunctionName(Struct):
    """A function by name."""

    name: str


class NamedTool(Struct):
    """The tool that must be called."""

    type: Literal["function"]
    function: FunctionName


class JsonSchema(Struct):
    """The schema the answer has to satisfy."""

    name: str
    schema: Any = msgspec.field(default_factory=dict)
    description: str | None = None
    strict: bool | None = None


class ResponseFormat(Struct):
    """The form of the answer."""

    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchema | None = None


class StreamOptions(Struct):
    """What a stream holds besides the answer."""

    include_usage: bool | None = None
    include_obfuscation: bool | None = None


class ChatRequest(Struct, forbid_unknown_fields=True, kw_only=True):
    """The body of `POST /chat/completions`. What follows `user` is accepted and has no effect on a fake."""

    model: str
    messages: list[Message]
    stream: bool | None = None
    stream_options: StreamOptions | None = None
    max_completion_tokens: int | None = None
    max_tokens: int | None = None
    stop: str | list[str] | None = None
    tools: list[FunctionTool] | None = None
    tool_choice: Literal["none", "auto", "required"] | NamedTool | None = None
    parallel_tool_calls: bool | None = None
    response_format: ResponseFormat | None = None
    n: int | None = None
    user: str | None = None
    audio: Any = None
    frequency_penalty: float | None = None
    function_call: Any = None
    functions: Any = None
    logit_bias: Any = None
    logprobs: bool | None = None
    metadata: dict[str, str] | None = None
    modalities: list[str] | None = None
    moderation: Any = None
    prediction: Any = None
    presence_penalty: float | None = None
    prompt_cache_key: str | None = None
    prompt_cache_options: Any = None
    prompt_cache_retention: str | None = None
    reasoning_effort: str | None = None
    safety_identifier: str | None = None
    seed: int | None = None
    service_tier: str | None = None
    store: bool | None = None
    temperature: float | None = None
    top_logprobs: int | None = None
    top_p: float | None = None
    verbosity: str | None = None
    web_search_options: Any = None

    def input_tokens(self) -> int:
        """What the prompt costs."""
        count = sum([message.tokens() for message in self.messages])
        return count + json_tokens(self.tools) if self.tools else count

    def wish(self, tokens: int) -> Wish:
        """What is asked of the model."""
        limit = self.max_tokens if self.max_completion_tokens is None else self.max_completion_tokens
        last = self.messages[-1]
        if self.tools is None and self.response_format is None and self.stop is None:
            return Wish(tokens=tokens, max_tokens=limit)
        return Wish(
            tokens=tokens,
            max_tokens=limit,
            stop=(self.stop,) if isinstance(self.stop, str) else tuple(self.stop or ()),
            schema=self.schema(),
            tools=tuple(Tool(tool.function.name, tool.function.parameters) for tool in self.tools or ()),
            use_tools=use_tools(self.tool_choice),
            usable=(self.tool_choice.function.name,) if isinstance(self.tool_choice, NamedTool) else (),
            parallel=self.parallel_tool_calls is not False,
            user_text=last.text() if last.role == "user" else "",
        )

    def schema(self) -> Any:
        """The schema the answer has to satisfy; UNSET for plain text."""
        form = self.response_format
        if form is None or form.type == "text":
            return UNSET
        return ANY_OBJECT if form.json_schema is None else form.json_schema.schema


CHAT_REQUEST = msgspec.json.Decoder(ChatRequest)
