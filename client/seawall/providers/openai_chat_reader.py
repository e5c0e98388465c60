"""OpenAI Chat Completions: answers in, streamed or whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from seawall.messages import ProviderReply, StopReason, Usage
from seawall.providers.answer import Answer, token_count
from seawall.providers.json_document import NotJsonError, decode
from seawall.providers.openai_chat_seal import seal_text
from seawall.providers.openai_errors import OPENAI_ERRORS, read_openai_error
from seawall.providers.provider_errors import ErrorFacts, InBandError, provider_error
from seawall.providers.sse import SseEvent
from seawall.providers.wire import Delta, Ping
from seawall.resilience.failures import FailureKind

_STOP_REASONS: Mapping[str, StopReason] = {
    "stop": "stop",
    "length": "length",
    "model_length": "length",  # Mistral's
    "tool_calls": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
}
# What servers say that could not go on: Mistral and OpenRouter, DeepSeek.
_BROKEN_OFF = {"error", "insufficient_system_resource"}
_PING = Ping()
_THINKING = Ping(thinking=True)


class _Function(msgspec.Struct):
    name: str | None = None
    arguments: str | None = None


class _ToolCall(msgspec.Struct):
    index: int | None = None
    id: str | None = None
    function: _Function | None = None
    extra_content: msgspec.Raw = msgspec.Raw()


class _Said(msgspec.Struct):
    """A delta of a stream, or the message of a whole answer."""

    content: str | None = None
    refusal: str | None = None
    tool_calls: list[_ToolCall] | None = None
    reasoning: Any = None
    reasoning_content: Any = None


class _Choice(msgspec.Struct):
    index: int | None = 0
    delta: _Said | None = None
    message: _Said | None = None
    finish_reason: str | None = None
    logprobs: msgspec.Raw = msgspec.Raw()


class _Answer(msgspec.Struct):
    choices: list[_Choice] | None = None
    model: str | None = None
    usage: msgspec.Raw = msgspec.Raw()
    object: Any = None
    error: Any = None


class _PromptDetails(msgspec.Struct):
    cached_tokens: int | None = None


class _CompletionDetails(msgspec.Struct):
    reasoning_tokens: int | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    prompt_tokens_details: _PromptDetails | None = None
    completion_tokens_details: _CompletionDetails | None = None


_answer_decoder = msgspec.json.Decoder(_Answer)
_usage_decoder = msgspec.json.Decoder(_Usage)


class OpenAIChatReader:
    """Reads one response. With `done_suffices`, `[DONE]` ends an answer that never had a finish_reason."""

    errors = OPENAI_ERRORS
    request_id_header = "x-request-id"

    def __init__(self, *, depth_max: int, done_suffices: bool, mark: str) -> None:
        self.finished = False
        self._depth_max = depth_max
        self._done_suffices = done_suffices
        self._answer = Answer()
        self._refused = False
        self._mark = mark
        self._reasoning: list[str] = []  # until the tool call it leads to

    def event(self, event: SseEvent, deltas: list[Delta]) -> None:
        """Read one chunk of a stream."""
        if event.data.startswith(b"[DONE]"):
            self.finished = True
            return
        before = len(deltas)
        chunk = self._read(event.data)
        for choice in chunk.choices or ():
            if not choice.index:
                if choice.delta is not None:
                    self._listen(choice.delta, deltas)
                if choice.logprobs:
                    self._answer.logprobs.hear(choice.logprobs)
                if choice.finish_reason:
                    self._end(choice.finish_reason)
        if len(deltas) == before:
            deltas.append(_PING)

    def document(self, body: bytes) -> None:
        """Read a whole answer."""
        answer = self._read(body)
        choice = next((c for c in answer.choices or () if not c.index), None)
        if choice is None or choice.message is None:
            raise NotJsonError("a document without an answer")
        self._listen(choice.message, [])
        self._answer.logprobs.hear(choice.logprobs)
        self._end(choice.finish_reason or "stop")

    def error(self, body: bytes) -> ErrorFacts | None:
        """Read an error body."""
        return read_openai_error(body)

    def reply(self, request_id: str | None) -> ProviderReply:
        """Return the answer."""
        answer = self._answer
        if answer.stop_reason is None and not (self.finished and self._done_suffices):
            raise provider_error(FailureKind.STREAM_TRUNCATED, self._missing_end())
        if self._refused and answer.stop_reason != "content_filter":
            answer.stop_reason = "refusal"
        return answer.reply(request_id)

    def _missing_end(self) -> str:
        if self.finished:
            return "[DONE] without a finish_reason (finish_reason: optional accepts it)"
        return "the stream ended without a finish_reason"

    def _read(self, data: bytes) -> _Answer:
        answer = decode(_answer_decoder, data, depth_max=self._depth_max)
        if answer.error or answer.object == "error":
            raise InBandError(read_openai_error(data) or ErrorFacts())
        if answer.model:
            self._answer.model = answer.model
        if len(answer.usage) > len(b"null"):
            self._answer.usage = _usage(answer.usage)
        return answer

    def _listen(self, said: _Said, deltas: list[Delta]) -> None:
        if isinstance(said.reasoning_content, str):
            self._reasoning.append(said.reasoning_content)
        if said.content:
            deltas.append(self._answer.say(said.content))
        if said.tool_calls:
            for position, call in enumerate(said.tool_calls):
                self._listen_to_call(call, position, deltas)
        if said.refusal:
            self._refused = True
        if said.reasoning or said.reasoning_content:
            deltas.append(_THINKING)

    def _listen_to_call(self, call: _ToolCall, position: int, deltas: list[Delta]) -> None:
        key = position if call.index is None else call.index
        function = call.function or _Function()
        if self._answer.is_new_tool_call(key, call.id, function.name):
            deltas.append(self._answer.open_tool_call(key, call.id, function.name))
            if (seal := seal_text("".join(self._reasoning), call.extra_content)) is not None:
                self._answer.sign(key, self._mark + seal)
            self._reasoning.clear()
        if function.arguments:
            deltas.append(self._answer.add_arguments(key, function.arguments))

    def _end(self, finish_reason: str | None) -> None:
        if finish_reason in _BROKEN_OFF:
            raise InBandError(ErrorFacts(codes=(finish_reason,)))
        if finish_reason:
            self._answer.stop_reason = _STOP_REASONS.get(finish_reason, "other")


def _usage(raw: msgspec.Raw) -> Usage:
    try:
        usage = _usage_decoder.decode(raw)
    except (ValueError, RecursionError):
        # A count that cannot be read is no reason to lose the answer it belongs to.
        return Usage()
    prompt, completion = usage.prompt_tokens_details, usage.completion_tokens_details
    return Usage(
        input_tokens=token_count(usage.prompt_tokens),
        output_tokens=token_count(usage.completion_tokens),
        cached_input_tokens=token_count(prompt.cached_tokens if prompt else None),
        reasoning_tokens=token_count(completion.reasoning_tokens if completion else None),
    )
