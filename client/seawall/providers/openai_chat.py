"""OpenAI Chat Completions, at OpenAI, on Azure and at every server that speaks it: requests out."""

from __future__ import annotations

from typing import Any

from seawall.messages import CompletionRequest, Message
from seawall.providers.encoding import RequestHeaders, encode_body, key_of
from seawall.providers.image_data import url_of
from seawall.providers.openai_address import openai_authorization, openai_url
from seawall.providers.openai_chat_reader import OpenAIChatReader
from seawall.providers.openai_chat_seal import read_seal
from seawall.providers.options import ProviderOptions
from seawall.providers.response import DecoderContext, ResponseDecoder
from seawall.providers.signature import own_signature, signature_mark
from seawall.providers.strict_schema import is_strict
from seawall.providers.wire import Decoder, HttpRequest

_TOOL_CHOICES = {"auto", "required", "none"}


class OpenAIChatCodec:
    """The `Codec` of one provider that speaks OpenAI's chat completions."""

    def __init__(self, options: ProviderOptions, context: DecoderContext) -> None:
        self._options = options
        self._context = context
        self._secret = key_of(options)
        self._mark = signature_mark(options)
        self._url = openai_url(options, "chat/completions", options.model)
        self._headers = RequestHeaders(options, openai_authorization(options, self._secret))

    def encode(self, request: CompletionRequest, *, stream: bool) -> HttpRequest:
        """Write the request."""
        options = self._options
        body: dict[str, Any] = {
            "model": options.model,
            "messages": [_message(message, self._mark) for message in request.messages],
        }
        last = request.messages[-1] if request.messages else None
        if last is not None and last.role == "assistant" and not last.tool_calls:
            _mark_prefill(body, options)
        if request.tools:
            body["tools"] = [
                {
                    "type": "function",
                    "function": {"name": t.name, "description": t.description, "parameters": t.parameters},
                }
                for t in request.tools
            ]
            body["tool_choice"] = _tool_choice(request.tool_choice)
        if request.response_schema is not None:
            body["response_format"] = _response_format(request.response_schema)
        if request.max_output_tokens is not None:
            body[options.token_limit_field] = request.max_output_tokens
        if request.temperature is not None:
            body["temperature"] = request.temperature
        if request.stop:
            body["stop"] = request.stop
        if request.logprobs:
            body["logprobs"] = True
        if stream:
            body["stream"] = True
            if options.stream_usage:
                body["stream_options"] = {"include_usage": True}
        return HttpRequest("POST", self._url, self._headers.copy(stream=stream), encode_body(body))

    def decoder(self, *, stream: bool) -> Decoder:
        """Return a decoder for one response."""
        reader = OpenAIChatReader(
            depth_max=self._context.limits.json_depth_max,
            done_suffices=self._options.finish_reason == "optional",
            mark=self._mark,
        )
        return ResponseDecoder(reader, self._context, stream=stream, secret=self._secret)


def _mark_prefill(body: dict[str, Any], options: ProviderOptions) -> None:
    """Say that the last message is to be gone on from, in the server's own way."""
    match options.prefill_flag:
        case "prefix":
            body["messages"][-1]["prefix"] = True
        case "continue_final_message":
            body["continue_final_message"] = True
            body["add_generation_prompt"] = False
        case "none":
            pass


def _message(message: Message, mark: str) -> dict[str, Any]:
    if message.role == "tool":
        return {"role": "tool", "tool_call_id": message.tool_call_id or "", "content": message.content}
    if not message.tool_calls:
        return {"role": message.role, "content": _with_images(message) if message.images else message.content}
    written: dict[str, Any] = {"role": message.role, "content": message.content or None}
    calls = written["tool_calls"] = []
    for call in message.tool_calls:
        function = {"name": call.name, "arguments": call.arguments or "{}"}
        calls.append({"id": call.id, "type": "function", "function": function})
        seal = read_seal(own_signature(call, mark))
        if seal.reasoning_content is not None:
            written["reasoning_content"] = seal.reasoning_content
        if len(seal.extra_content):
            calls[-1]["extra_content"] = seal.extra_content
    return written


def _with_images(message: Message) -> list[dict[str, Any]]:
    text = [{"type": "text", "text": message.content}] if message.content else []
    return [*text, *({"type": "image_url", "image_url": {"url": url_of(image)}} for image in message.images)]


def _tool_choice(choice: str) -> str | dict[str, Any]:
    return choice if choice in _TOOL_CHOICES else {"type": "function", "function": {"name": choice}}


def _response_format(schema: dict[str, Any]) -> dict[str, Any]:
    # Strict mode makes the provider follow the schema to the letter, but takes only part of JSON Schema.
    return {
        "type": "json_schema",
        "json_schema": {"name": "answer", "schema": schema, "strict": is_strict(schema)},
    }
