"""Of what type each option of a call has to be: checked before anything is sent, since nobody need use a type checker."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import cast, get_args

from seawall.errors import ConfigurationError
from seawall.messages import Image, Message, Role, Source, Tool, ToolCall

_ROLES = get_args(Role)
_Kind = tuple[tuple[type, ...], str]
_NONE = type(None)
_TEXTS: _Kind = ((Sequence,), "a list of texts")
_OPTIONS: Mapping[str, _Kind] = {
    "system": ((str,), "text"),
    "sources": ((Sequence,), "a list of Source or text"),
    "tools": ((Sequence,), "a list of Tool"),
    "tool_choice": ((str,), "text"),
    "response_schema": ((dict, _NONE), "a JSON Schema as a dict"),
    "max_output_tokens": ((int, _NONE), "a whole number"),
    "temperature": ((int, float, _NONE), "a number"),
    "stop": _TEXTS,
    "deadline_s": ((int, float, _NONE), "a number of seconds"),
    "call_id": ((str, _NONE), "text"),
    "require_tags": ((Sequence, AbstractSet), "a list of texts"),
    "space": ((str, _NONE), "text"),
    "dimensions": ((int, _NONE), "a whole number"),
}
_MEMBERS: Mapping[str, _Kind] = {
    "sources": ((Source, str), "a Source or text"),
    "tools": ((Tool,), "a Tool"),
    "stop": ((str,), "text"),
    "require_tags": ((str,), "text"),
}


def check_options(options: Mapping[str, object]) -> None:
    """Raise `ConfigurationError` for an option that is of another type than it has to be."""
    for name, value in options.items():
        if (kind := _OPTIONS.get(name)) is None:
            continue
        if not isinstance(value, kind[0]):
            _refuse(name, value, kind[1])
        if (kind := _MEMBERS.get(name)) is not None:
            members = (value,) if isinstance(value, str) else cast("Iterable[object]", value)
            for number, member in enumerate(members, 1):
                _check(f"{name}, number {number}", member, kind)


def check_messages(messages: Sequence[Message]) -> None:
    """Raise `ConfigurationError` for a message whose members are of another type than they have to be."""
    for number, message in enumerate(messages, 1):
        if message.role not in _ROLES:
            roles = ", ".join(_ROLES)
            raise ConfigurationError(f"message {number}: role {message.role!r}: expected one of {roles}")
        if not isinstance(message.content, str):
            _refuse(f"message {number}: content", message.content, "text (images go into `images`)")
        for call in message.tool_calls:
            _check(f"message {number}: a member of tool_calls", call, ((ToolCall,), "a ToolCall"))
        for image in message.images:
            _check(f"message {number}: a member of images", image, ((Image,), "an Image"))
            _check(f"message {number}: the url of an image", image.url, ((str, _NONE), "text"))
            _check(f"message {number}: the data of an image", image.data, ((bytes, _NONE), "bytes"))
            _check(f"message {number}: the media_type of an image", image.media_type, ((str,), "text"))


def _check(what: str, value: object, kind: _Kind) -> None:
    types, words = kind
    if not isinstance(value, types):
        _refuse(what, value, words)


def _refuse(what: str, value: object, words: str) -> None:
    raise ConfigurationError(f"{what}: expected {words}, got {type(value).__name__}")
