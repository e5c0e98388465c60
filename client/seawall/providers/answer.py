"""Assembles one answer from the pieces of a stream or from a document, the same for every wire."""

from __future__ import annotations

from collections.abc import Hashable

from seawall.messages import ProviderReply, StopReason, TextDelta, ToolCall, ToolCallDelta, Usage
from seawall.providers.json_document import NotJsonError
from seawall.providers.logprobs import Logprobs
from seawall.providers.provider_errors import provider_error
from seawall.resilience.failures import FailureKind

TOOL_CALLS_MAX = 256
_MODEL_CHARS_MAX = 256
_TOKENS_MAX = 2**53  # above it a JSON number is no longer exact, and no answer is that long


class _OpenToolCall:
    """A tool call whose arguments are still arriving."""

    __slots__ = ("arguments", "id", "index", "name", "signature")

    def __init__(self, index: int, call_id: str, name: str) -> None:
        self.index = index
        self.id = call_id
        self.name = name
        self.arguments: list[str] = []
        self.signature: str | None = None


class Answer:
    """What has been said so far. `key` is whatever a wire tells its tool calls apart by."""

    def __init__(self) -> None:
        self.stop_reason: StopReason | None = None
        self.usage = Usage()
        self.model = ""
        self.logprobs = Logprobs()
        self._text: list[str] = []
        self._tool_calls: dict[Hashable, _OpenToolCall] = {}

    def say(self, text: str) -> TextDelta:
        """Add text to the answer."""
        self._text.append(text)
        return TextDelta(text)

    def is_new_tool_call(self, key: Hashable, call_id: str | None, name: str | None) -> bool:
        """Tell whether a piece begins a tool call: its key is new, or it names another call under an old key."""
        call = self._tool_calls.get(key)
        return call is None or bool(name and call_id and call_id != call.id)

    def open_tool_call(self, key: Hashable, call_id: str | None, name: str | None) -> ToolCallDelta:
        """Begin a tool call; one without an id is given one. Raises `NotJsonError` if it has no name."""
        index = len(self._tool_calls)
        if not name:
            raise NotJsonError("a tool call without a name")
        if index >= TOOL_CALLS_MAX:
            raise NotJsonError(f"more than {TOOL_CALLS_MAX} tool calls")
        call = _OpenToolCall(index, call_id or f"call_{index}", name)
        if key in self._tool_calls:
            # A server that numbers every call 0: the older one is complete and keeps its place.
            self._tool_calls[(key, index)] = self._tool_calls.pop(key)
        self._tool_calls[key] = call
        return ToolCallDelta(index=index, id=call.id, name=name)

    def add_arguments(self, key: Hashable, text: str) -> ToolCallDelta:
        """Add a piece of a tool call's JSON arguments. Raises `NotJsonError` if that call was never begun."""
        call = self._tool_calls.get(key)
        if call is None:
            raise NotJsonError("arguments of a tool call that was never begun")
        call.arguments.append(text)
        return ToolCallDelta(index=call.index, arguments=text)

    def has_arguments(self, key: Hashable) -> bool:
        """Tell whether any arguments of a tool call have come."""
        call = self._tool_calls.get(key)
        return call is not None and bool(call.arguments)

    def sign(self, key: Hashable, signature: str) -> None:
        """Attach what the provider wants to see again with a tool call that was begun."""
        self._tool_calls[key].signature = signature

    def reply(self, request_id: str | None) -> ProviderReply:
        """Return the whole answer; it must have ended. Raises `ProviderError` where nothing was said."""
        text = "".join(self._text)
        tool_calls = tuple(
            ToolCall(
                id=call.id,
                name=call.name,
                arguments="".join(call.arguments) or "{}",
                signature=call.signature,
            )
            for call in sorted(self._tool_calls.values(), key=lambda call: call.index)
        )
        stop_reason = self.stop_reason or "other"
        if tool_calls and stop_reason == "stop":
            stop_reason = "tool_calls"
        if not text and not tool_calls:
            self._refuse_silence(stop_reason)
        return ProviderReply(
            text=text,
            tool_calls=tool_calls,
            stop_reason=stop_reason,
            usage=self.usage,
            model=self.model[:_MODEL_CHARS_MAX],
            request_id=request_id,
            mean_logprob=self.logprobs.mean,
        )

    def _refuse_silence(self, stop_reason: StopReason) -> None:
        """An answer without text or tool call is one only where a limit cut it."""
        if stop_reason == "refusal":
            raise provider_error(FailureKind.REFUSED, "the model refused to answer", status=200)
        if stop_reason == "content_filter":
            raise provider_error(FailureKind.CONTENT_FILTERED, "the provider withheld the answer", status=200)
        if stop_reason != "length":
            raise provider_error(FailureKind.BAD_RESPONSE, "an empty answer", status=200, code="empty_answer")


def token_count(value: int | None) -> int:
    """Return a provider's token count, or 0 where it is absent or absurd."""
    return value if value is not None and 0 <= value <= _TOKENS_MAX else 0
