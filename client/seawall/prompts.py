"""From what a caller writes to a request: checked here, so that nothing impossible is sent to anybody."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec

from seawall.errors import ConfigurationError
from seawall.messages import CompletionRequest, Message, Tool

Prompt = str | Sequence[Message | Mapping[str, Any]] | CompletionRequest

_CALL_ID_CHARS_MAX = 128
_DEADLINE_MAX_S = 86_400.0


def request_of(
    prompt: Prompt,
    *,
    system: str | None = None,
    tools: Sequence[Tool] = (),
    tool_choice: str = "auto",
    response_schema: dict[str, Any] | None = None,
    max_output_tokens: int | None = None,
    temperature: float | None = None,
    stop: Sequence[str] = (),
) -> CompletionRequest:
    """Build the request of a call. A `CompletionRequest` is taken as it is. Raises `ConfigurationError`."""
    if isinstance(prompt, CompletionRequest):
        return prompt
    messages = _messages(prompt)
    if system is not None:
        messages = (Message(role="system", content=system), *messages)
    if not messages:
        raise ConfigurationError("a call needs at least one message")
    return CompletionRequest(
        messages=messages,
        tools=tuple(tools),
        tool_choice=tool_choice,
        response_schema=response_schema,
        max_output_tokens=max_output_tokens,
        temperature=temperature,
        stop=(stop,) if isinstance(stop, str) else tuple(stop),
    )


def _messages(prompt: str | Sequence[Message | Mapping[str, Any]]) -> tuple[Message, ...]:
    if isinstance(prompt, str):
        return (Message(role="user", content=prompt),)
    return tuple(
        item if isinstance(item, Message) else _message(item, number) for number, item in enumerate(prompt, 1)
    )


def _message(item: Mapping[str, Any], number: int) -> Message:
    try:
        return msgspec.convert(item, Message)
    except msgspec.ValidationError as error:
        raise ConfigurationError(f"message {number}: {error}") from None


def call_id_of(call_id: str | None) -> str:
    """Return the caller's id of a call, or a random one. Raises `ConfigurationError` if it fits no header."""
    if call_id is None:
        return secrets.token_hex(8)
    if not 0 < len(call_id) <= _CALL_ID_CHARS_MAX or not (call_id.isascii() and call_id.isprintable()):
        raise ConfigurationError(
            f"call_id {call_id[:40]!r}: expected 1 to {_CALL_ID_CHARS_MAX} printable ASCII characters"
        )
    return call_id


def deadline_of(deadline_s: float | None, default_s: float) -> float:
    """Return a call's deadline in seconds. Raises `ConfigurationError` if it is out of range."""
    if deadline_s is None:
        return default_s
    if not 0 < deadline_s <= _DEADLINE_MAX_S:
        raise ConfigurationError(
            f"deadline_s {deadline_s!r}: expected more than 0 and at most {_DEADLINE_MAX_S:g}"
        )
    return deadline_s
