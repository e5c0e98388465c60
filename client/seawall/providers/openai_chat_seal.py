"""What some servers that speak OpenAI's chat want to see again with a tool call, beside OpenAI's own members.

Google's compatible address refuses a call without its `extra_content`, where the thought signature is; DeepSeek's
thinking models a turn with calls but without the `reasoning_content` that led to them.
"""

from __future__ import annotations

import msgspec

from seawall.providers.json_document import NotJsonError

_NOTHING = {b"", b"null"}


class Seal(msgspec.Struct):
    """Members of a tool call (`extra_content`) and of the turn it is in (`reasoning_content`)."""

    reasoning_content: str | None = None
    extra_content: msgspec.Raw = msgspec.Raw()


_decoder = msgspec.json.Decoder(Seal)
NO_SEAL = Seal()


def seal_text(reasoning: str, extra_content: msgspec.Raw) -> str | None:
    """Return both as text for `read_seal`, None if there is neither. Raises `NotJsonError` for what is no text."""
    seal: dict[str, str | msgspec.Raw] = {}
    if reasoning:
        seal["reasoning_content"] = reasoning
    if bytes(extra_content) not in _NOTHING:
        seal["extra_content"] = extra_content
    try:
        return msgspec.json.encode(seal).decode() if seal else None
    except UnicodeDecodeError:
        raise NotJsonError("not valid UTF-8") from None


def read_seal(text: str | None) -> Seal:
    """Return what was sealed; nothing where `text` is damaged or None."""
    try:
        return NO_SEAL if text is None else _decoder.decode(text)
    except (ValueError, RecursionError):
        return NO_SEAL
