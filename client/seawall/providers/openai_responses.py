"""OpenAI Responses: requests out. Nothing is stored at the provider: each request holds the whole conversation."""

from __future__ import annotations

from typing import Any

from seawall.messages import CompletionRequest, Message
from seawall.providers.encoding import RequestHeaders, encode_body, key_of
from seawall.providers.image_data import url_of
from seawall.providers.openai_address import openai_authorization, openai_url
from seawall.providers.openai_responses_reader import OpenAIResponsesReader
from seawall.providers.options import ProviderOptions
from seawall.providers.provider_errors import provider_error
from seawall.providers.response import DecoderContext, ResponseDecoder
from seawall.providers.signature import own_signature, signature_mark
from seawall.providers.strict_schema import is_strict
from seawall.providers.wire import Decoder, HttpRequest
from seawall.resilience.failures import FailureKind

_TOOL_CHOICES = {"auto", "required", "none"}
_LOGPROBS = "message.output_text.logprobs"
_SEALED_REASONING = "reasoning.encrypted_content"


class OpenAIResponsesCodec:
    """The `Codec` of one provider that speaks OpenAI's responses."""

    def __init__(self, options: ProviderOptions, context: DecoderContext) -> None:
        self._options = options
        self._context = context
        self._secret = key_of(options)
        self._mark = signature_mark(options)
        self._url = openai_url(options, "responses", options.model)
        self._headers = RequestHeaders(options, openai_authorization(options, self._secret))

    def encode(self, request: CompletionRequest, *, stream: bool) -> HttpRequest:
        """Write the request. Raises `ProviderError(invalid_request)` for `stop`, which the wire lacks."""
        if request.stop:
            raise provider_error(FailureKind.INVALID_REQUEST, "openai_responses has no texts to stop at")
        options = self._options
        body: dict[str, Any] = {
            "model": options.model,
            "input": _input(request.messages, self._mark),
            "store": False,
        }
        if instructions := "\n\n".join(m.content for m in request.messages if m.role == "system"):
            body["instructions"] = instructions
        if request.tools:
            body["tools"] = [
                {
                    "type": "function",
                    "name": tool.name,
                    "description": tool.description,
                    "parameters": tool.parameters,
                    "strict": is_strict(tool.parameters),
                }
                for tool in request.tools
            ]
            body["tool_choice"] = _tool_choice(request.tool_choice)
        if (schema := request.response_schema) is not None:
            form = {"type": "json_schema", "name": "answer", "schema": schema, "strict": is_strict(schema)}
            body["text"] = {"format": form}
        if request.max_output_tokens is not None:
            body["max_output_tokens"] = request.max_output_tokens
        if request.temperature is not None:
            body["temperature"] = request.temperature
        include = [_SEALED_REASONING] if options.replay_reasoning else []
        if request.logprobs:
            include.append(_LOGPROBS)
        if include:
            body["include"] = include
        if stream:
            body["stream"] = True
        return HttpRequest("POST", self._url, self._headers.copy(stream=stream), encode_body(body))

    def decoder(self, *, stream: bool) -> Decoder:
        """Return a decoder for one response."""
        reader = OpenAIResponsesReader(depth_max=self._context.limits.json_depth_max, mark=self._mark)
        return ResponseDecoder(reader, self._context, stream=stream, secret=self._secret)


def _input(messages: tuple[Message, ...], mark: str) -> list[Any]:
    items: list[Any] = []
    for message in messages:
        if message.role == "tool":
            items.append(
                {
                    "type": "function_call_output",
                    "call_id": message.tool_call_id or "",
                    "output": message.content,
                }
            )
        elif message.role != "system":
            items += _turn(message, mark)
    return items


def _turn(message: Message, mark: str) -> list[Any]:
    items: list[Any] = []
    if message.images:
        text = [{"type": "input_text", "text": message.content}] if message.content else []
        images = [{"type": "input_image", "image_url": url_of(image)} for image in message.images]
        items.append({"role": message.role, "content": [*text, *images]})
    elif message.content or not message.tool_calls:
        items.append({"role": message.role, "content": message.content})
    for call in message.tool_calls:
        if (reasoning := own_signature(call, mark)) is not None:
            items.append(_reasoning(reasoning))
        arguments = call.arguments or "{}"
        items.append({"type": "function_call", "call_id": call.id, "name": call.name, "arguments": arguments})
    return items


def _reasoning(sealed: str) -> dict[str, Any]:
    return {"type": "reasoning", "summary": [], "encrypted_content": sealed}


def _tool_choice(choice: str) -> str | dict[str, str]:
    return choice if choice in _TOOL_CHOICES else {"type": "function", "name": choice}
