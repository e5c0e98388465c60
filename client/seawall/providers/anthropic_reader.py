"""Anthropic Messages: answers in, streamed or whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from seawall.messages import ProviderReply, StopReason, Usage
from seawall.providers.answer import Answer, token_count
from seawall.providers.anthropic_errors import ANTHROPIC_ERRORS, read_anthropic_error
from seawall.providers.anthropic_thoughts import Thought, Thoughts
from seawall.providers.json_document import NotJsonError, decode
from seawall.providers.provider_errors import ErrorFacts, InBandError, provider_error
from seawall.providers.sse import SseEvent
from seawall.providers.wire import Delta, Ping
from seawall.resilience.failures import FailureKind

_STOP_REASONS: Mapping[str, StopReason] = {
    "end_turn": "stop",
    "stop_sequence": "stop",
    "max_tokens": "length",
    "model_context_window_exceeded": "length",
    "tool_use": "tool_calls",
    "refusal": "refusal",
}
_PING = Ping()
_THINKING = Ping(thinking=True)
_THINKING_BLOCKS = {"thinking", "redacted_thinking"}
_THINKING_DELTAS = {"thinking_delta", "signature_delta"}
_EMPTY_INPUT = b"{}"


class _Block(msgspec.Struct):
    type: str = ""
    text: str | None = None
    id: str | None = None
    name: str | None = None
    input: msgspec.Raw = msgspec.Raw()
    thinking: str | None = None
    signature: str | None = None
    data: str | None = None


class _Delta(msgspec.Struct):
    type: str = ""
    text: str | None = None
    partial_json: str | None = None
    thinking: str | None = None
    signature: str | None = None
    stop_reason: str | None = None


class _Message(msgspec.Struct):
    type: str = ""
    model: str | None = None
    content: list[_Block] | None = None
    stop_reason: str | None = None
    usage: msgspec.Raw = msgspec.Raw()
    error: Any = None


class _Event(msgspec.Struct):
    type: str = ""
    index: int = 0
    message: _Message | None = None
    content_block: _Block | None = None
    delta: _Delta | None = None
    usage: msgspec.Raw = msgspec.Raw()
    error: Any = None


class _OutputDetails(msgspec.Struct):
    thinking_tokens: int | None = None


class _Usage(msgspec.Struct):
    input_tokens: int | None = None
    output_tokens: int | None = None
    cache_creation_input_tokens: int | None = None
    cache_read_input_tokens: int | None = None
    output_tokens_details: _OutputDetails | None = None


_message_decoder = msgspec.json.Decoder(_Message)
_event_decoder = msgspec.json.Decoder(_Event)
_usage_decoder = msgspec.json.Decoder(_Usage)


class AnthropicReader:
    """Reads one response. `mark`: what the signatures of tool calls begin with."""

    errors = ANTHROPIC_ERRORS
    request_id_header = "request-id"

    def __init__(self, *, depth_max: int, mark: str) -> None:
        self.finished = False
        self._depth_max = depth_max
        self._mark = mark
        self._thoughts = Thoughts()
        self._answer = Answer()
        self._usage = _Usage()
        self._foreign_blocks: set[int] = set()  # what the provider does with tools of its own

    def event(self, event: SseEvent, deltas: list[Delta]) -> None:
        """Read one event of a stream; those of unknown types are signs of life."""
        said = decode(_event_decoder, event.data, depth_max=self._depth_max)
        before = len(deltas)
        match said.type or event.name.decode("ascii", "replace"):
            case "content_block_delta" if said.delta is not None:
                self._continue_block(said.index, said.delta, deltas)
            case "content_block_start" if said.content_block is not None:
                self._open_block(said.index, said.content_block, deltas)
            case "message_start" if said.message is not None:
                self._open_message(said.message)
            case "message_delta" if said.delta is not None:
                self._count(said.usage)
                self._end(said.delta.stop_reason)
            case "message_stop":
                self.finished = True
            case "error":
                raise InBandError(read_anthropic_error(event.data) or ErrorFacts())
            case _:
                if said.error:
                    raise InBandError(read_anthropic_error(event.data) or ErrorFacts())
        if len(deltas) == before:
            deltas.append(_PING)

    def document(self, body: bytes) -> None:
        """Read a whole answer."""
        message = decode(_message_decoder, body, depth_max=self._depth_max)
        if message.error or message.type == "error":
            raise InBandError(read_anthropic_error(body) or ErrorFacts())
        if message.content is None:
            raise NotJsonError("a document without an answer")
        self._open_message(message)
        for index, block in enumerate(message.content):
            self._open_block(index, block, [])
        self._end(message.stop_reason or "end_turn")
        self.finished = True

    def error(self, body: bytes) -> ErrorFacts | None:
        """Read an error body."""
        return read_anthropic_error(body)

    def reply(self, request_id: str | None) -> ProviderReply:
        """Return the answer."""
        answer = self._answer
        if not self.finished or answer.stop_reason is None:
            missing = "stop_reason" if self.finished else "message_stop"
            raise provider_error(FailureKind.STREAM_TRUNCATED, f"the stream ended without a {missing}")
        answer.usage = self._counted()
        return answer.reply(request_id)

    def _open_message(self, message: _Message) -> None:
        self._answer.model = message.model or ""
        self._count(message.usage)

    def _open_block(self, index: int, block: _Block, deltas: list[Delta]) -> None:
        if block.type == "tool_use":
            deltas.append(self._answer.open_tool_call(index, block.id, block.name))
            if (thoughts := self._thoughts.take()) is not None:
                self._answer.sign(index, self._mark + thoughts)
            given = bytes(block.input)
            if given and given != _EMPTY_INPUT:
                deltas.append(self._answer.add_arguments(index, _text(given)))
        elif block.type in _THINKING_BLOCKS:
            deltas.append(_THINKING)
            thought = Thought(block.type, block.thinking, block.signature, block.data)
            self._thoughts.open(index, thought)
        elif block.type != "text":
            self._foreign_blocks.add(index)
        elif block.text:
            deltas.append(self._answer.say(block.text))

    def _continue_block(self, index: int, delta: _Delta, deltas: list[Delta]) -> None:
        if delta.type == "text_delta":
            if delta.text:
                deltas.append(self._answer.say(delta.text))
        elif delta.type in _THINKING_DELTAS:
            deltas.append(_THINKING)
            self._thoughts.add(index, delta.thinking, delta.signature)
        elif index in self._foreign_blocks:
            deltas.append(_THINKING)
        elif delta.type == "input_json_delta" and delta.partial_json:
            deltas.append(self._answer.add_arguments(index, delta.partial_json))

    def _end(self, stop_reason: str | None) -> None:
        if stop_reason:
            self._answer.stop_reason = _STOP_REASONS.get(stop_reason, "other")

    def _count(self, raw: msgspec.Raw) -> None:
        """Take over the counts that `raw` states; they are cumulative."""
        try:
            stated = _usage_decoder.decode(raw) if len(raw) else _Usage()
        except (ValueError, RecursionError):
            return  # a count that cannot be read is no reason to lose the answer
        for field in _Usage.__struct_fields__:
            if (value := getattr(stated, field)) is not None:
                setattr(self._usage, field, value)

    def _counted(self) -> Usage:
        usage, details = self._usage, self._usage.output_tokens_details
        cached = token_count(usage.cache_read_input_tokens)
        return Usage(
            # Anthropic counts cached input apart; Usage counts it in.
            input_tokens=token_count(usage.input_tokens)
            + token_count(usage.cache_creation_input_tokens)
            + cached,
            output_tokens=token_count(usage.output_tokens),
            cached_input_tokens=cached,
            reasoning_tokens=token_count(details.thinking_tokens if details else None),
        )


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise NotJsonError("not valid UTF-8") from None
