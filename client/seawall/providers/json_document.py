"""Foreign JSON, decoded into a known shape or refused: bounded nesting, valid UTF-8, nothing but `NotJsonError`."""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec

Shape = TypeVar("Shape")

_STRING = re.compile(rb'"(?:[^"\\]++|\\.)*+"', re.DOTALL)
_BRACKET = re.compile(rb"[\[\]{}]")
_NO_BRACKET_OR_QUOTE = bytes(set(range(256)) - set(b'[]{}"'))


class NotJsonError(ValueError):
    """The bytes are no JSON document of the expected shape. The message says why and quotes none of them."""


def decode(decoder: msgspec.json.Decoder[Shape], data: bytes, *, depth_max: int) -> Shape:
    """Decode `data`. Raises `NotJsonError`."""
    if nests_deeper(data, depth_max):
        raise NotJsonError(f"nested deeper than {depth_max} levels")
    try:
        return decoder.decode(data)
    except msgspec.ValidationError as error:
        raise NotJsonError(f"unexpected shape: {error}") from None
    except UnicodeDecodeError:
        raise NotJsonError("not valid UTF-8") from None
    except (msgspec.DecodeError, RecursionError):
        raise NotJsonError("malformed JSON") from None


def nests_deeper(data: bytes, depth_max: int) -> bool:
    """Tell whether JSON nests deeper than `depth_max`, in linear time and without decoding it."""
    if data.count(b"[") + data.count(b"{") <= depth_max:
        return False
    if (
        b"\\" not in data
    ):  # then quotes pair off, and what is between brackets and quotes need not be looked at
        data = data.translate(None, _NO_BRACKET_OR_QUOTE)
    depth = 0
    for bracket in _BRACKET.finditer(_STRING.sub(b"", data)):
        if bracket[0] in b"[{":
            depth += 1
            if depth > depth_max:
                return True
        else:
            depth -= 1
    return False
