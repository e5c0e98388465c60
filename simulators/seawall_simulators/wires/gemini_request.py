"""Contents to generate from as they are asked for; every key may be spelled in camelCase or in snake_case."""

from typing import Any, Literal, TypeVar

import msgspec
from msgspec import UNSET, Struct

from seawall_simulators.wires.decoding import body_error, read, too_deep
from seawall_simulators.wires.reply import ANY_OBJECT, Tool, Wish
from seawall_simulators.wires.token_count import PER_MEDIA, PER_MESSAGE, json_tokens, text_tokens

T = TypeVar("T")
OPAQUE = frozenset(
    {
        "parameters",
        "parametersJsonSchema",
        "responseSchema",
        "responseJsonSchema",
        "response",
        "args",
        "labels",
    }
)
"""What is in these belongs to the caller: its keys are not ours to respell."""


class Part(Struct, rename="camel"):
    """One part: a text, a call, what a call returned, or something else, which only counts."""

    text: str | None = None
    function_call: Any = None
    function_response: Any = None

    def tokens(self) -> int:
        """What it costs."""
        if self.text is not None:
            return text_tokens(self.text)
        return json_tokens(self.function_call) + json_tokens(self.function_response) or PER_MEDIA


class Content(Struct):
    """One turn."""

    parts: list[Part] = []
    role: Literal["user", "model", "function", "system"] | None = None

    def text(self) -> str:
        """All its text."""
        return "".join(part.text or "" for part in self.parts)

    def tokens(self) -> int:
        """What it costs."""
        return PER_MESSAGE + sum([part.tokens() for part in self.parts])


class FunctionDeclaration(Struct, rename="camel"):
    """A function the model may call."""

    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None
    parameters_json_schema: dict[str, Any] | None = None


class ToolParam(Struct, rename="camel"):
    """Functions, or one of the provider's own tools, which no fake model calls."""

    function_declarations: list[FunctionDeclaration] = []


class FunctionCallingConfig(Struct, rename="camel"):
    """Whether a function may, must or must not be called."""

    mode: Literal["MODE_UNSPECIFIED", "AUTO", "ANY", "NONE", "VALIDATED"] = "AUTO"
    allowed_function_names: list[str] | None = None
    stream_function_call_arguments: bool | None = None


class ToolConfig(Struct, rename="camel"):
    """How tools are to be used."""

    function_calling_config: FunctionCallingConfig | None = None


class GenerationConfig(Struct, rename="camel", forbid_unknown_fields=True):
    """How to generate. What follows `response_json_schema` is accepted and has no effect on a fake."""

    max_output_tokens: int | None = None
    candidate_count: int | None = None
    stop_sequences: list[str] | None = None
    response_mime_type: str | None = None
    response_schema: Any = None
    response_json_schema: Any = None
    temperature: float | None = None
    top_p: float | None = None
    top_k: float | None = None
    seed: int | None = None
    presence_penalty: float | None = None
    frequency_penalty: float | None = None
    response_logprobs: bool | None = None
    logprobs: int | None = None
    enable_enhanced_civic_answers: bool | None = None
    response_modalities: list[str] | None = None
    speech_config: Any = None
    image_config: Any = None
    thinking_config: Any = None
    media_resolution: str | None = None
    audio_transcription_config: Any = None


class GenerateRequest(Struct, rename="camel", forbid_unknown_fields=True):
    """The body of `:generateContent`. What follows `generation_config` is accepted and has no effect on a fake."""

    contents: list[Content]
    system_instruction: Content | None = None
    tools: list[ToolParam] | None = None
    tool_config: ToolConfig | None = None
    generation_config: GenerationConfig | None = None
    model: str | None = None
    safety_settings: Any = None
    cached_content: str | None = None
    continuation_token: str | None = None
    service_tier: str | None = None
    labels: Any = None
    store: bool | None = None

    def input_tokens(self) -> int:
        """What the prompt costs."""
        count = sum([content.tokens() for content in self.contents])
        if self.system_instruction is not None:
            count += self.system_instruction.tokens()
        return count + json_tokens(self.tools) if self.tools else count

    def wish(self, tokens: int) -> Wish:
        """What is asked of the model."""
        config = self.generation_config or GenerationConfig()
        calling = (self.tool_config and self.tool_config.function_calling_config) or FunctionCallingConfig()
        last = self.contents[-1]
        return Wish(
            tokens=tokens,
            max_tokens=config.max_output_tokens,
            stop=tuple(config.stop_sequences or ()),
            schema=schema(config),
            tools=tuple(tool(f) for t in self.tools or () for f in t.function_declarations),
            use_tools=USE.get(calling.mode, "auto"),
            usable=tuple(calling.allowed_function_names or ()),
            user_text=last.text() if last.role in {"user", None} else "",
        )


class CountRequest(Struct, rename="camel", forbid_unknown_fields=True):
    """The body of `:countTokens`: contents alone, or a whole request."""

    contents: list[Content] | None = None
    generate_content_request: GenerateRequest | None = None


class EmbedRequest(Struct, rename="camel", forbid_unknown_fields=True):
    """The body of `:embedContent`."""

    content: Content
    model: str | None = None
    task_type: str | None = None
    title: str | None = None
    output_dimensionality: int | None = None


class BatchEmbedRequest(Struct, forbid_unknown_fields=True):
    """The body of `:batchEmbedContents`."""

    requests: list[EmbedRequest]


USE: dict[str, Literal["auto", "none", "must"]] = {"NONE": "none", "ANY": "must"}
GENERATE_REQUEST = msgspec.json.Decoder(GenerateRequest)
COUNT_REQUEST = msgspec.json.Decoder(CountRequest)
EMBED_REQUEST = msgspec.json.Decoder(EmbedRequest)
BATCH_EMBED_REQUEST = msgspec.json.Decoder(BatchEmbedRequest)
ANYTHING = msgspec.json.Decoder(Any)


def read_either(decoder: msgspec.json.Decoder[T], body: bytes) -> T:
    """The typed request in a body of either spelling; raises BodyError."""
    if b"_" not in body:
        return read(decoder, body)
    try:
        return msgspec.convert(camel_keys(read(ANYTHING, body)), decoder.type)
    except msgspec.ValidationError as error:
        raise body_error(str(error)) from error
    except RecursionError as error:
        raise too_deep() from error


def camel_keys(value: Any) -> Any:
    """The same document with every key of the API in camelCase."""
    if isinstance(value, dict):
        spelled = ((camel(key), item) for key, item in value.items())
        return {key: item if key in OPAQUE else camel_keys(item) for key, item in spelled}
    if isinstance(value, list):
        return [camel_keys(item) for item in value]
    return value


def camel(key: str) -> str:
    """`top_p` as `topP`."""
    first, *others = key.split("_")
    return first + "".join([part.capitalize() for part in others])


def schema(config: GenerationConfig) -> Any:
    """The schema the answer has to satisfy; UNSET for plain text."""
    given = config.response_schema if config.response_json_schema is None else config.response_json_schema
    if given is not None:
        return given
    return ANY_OBJECT if config.response_mime_type == "application/json" else UNSET


def tool(declaration: FunctionDeclaration) -> Tool:
    """A function as a tool."""
    parameters = declaration.parameters_json_schema
    return Tool(declaration.name, declaration.parameters if parameters is None else parameters)
