"""A response as it is asked for, every parameter of the API known by name."""

from typing import Any, Literal

import msgspec
from msgspec import UNSET, Struct

from seawall_simulators.wires.openai_content import Content, content_text, content_tokens, use_tools
from seawall_simulators.wires.reply import ANY_OBJECT, Tool, Wish
from seawall_simulators.wires.token_count import PER_MESSAGE, json_tokens, text_tokens


class Item(Struct):
    """One item of the input: a message, a call, or what a call returned."""

    type: str = "message"
    role: Literal["user", "assistant", "system", "developer"] | None = None
    content: Content = None
    arguments: str | None = None
    output: Any = None

    def text(self) -> str:
        """All its text."""
        return content_text(self.content)

    def tokens(self) -> int:
        """What it costs."""
        said = content_tokens(self.content) + text_tokens(self.arguments or "")
        return PER_MESSAGE + said + json_tokens(self.output)


class FunctionTool(Struct):
    """A function the model may call."""

    type: Literal["function"]
    name: str
    parameters: dict[str, Any] | None = None
    description: str | None = None
    strict: bool | None = None


class NamedTool(Struct):
    """The tool that must be called."""

    type: Literal["function"]
    name: str


class Format(Struct):
    """The form of the answer; `name` and `schema` belong to `json_schema`."""

    type: Literal["text", "json_object", "json_schema"]
    name: str | None = None
    schema: Any = None
    description: str | None = None
    strict: bool | None = None


class TextConfig(Struct):
    """How the text of the answer is to be."""

    format: Format | None = None
    verbosity: str | None = None


class ResponsesRequest(Struct, forbid_unknown_fields=True):
    """The body of `POST /responses`. What follows `top_p` is accepted and has no effect on a fake."""

    model: str
    input: str | list[Item]
    stream: bool | None = None
    instructions: str | None = None
    max_output_tokens: int | None = None
    tools: list[FunctionTool] | None = None
    tool_choice: Literal["none", "auto", "required"] | NamedTool | None = None
    parallel_tool_calls: bool | None = None
    text: TextConfig | None = None
    metadata: dict[str, str] | None = None
    previous_response_id: str | None = None
    store: bool | None = None
    temperature: float | None = None
    top_p: float | None = None
    access_programs: Any = None
    background: bool | None = None
    background_options: Any = None
    context_management: Any = None
    conversation: Any = None
    image: Any = None
    include: list[str] | None = None
    max_tool_calls: int | None = None
    moderation: Any = None
    prompt: Any = None
    prompt_cache_key: str | None = None
    prompt_cache_options: Any = None
    prompt_cache_retention: str | None = None
    reasoning: Any = None
    safety_identifier: str | None = None
    service_tier: str | None = None
    stream_options: Any = None
    top_logprobs: int | None = None
    truncation: str | None = None
    user: str | None = None

    def input_tokens(self) -> int:
        """What the prompt costs."""
        if isinstance(self.input, str):
            count = PER_MESSAGE + text_tokens(self.input)
        else:
            count = sum(item.tokens() for item in self.input)
        return count + text_tokens(self.instructions or "") + json_tokens(self.tools)

    def wish(self, tokens: int) -> Wish:
        """What is asked of the model."""
        return Wish(
            tokens=tokens,
            max_tokens=self.max_output_tokens,
            schema=self.schema(),
            tools=tuple(Tool(tool.name, tool.parameters) for tool in self.tools or ()),
            use_tools=use_tools(self.tool_choice),
            usable=(self.tool_choice.name,) if isinstance(self.tool_choice, NamedTool) else (),
            parallel=self.parallel_tool_calls is not False,
            user_text=self.user_text(),
        )

    def user_text(self) -> str:
        """The text of the last item, when it is the user's."""
        if isinstance(self.input, str):
            return self.input
        return self.input[-1].text() if self.input and self.input[-1].role == "user" else ""

    def schema(self) -> Any:
        """The schema the answer has to satisfy; UNSET for plain text."""
        form = self.text.format if self.text else None
        if form is None or form.type == "text":
            return UNSET
        return ANY_OBJECT if form.schema is None else form.schema


RESPONSES_REQUEST = msgspec.json.Decoder(ResponsesRequest)
