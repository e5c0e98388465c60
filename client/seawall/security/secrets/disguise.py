"""The guises in which a known value may leave: every encoding that a model is likely to be talked into."""

from __future__ import annotations

import base64
import codecs
import html
import json
import urllib.parse
from collections.abc import Iterator
from typing import NamedTuple

# What is left of a text when everything but letters and digits is taken out: splitting, quoting, wrapping and
# separators disappear, and so does the difference between the two base64 alphabets.
NOT_ALPHANUMERIC = bytes(byte for byte in range(256) if not (chr(byte).isascii() and chr(byte).isalnum()))
# Characters of base64 and base32 that hold bits of the value and of its neighbours.
SHARED_LENGTH = 4
ESCAPE_LENGTH = 3


class Guise(NamedTuple):
    """What an encoding of the value looks like when squeezed, and how much of it may stand around that."""

    letters: bytes
    lead: int
    trail: int


def squeezed(lower: bytes) -> bytes:
    """Return only the letters and digits."""
    return lower.translate(None, NOT_ALPHANUMERIC)


def guises(value: str) -> Iterator[Guise]:
    """Yield the guises of `value`; some may be equal."""
    raw = value.encode("utf-8", "surrogatepass")
    lead = next((index for index, char in enumerate(value) if char.isascii() and char.isalnum()), 0)
    trail = next(
        (index for index, char in enumerate(reversed(value)) if char.isascii() and char.isalnum()), 0
    )
    rotated = codecs.encode(value, "rot13")
    yield Guise(_plain(value), ESCAPE_LENGTH * lead, ESCAPE_LENGTH * trail)
    yield Guise(_plain(rotated), lead, trail)
    yield Guise(_plain(value[::-1]), trail, lead)
    for letters in _escaped(value, raw):
        yield Guise(letters, ESCAPE_LENGTH, ESCAPE_LENGTH)
    for letters in _packed(value, raw):
        yield Guise(letters, SHARED_LENGTH, SHARED_LENGTH)


def _escaped(value: str, raw: bytes) -> Iterator[bytes]:
    quoted = urllib.parse.quote(value, safe="", errors="replace")
    for text in (
        quoted,
        urllib.parse.quote(value, errors="replace"),
        urllib.parse.quote(quoted, safe=""),
        json.dumps(value),
        html.escape(value),
    ):
        yield _plain(text)
    for data in (raw, raw[::-1], base64.b64encode(raw), raw.hex().encode()):
        yield data.hex().encode()
    for prefix in ("x", "0x", "u00"):
        yield "".join(f"{prefix}{byte:02x}" for byte in raw).encode()
    for form in ("d", "03d", "o", "03o", "08b"):
        yield "".join(format(byte, form) for byte in raw).encode()


def _packed(value: str, raw: bytes) -> Iterator[bytes]:
    wide = value.encode("utf-16-le", "surrogatepass")
    for data in (raw, raw[::-1], wide, base64.b64encode(raw), raw.hex().encode()):
        for start in range(3):
            yield _plain(_aligned_base64(data, start))
    for start in range(5):
        yield _plain(_aligned_base32(raw, start))


def _plain(text: str) -> bytes:
    return squeezed(text.encode("latin-1", "seawall.fold").lower())


def _aligned_base64(data: bytes, start: int) -> str:
    """Return the characters that depend on `data` alone if `start` other bytes stand before it."""
    encoded = base64.b64encode(b"\0" * start + data).decode()
    return encoded[(0, 2, 3)[start] : (start + len(data)) * 8 // 6]


def _aligned_base32(data: bytes, start: int) -> str:
    encoded = base64.b32encode(b"\0" * start + data).decode()
    return encoded[-(-start * 8 // 5) : (start + len(data)) * 8 // 5]
