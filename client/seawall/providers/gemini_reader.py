"""Gemini generateContent: answers in, streamed or whole. A stream's events are documents of the same shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from seawall.messages import ProviderReply, StopReason, Usage
from seawall.providers.answer import Answer, token_count
from seawall.providers.gemini_errors import GEMINI_ERRORS, read_gemini_error
from seawall.providers.json_document import NotJsonError, decode
from seawall.providers.provider_errors import ErrorFacts, InBandError, provider_error
from seawall.providers.sse import SseEvent
from seawall.providers.wire import Delta, Ping
from seawall.resilience.failures import FailureKind

_STOP_REASONS: Mapping[str, StopReason] = {
    "STOP": "stop",
    "MAX_TOKENS": "length",
    # The provider would go on if asked to: what is here is cut.
    "CONTINUATION": "length",
    "SAFETY": "content_filter",
    "RECITATION": "content_filter",
    "BLOCKLIST": "content_filter",
    "PROHIBITED_CONTENT": "content_filter",
    "SPII": "content_filter",
    "MODEL_ARMOR": "content_filter",
}
_BROKEN_OFF = {
    "MALFORMED_FUNCTION_CALL",
    "MALFORMED_RESPONSE",
    "UNEXPECTED_TOOL_CALL",
    "TOO_MANY_TOOL_CALLS",
}
_PING = Ping()
_THINKING = Ping(thinking=True)


class _FunctionCall(msgspec.Struct):
    id: str | None = None
    name: str | None = None
    args: msgspec.Raw = msgspec.Raw()


class _Part(msgspec.Struct, rename="camel"):
    text: str | None = None
    thought: bool | None = None
    thought_signature: str | None = None
    function_call: _FunctionCall | None = None


class _Content(msgspec.Struct):
    parts: list[_Part] | None = None


class _Candidate(msgspec.Struct, rename="camel"):
    index: int | None = 0
    content: _Content | None = None
    finish_reason: str | None = None
    avg_logprobs: Any = None


class _PromptFeedback(msgspec.Struct, rename="camel"):
    block_reason: str | None = None


class _Response(msgspec.Struct, rename="camel"):
    candidates: list[_Candidate] | None = None
    prompt_feedback: _PromptFeedback | None = None
    usage_metadata: msgspec.Raw = msgspec.Raw()
    model_version: str | None = None
    error: Any = None


class _Usage(msgspec.Struct, rename="camel"):
    prompt_token_count: int | None = None
    tool_use_prompt_token_count: int | None = None
    candidates_token_count: int | None = None
    thoughts_token_count: int | None = None
    cached_content_token_count: int | None = None


_response_decoder = msgspec.json.Decoder(_Response)
_usage_decoder = msgspec.json.Decoder(_Usage)


class GeminiReader:
    """Reads one response. `mark`: what the signatures of tool calls begin with.

    Nothing tells a stream's last event but its end, so `finished` stays false.
    """

    errors = GEMINI_ERRORS
    request_id_header = "x-request-id"
    finished = False

    def __init__(self, *, depth_max: int, mark: str) -> None:
        self._depth_max = depth_max
        self._mark = mark
        self._answer = Answer()
        self._function_calls = 0

    def event(self, event: SseEvent, deltas: list[Delta]) -> None:
        """Read one event of a stream."""
        before = len(deltas)
        self._read(event.data, deltas)
        if len(deltas) == before:
            deltas.append(_PING)

    def document(self, body: bytes) -> None:
        """Read a whole answer."""
        response = self._read(body, [])
        if not response.candidates:
            raise NotJsonError("a document without an answer")
        if self._answer.stop_reason is None:
            self._answer.stop_reason = "other"

    def error(self, body: bytes) -> ErrorFacts | None:
        """Read an error body."""
        return read_gemini_error(body)

    def reply(self, request_id: str | None) -> ProviderReply:
        """Return the answer."""
        if self._answer.stop_reason is None:
            raise provider_error(FailureKind.STREAM_TRUNCATED, "the stream ended without a finishReason")
        return self._answer.reply(request_id)

    def _read(self, data: bytes, deltas: list[Delta]) -> _Response:
        response = decode(_response_decoder, data, depth_max=self._depth_max)
        if response.error:
            raise InBandError(read_gemini_error(data) or ErrorFacts())
        if response.prompt_feedback is not None and response.prompt_feedback.block_reason:
            raise provider_error(FailureKind.CONTENT_FILTERED, "the provider blocked the prompt")
        if response.model_version:
            self._answer.model = response.model_version
        if len(response.usage_metadata):
            self._answer.usage = _usage(response.usage_metadata)
        for candidate in response.candidates or ():
            if not candidate.index:
                for part in (candidate.content.parts if candidate.content else None) or ():
                    self._listen(part, deltas)
                self._end(candidate.finish_reason)
                self._answer.logprobs.add(candidate.avg_logprobs)
        return response

    def _listen(self, part: _Part, deltas: list[Delta]) -> None:
        if part.thought:
            deltas.append(_THINKING)
        elif part.text:
            deltas.append(self._answer.say(part.text))
        if (call := part.function_call) is not None:
            key = self._function_calls
            self._function_calls += 1
            deltas.append(self._answer.open_tool_call(key, call.id, call.name))
            deltas.append(self._answer.add_arguments(key, _arguments(call.args)))
            if part.thought_signature:
                self._answer.sign(key, self._mark + part.thought_signature)

    def _end(self, finish_reason: str | None) -> None:
        if finish_reason in _BROKEN_OFF:
            raise provider_error(
                FailureKind.BAD_RESPONSE, f"finishReason {finish_reason}", code=finish_reason
            )
        if finish_reason and finish_reason != "FINISH_REASON_UNSPECIFIED":
            filtered = finish_reason.startswith("IMAGE_")
            self._answer.stop_reason = _STOP_REASONS.get(
                finish_reason, "content_filter" if filtered else "other"
            )


def _arguments(raw: msgspec.Raw) -> str:
    text = bytes(raw)
    if text in (b"", b"null"):
        return "{}"
    try:
        return text.decode()
    except UnicodeDecodeError:
        raise NotJsonError("not valid UTF-8") from None


def _usage(raw: msgspec.Raw) -> Usage:
    try:
        usage = _usage_decoder.decode(raw)
    except (ValueError, RecursionError):
        # A count that cannot be read is no reason to lose the answer it belongs to.
        return Usage()
    thoughts = token_count(usage.thoughts_token_count)
    return Usage(
        input_tokens=token_count(usage.prompt_token_count) + token_count(usage.tool_use_prompt_token_count),
        output_tokens=token_count(usage.candidates_token_count) + thoughts,
        cached_input_tokens=token_count(usage.cached_content_token_count),
        reasoning_tokens=thoughts,
    )
