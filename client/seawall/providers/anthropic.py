"""Anthropic Messages: requests out."""

from __future__ import annotations

from typing import Any

import msgspec

from seawall.messages import CompletionRequest, Message
from seawall.providers.anthropic_reader import AnthropicReader
from seawall.providers.customs import ANTHROPIC_OLDER_VERSION, ANTHROPIC_VERSION, WIRES
from seawall.providers.encoding import RequestHeaders, arguments_object, encode_body, key_of
from seawall.providers.options import ProviderOptions
from seawall.providers.response import DecoderContext, ResponseDecoder
from seawall.providers.wire import Decoder, HttpRequest

_TOOL_CHOICES = {"auto": "auto", "required": "any", "none": "none"}


class AnthropicCodec:
    """The `Codec` of one provider that speaks Anthropic's messages."""

    def __init__(self, options: ProviderOptions, context: DecoderContext) -> None:
        self._options = options
        self._context = context
        self._secret = key_of(options)
        self._version = options.api_version or ANTHROPIC_VERSION
        self._url = f"{(options.base_url or WIRES[options.wire].public_base_url).rstrip('/')}/v1/messages"
        self._headers = RequestHeaders(options, {"anthropic-version": self._version, **self._authorization()})

    def _authorization(self) -> dict[str, str]:
        if not self._secret:
            return {}
        if self._version == ANTHROPIC_OLDER_VERSION:
            return {"x-api-key": self._secret}
        return {"Authorization": f"Bearer {self._secret}"}

    def encode(self, request: CompletionRequest, *, stream: bool) -> HttpRequest:
        """Write the request. `temperature` is left out where the API version refuses it."""
        options = self._options
        limit = request.max_output_tokens
        body: dict[str, Any] = {
            "model": options.model,
            "max_tokens": options.max_output_tokens if limit is None else limit,
            "messages": _turns(request.messages),
        }
        if system := "\n\n".join(m.content for m in request.messages if m.role == "system"):
            body["system"] = system
        if request.tools:
            body["tools"] = [
                {"name": t.name, "description": t.description, "input_schema": t.parameters}
                for t in request.tools
            ]
            body["tool_choice"] = _tool_choice(request.tool_choice)
        if request.response_schema is not None:
            body["output_config"] = {"format": {"type": "json_schema", "schema": request.response_schema}}
        if request.temperature is not None and self._version == ANTHROPIC_OLDER_VERSION:
            body["temperature"] = request.temperature
        if request.stop:
            body["stop_sequences"] = request.stop
        if stream:
            body["stream"] = True
        return HttpRequest("POST", self._url, self._headers.copy(stream=stream), encode_body(body))

    def decoder(self, *, stream: bool) -> Decoder:
        """Return a decoder for one response."""
        reader = AnthropicReader(depth_max=self._context.limits.json_depth_max)
        return ResponseDecoder(reader, self._context, stream=stream, secret=self._secret)


def _turns(messages: tuple[Message, ...]) -> list[dict[str, Any]]:
    """Write the conversation; results of tools that were called together go into one user turn."""
    turns: list[dict[str, Any]] = []
    results: list[dict[str, Any]] | None = None
    for message in messages:
        if message.role == "system":
            continue
        if message.role == "tool":
            if results is None:
                results = []
                turns.append({"role": "user", "content": results})
            results.append(
                {"type": "tool_result", "tool_use_id": message.tool_call_id or "", "content": message.content}
            )
            continue
        results = None
        turns.append({"role": message.role, "content": _content(message)})
    return turns


def _content(message: Message) -> str | list[dict[str, Any]]:
    if not message.tool_calls:
        return message.content
    blocks: list[dict[str, Any]] = [{"type": "text", "text": message.content}] if message.content else []
    for call in message.tool_calls:
        arguments: msgspec.Raw = arguments_object(call)
        blocks.append({"type": "tool_use", "id": call.id, "name": call.name, "input": arguments})
    return blocks


def _tool_choice(choice: str) -> dict[str, str]:
    kind = _TOOL_CHOICES.get(choice)
    return {"type": kind} if kind else {"type": "tool", "name": choice}
