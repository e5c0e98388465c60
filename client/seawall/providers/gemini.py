"""Gemini generateContent: requests out."""

from __future__ import annotations

from typing import Any

import msgspec

from seawall.messages import CompletionRequest, Image, Message, Tool
from seawall.providers.encoding import RequestHeaders, arguments_object, encode_body, key_of
from seawall.providers.gemini_address import gemini_authorization, gemini_url
from seawall.providers.gemini_reader import GeminiReader
from seawall.providers.image_data import base64_of
from seawall.providers.options import ProviderOptions
from seawall.providers.response import DecoderContext, ResponseDecoder
from seawall.providers.signature import own_signature, signature_mark
from seawall.providers.turns import turns
from seawall.providers.wire import Decoder, HttpRequest

_MODES = {"auto": "AUTO", "required": "ANY", "none": "NONE"}
# What Google names for calls that another model made: later models refuse those without a signature.
_NOT_SIGNED = "skip_thought_signature_validator"
_UNSIGNED_MODELS = ("gemini-1", "gemini-2")
_object_decoder = msgspec.json.Decoder(dict[str, Any])


class GeminiCodec:
    """The `Codec` of one provider that speaks Gemini's generateContent."""

    def __init__(self, options: ProviderOptions, context: DecoderContext) -> None:
        self._context = context
        self._secret = key_of(options)
        self._url = gemini_url(options, options.model)
        self._headers = RequestHeaders(options, gemini_authorization(self._secret))
        self._mark = signature_mark(options)
        self._wants_signatures = not options.model.removeprefix("models/").startswith(_UNSIGNED_MODELS)

    def encode(self, request: CompletionRequest, *, stream: bool) -> HttpRequest:
        """Write the request."""
        body: dict[str, Any] = {"contents": self._contents(request.messages)}
        if system := "\n\n".join(m.content for m in request.messages if m.role == "system"):
            body["systemInstruction"] = {"parts": [{"text": system}]}
        if request.tools:
            body["tools"] = [{"functionDeclarations": [_declaration(tool) for tool in request.tools]}]
            body["toolConfig"] = {"functionCallingConfig": _calling_config(request.tool_choice)}
        if generation := _generation_config(request):
            body["generationConfig"] = generation
        method = ":streamGenerateContent?alt=sse" if stream else ":generateContent"
        return HttpRequest("POST", self._url + method, self._headers.copy(stream=stream), encode_body(body))

    def decoder(self, *, stream: bool) -> Decoder:
        """Return a decoder for one response."""
        reader = GeminiReader(depth_max=self._context.limits.json_depth_max, mark=self._mark)
        return ResponseDecoder(reader, self._context, stream=stream, secret=self._secret)

    def _contents(self, messages: tuple[Message, ...]) -> list[dict[str, Any]]:
        """Write the conversation."""
        contents: list[dict[str, Any]] = []
        # A function's result names the function, where other wires give the call's id.
        names: dict[str, str] = {}
        for turn in turns(messages):
            if isinstance(turn, list):
                parts = [_function_response(message, names) for message in turn]
                contents.append({"role": "user", "parts": parts})
            else:
                names.update((call.id, call.name) for call in turn.tool_calls)
                role = "model" if turn.role == "assistant" else "user"
                contents.append({"role": role, "parts": self._parts(turn)})
        return contents

    def _parts(self, message: Message) -> list[dict[str, Any]]:
        calls: list[dict[str, Any]] = []
        for call in message.tool_calls:
            part: dict[str, Any] = {
                "functionCall": {"id": call.id, "name": call.name, "args": arguments_object(call)}
            }
            if (signature := own_signature(call, self._mark)) is not None:
                part["thoughtSignature"] = signature
            elif self._wants_signatures and not calls:
                # Of calls made together only the first is signed.
                part["thoughtSignature"] = _NOT_SIGNED
            calls.append(part)
        images = [_image(image) for image in message.images]
        if message.content or not (calls or images):
            return [{"text": message.content}, *images, *calls]
        return images + calls


def _function_response(message: Message, names: dict[str, str]) -> dict[str, Any]:
    call_id = message.tool_call_id or ""
    try:
        response = _object_decoder.decode(message.content.encode("utf-8", "surrogatepass"))
    except (ValueError, RecursionError):
        response = {"result": message.content}
    return {"functionResponse": {"id": call_id, "name": names.get(call_id, call_id), "response": response}}


def _image(image: Image) -> dict[str, Any]:
    if image.url is None:
        return {"inlineData": {"mimeType": image.media_type, "data": base64_of(image)}}
    # The file's type is told by its server where we do not know it.
    known = {"mimeType": image.media_type} if image.media_type else {}
    return {"fileData": {**known, "fileUri": image.url}}


def _declaration(tool: Tool) -> dict[str, Any]:
    return {"name": tool.name, "description": tool.description, "parametersJsonSchema": tool.parameters}


def _calling_config(choice: str) -> dict[str, Any]:
    mode = _MODES.get(choice)
    return {"mode": mode} if mode else {"mode": "ANY", "allowedFunctionNames": [choice]}


def _generation_config(request: CompletionRequest) -> dict[str, Any]:
    config: dict[str, Any] = {}
    if request.max_output_tokens is not None:
        config["maxOutputTokens"] = request.max_output_tokens
    if request.temperature is not None:
        config["temperature"] = request.temperature
    if request.stop:
        config["stopSequences"] = request.stop
    if request.logprobs:
        config["responseLogprobs"] = True
    if request.response_schema is not None:
        config["responseMimeType"] = "application/json"
        config["responseJsonSchema"] = request.response_schema
    return config
