"""OpenAI Responses: answers in, streamed or whole."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from seawall.messages import ProviderReply, StopReason, Usage
from seawall.providers.answer import Answer, token_count
from seawall.providers.json_document import NotJsonError, decode
from seawall.providers.openai_errors import OPENAI_ERRORS, openai_error_facts, read_openai_error
from seawall.providers.provider_errors import ErrorFacts, InBandError, provider_error
from seawall.providers.sse import SseEvent
from seawall.providers.wire import Delta, Ping
from seawall.resilience.failures import FailureKind

_CUT_SHORT: Mapping[str, StopReason] = {
    "max_output_tokens": "length",
    "max_tokens": "length",
    "content_filter": "content_filter",
}
_ENDS = {"response.completed", "response.incomplete", "response.failed", "response.cancelled"}
_PING = Ping()
_THINKING = Ping(thinking=True)


class _Content(msgspec.Struct):
    type: str = ""
    text: str | None = None
    refusal: str | None = None
    logprobs: msgspec.Raw = msgspec.Raw()


class _Item(msgspec.Struct):
    type: str = ""
    call_id: str | None = None
    name: str | None = None
    arguments: str | None = None
    encrypted_content: str | None = None
    content: list[_Content] | None = None


class _IncompleteDetails(msgspec.Struct):
    reason: str | None = None


class _Response(msgspec.Struct):
    status: str | None = None
    model: str | None = None
    output: list[_Item] | None = None
    incomplete_details: _IncompleteDetails | None = None
    usage: msgspec.Raw = msgspec.Raw()
    error: Any = None


class _Event(msgspec.Struct):
    type: str = ""
    output_index: int = 0
    item: _Item | None = None
    delta: Any = None
    logprobs: msgspec.Raw = msgspec.Raw()
    response: _Response | None = None
    error: Any = None
    code: Any = None
    param: Any = None
    message: Any = None


class _InputDetails(msgspec.Struct):
    cached_tokens: int | None = None


class _OutputDetails(msgspec.Struct):
    reasoning_tokens: int | None = None


class _Usage(msgspec.Struct):
    input_tokens: int | None = None
    output_tokens: int | None = None
    input_tokens_details: _InputDetails | None = None
    output_tokens_details: _OutputDetails | None = None


_response_decoder = msgspec.json.Decoder(_Response)
_event_decoder = msgspec.json.Decoder(_Event)
_usage_decoder = msgspec.json.Decoder(_Usage)


class OpenAIResponsesReader:
    """Reads one response. `mark`: what the signatures of tool calls begin with."""

    errors = OPENAI_ERRORS
    request_id_header = "x-request-id"

    def __init__(self, *, depth_max: int, mark: str) -> None:
        self.finished = False
        self._depth_max = depth_max
        self._mark = mark
        self._answer = Answer()
        self._refused = False
        self._reasoning: str | None = None  # sealed, and waiting for the tool call it leads to

    def event(self, event: SseEvent, deltas: list[Delta]) -> None:
        """Read one event of a stream; those of unknown types are signs of life."""
        if event.data.startswith(b"[DONE]"):  # some servers end every stream with it
            return
        said = decode(_event_decoder, event.data, depth_max=self._depth_max)
        before = len(deltas)
        match said.type or event.name.decode("ascii", "replace"):
            case "response.output_text.delta":
                if text := _text(said.delta):
                    deltas.append(self._answer.say(text))
                self._answer.logprobs.hear(said.logprobs)
            case "response.function_call_arguments.delta":
                if text := _text(said.delta):
                    deltas.append(self._answer.add_arguments(said.output_index, text))
            case "response.refusal.delta":
                self._refused = True
            case "response.output_item.added" if said.item is not None:
                self._open_item(said.output_index, said.item, deltas)
            case "response.output_item.done" if said.item is not None:
                self._close_item(said.output_index, said.item, deltas)
            case kind:
                self._hear(kind, said, event.data, deltas)
        if len(deltas) == before:
            deltas.append(_PING)

    def document(self, body: bytes) -> None:
        """Read a whole answer."""
        response = decode(_response_decoder, body, depth_max=self._depth_max)
        if response.error and response.status is None:
            raise InBandError(read_openai_error(body) or ErrorFacts())
        if response.output is None and response.status != "failed":
            raise NotJsonError("a document without an answer")
        for index, item in enumerate(response.output or ()):
            for content in item.content or () if item.type == "message" else ():
                if content.type == "refusal":
                    self._refused = True
                elif content.text:
                    self._answer.say(content.text)
                    self._answer.logprobs.hear(content.logprobs)
            self._close_item(index, item, [])
        self._end(response.status or "completed", response)

    def error(self, body: bytes) -> ErrorFacts | None:
        """Read an error body."""
        return read_openai_error(body)

    def reply(self, request_id: str | None) -> ProviderReply:
        """Return the answer."""
        if not self.finished:
            raise provider_error(
                FailureKind.STREAM_TRUNCATED, "the stream ended without a response.completed"
            )
        if self._refused and self._answer.stop_reason != "content_filter":
            self._answer.stop_reason = "refusal"
        return self._answer.reply(request_id)

    def _hear(self, kind: str, said: _Event, data: bytes, deltas: list[Delta]) -> None:
        """Read an event that is no piece of the answer: its end, an error, or news of reasoning."""
        if kind in _ENDS:
            self._end(kind.removeprefix("response."), said.response or _Response())
        elif kind == "error" or said.error:
            raise InBandError(_error_of(said, data))
        elif kind.startswith("response.reasoning"):
            deltas.append(_THINKING)

    def _open_item(self, index: int, item: _Item, deltas: list[Delta]) -> None:
        if item.type == "function_call":
            deltas.append(self._answer.open_tool_call(index, item.call_id, item.name))
            if self._reasoning is not None:
                self._answer.sign(index, self._mark + self._reasoning)
                self._reasoning = None
        elif item.type != "message":
            deltas.append(_THINKING)  # reasoning, or what the provider does with tools of its own

    def _close_item(self, index: int, item: _Item, deltas: list[Delta]) -> None:
        """Take from a whole item what its pieces have not brought; some servers send none."""
        if item.type == "reasoning" and item.encrypted_content:
            self._reasoning = item.encrypted_content
        elif item.type == "function_call":
            if self._answer.is_new_tool_call(index, item.call_id, item.name):
                self._open_item(index, item, deltas)
            if item.arguments and not self._answer.has_arguments(index):
                deltas.append(self._answer.add_arguments(index, item.arguments))

    def _end(self, status: str, response: _Response) -> None:
        self._answer.model = response.model or ""
        self._answer.usage = _usage(response.usage)
        match status:
            case "completed":
                self._answer.stop_reason = "stop"
            case "incomplete":
                details = response.incomplete_details or _IncompleteDetails()
                self._answer.stop_reason = _CUT_SHORT.get(details.reason or "", "other")
            case "failed":
                error = response.error
                raise InBandError(openai_error_facts(error) if isinstance(error, dict) else ErrorFacts())
            case _:
                raise NotJsonError("a response that was not completed")
        self.finished = True


def _text(delta: Any) -> str:
    if not isinstance(delta, str):
        raise NotJsonError("a piece of text that is no text")
    return delta


def _error_of(said: _Event, data: bytes) -> ErrorFacts:
    """Read an error event, as it is sent (the error below `error`) or as it is documented (flat)."""
    if said.error:
        return read_openai_error(data) or ErrorFacts()
    return openai_error_facts({"code": said.code, "message": said.message, "param": said.param})


def _usage(raw: msgspec.Raw) -> Usage:
    try:
        usage = _usage_decoder.decode(raw) if len(raw) > len(b"null") else _Usage()
    except (ValueError, RecursionError):
        # A count that cannot be read is no reason to lose the answer it belongs to.
        return Usage()
    given, made = usage.input_tokens_details, usage.output_tokens_details
    return Usage(
        input_tokens=token_count(usage.input_tokens),
        output_tokens=token_count(usage.output_tokens),
        cached_input_tokens=token_count(given.cached_tokens if given else None),
        reasoning_tokens=token_count(made.reasoning_tokens if made else None),
    )
