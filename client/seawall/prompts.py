"""From what a caller writes to a request: checked here, so that nothing impossible is sent to anybody."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

import msgspec

from seawall.errors import ConfigurationError
from seawall.image_check import check_images
from seawall.messages import CompletionRequest, Message, Source, Tool
from seawall.option_check import check_messages, check_options
from seawall.security.grounding_options import Grounding
from seawall.security.verification import Verification

Prompt = str | Sequence[Message | Mapping[str, Any]] | CompletionRequest

_CALL_ID_CHARS_MAX = 128
_DEADLINE_MAX_S = 86_400.0
_TOOL_CHOICES = frozenset({"auto", "required", "none"})


class RequestOptions(TypedDict, total=False):
    """What a call may ask of the model; none of these goes with a `CompletionRequest`, which has its own.

    Attributes:
        system: put before the conversation.
        sources: texts to work on, untrusted whatever they say; plain ones are numbered from 1.
        tools: functions the model may ask for.
        tool_choice: "auto", "required", "none" or a tool's name.
        response_schema: JSON Schema that the answer must follow.
        max_output_tokens: limit on the answer's length, at least 1.
        temperature: sampling temperature, for providers that still take one.
        stop: texts that end the answer.
    """

    system: str
    sources: Sequence[Source | str]
    tools: Sequence[Tool]
    tool_choice: str
    response_schema: dict[str, Any]
    max_output_tokens: int
    temperature: float
    stop: Sequence[str]


class CallOptions(RequestOptions, total=False):
    """Every option of a call.

    Attributes:
        deadline_s: seconds the call may take in all; the settings' deadline if not given. Named for a stream
            it also ends one that flows; the settings' deadline is only for the wait until the first token.
        call_id: names the call in traces, logs and the header that providers see; random if not given.
        bypass_breakers: ask in order of preference whatever the breakers say, for operators.
        require_tags: only providers whose `tags` hold all of these are asked, whatever happens: no fallback, hedge
            or probe goes anywhere else.
        grounding: how the answer must rest on its sources; needs the stage `security.grounding`.
        verification: how sure the answer must be; needs the stage `security.verification`.
    """

    deadline_s: float | None
    call_id: str | None
    bypass_breakers: bool
    require_tags: Sequence[str]
    grounding: Grounding
    verification: Verification


_CALL = CallOptions.__optional_keys__
_REQUEST = RequestOptions.__optional_keys__


def request_of(prompt: Prompt, options: CallOptions) -> CompletionRequest:
    """Build the request of a call.

    Raises:
        TypeError: for an option that does not exist.
        ConfigurationError: for a prompt or option that cannot work.
    """
    if isinstance(prompt, str) and not options:
        return CompletionRequest(messages=_messages(prompt))  # as most calls are: nothing to check
    if unknown := options.keys() - _CALL:
        raise TypeError(f"unknown option {min(unknown)!r}; there are {', '.join(sorted(_CALL))}")
    check_options(options)
    if isinstance(prompt, CompletionRequest):
        if given := options.keys() & _REQUEST:
            raise ConfigurationError(f"option {min(given)!r} belongs into the CompletionRequest")
        check_messages(prompt.messages)
        check_images(prompt.messages)
        return prompt
    messages = _messages(prompt)
    check_messages(messages)
    check_images(messages)
    if (system := options.get("system")) is not None:
        messages = (Message(role="system", content=system), *messages)
    if not messages:
        raise ConfigurationError("a call needs at least one message")
    tools = tuple(options.get("tools", ()))
    stop = options.get("stop", ())
    return CompletionRequest(
        messages=messages,
        sources=_sources(options["sources"]) if "sources" in options else (),
        tools=tools,
        tool_choice=_tool_choice(options.get("tool_choice", "auto"), tools),
        response_schema=options.get("response_schema"),
        max_output_tokens=_max_output_tokens(options.get("max_output_tokens")),
        temperature=options.get("temperature"),
        stop=(stop,) if isinstance(stop, str) else tuple(stop),
    )


def _messages(prompt: str | Sequence[Message | Mapping[str, Any]]) -> tuple[Message, ...]:
    if isinstance(prompt, str):
        return (Message(role="user", content=prompt),)
    given: object = prompt
    if not isinstance(given, Sequence) or isinstance(given, bytes):
        raise ConfigurationError(
            f"a prompt is text, a list of messages or a CompletionRequest, not {type(given).__name__}"
        )
    return tuple(
        item if isinstance(item, Message) else _message(item, number) for number, item in enumerate(prompt, 1)
    )


def _message(item: Mapping[str, Any], number: int) -> Message:
    try:
        return msgspec.convert(item, Message)
    except msgspec.ValidationError as error:
        fields = ", ".join(Message.__struct_fields__)
        raise ConfigurationError(
            f"message {number}: {error} (a message has {fields}; its content is text)"
        ) from None


def _sources(sources: Sequence[Source | str]) -> tuple[Source, ...]:
    found = tuple(
        item if isinstance(item, Source) else Source(id=str(number), text=item)
        for number, item in enumerate((sources,) if isinstance(sources, str) else sources, 1)
    )
    if len({source.id for source in found}) != len(found):
        raise ConfigurationError("sources: two have the same id")
    return found


def _tool_choice(choice: str, tools: Sequence[Tool]) -> str:
    if choice in _TOOL_CHOICES or any(tool.name == choice for tool in tools):
        return choice
    names = ", ".join([*sorted(_TOOL_CHOICES), *(tool.name for tool in tools)])
    raise ConfigurationError(f"tool_choice {choice!r}: expected one of {names}")


def _max_output_tokens(limit: int | None) -> int | None:
    if limit is not None and limit < 1:
        raise ConfigurationError(f"max_output_tokens {limit!r}: expected at least 1")
    return limit


def tags_of(tags: Sequence[str]) -> frozenset[str]:
    """Return the tags that a call requires; one may be given as plain text."""
    return frozenset((tags,) if isinstance(tags, str) else tags)


def call_id_of(call_id: str | None) -> str:
    """Return the caller's id of a call, or a random one. Raises `ConfigurationError` if it fits no header."""
    if call_id is None:
        return secrets.token_hex(8)
    visible = call_id.isascii() and call_id.isprintable() and " " not in call_id
    if not visible or not 0 < len(call_id) <= _CALL_ID_CHARS_MAX:
        raise ConfigurationError(
            f"call_id {call_id[:40]!r}: expected 1 to {_CALL_ID_CHARS_MAX} visible ASCII characters"
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
