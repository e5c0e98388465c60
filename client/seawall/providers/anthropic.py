"""Anthropic Messages: requests out."""

from __future__ import annotations

from typing import Any

from seawall.messages import CompletionRequest, Image, Message
from seawall.providers.anthropic_reader import AnthropicReader
from seawall.providers.anthropic_thoughts import read_thoughts
from seawall.providers.customs import ANTHROPIC_OLDER_VERSION, ANTHROPIC_VERSION, WIRES
from seawall.providers.encoding import RequestHeaders, arguments_object, encode_body, key_of
from seawall.providers.image_data import base64_of
from seawall.providers.options import ProviderOptions
from seawall.providers.response import DecoderContext, ResponseDecoder
from seawall.providers.signature import own_signature, signature_mark
from seawall.providers.turns import turns
from seawall.providers.wire import Decoder, HttpRequest

_TOOL_CHOICES = {"auto": "auto", "required": "any", "none": "none"}


class AnthropicCodec:
    """The `Codec` of one provider that speaks Anthropic's messages."""

    def __init__(self, options: ProviderOptions, context: DecoderContext) -> None:
        self._options = options
        self._context = context
        self._secret = key_of(options)
        self._version = options.api_version or ANTHROPIC_VERSION
        self._mark = signature_mark(options)
        base = options.base_url or WIRES[options.wire].public_base_url or ""
        self._url = f"{base.rstrip('/')}/v1/messages"
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
            "messages": [_turn(turn, self._mark) for turn in turns(request.messages)],
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
        reader = AnthropicReader(depth_max=self._context.limits.json_depth_max, mark=self._mark)
        return ResponseDecoder(reader, self._context, stream=stream, secret=self._secret)


def _turn(turn: Message | list[Message], mark: str) -> dict[str, Any]:
    if not isinstance(turn, list):
        return {"role": turn.role, "content": _content(turn, mark)}
    results = [
        {"type": "tool_result", "tool_use_id": message.tool_call_id or "", "content": message.content}
        for message in turn
    ]
    return {"role": "user", "content": results}


def _content(message: Message, mark: str) -> str | list[dict[str, Any]]:
    if not message.tool_calls and not message.images:
        return message.content
    blocks: list[Any] = [_image(image) for image in message.images]
    text = [{"type": "text", "text": message.content}] if message.content else []
    for call in message.tool_calls:
        # The turn began with its thoughts, and must again.
        if (signature := own_signature(call, mark)) is not None:
            blocks += read_thoughts(signature)
        blocks += text
        text = []
        blocks.append({"type": "tool_use", "id": call.id, "name": call.name, "input": arguments_object(call)})
    return blocks + text


def _image(image: Image) -> dict[str, Any]:
    if image.url is not None:
        return {"type": "image", "source": {"type": "url", "url": image.url}}
    source = {"type": "base64", "media_type": image.media_type, "data": base64_of(image)}
    return {"type": "image", "source": source}


def _tool_choice(choice: str) -> dict[str, str]:
    kind = _TOOL_CHOICES.get(choice)
    return {"type": kind} if kind else {"type": "tool", "name": choice}
