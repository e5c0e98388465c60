"""What each encoding looks like in a text, and how one run of it is read."""

from __future__ import annotations

import base64
import binascii
import html
import re
import sys
import unicodedata
from collections.abc import Callable
from typing import NamedTuple

from seawall.security.firewall.utf8_pattern import Utf8Pattern

_PRINTABLE_MIN = 0.92
_LETTERS_MIN = 0.5
_BYTE_VALUES = 256
_MORSE_CODES = ".- -... -.-. -.. . ..-. --. .... .. .--- -.- .-.. -- -. --- .--. --.- .-. ... - ..- ...- .-- -..- -.-- --.."
_MORSE: dict[str, str] = dict(
    zip(
        _MORSE_CODES.split(),
        "abcdefghijklmnopqrstuvwxyz",
        strict=True,
    )
)


class Encoding(NamedTuple):
    """`decode` reads one run that `pattern` found; None if it makes no text."""

    name: str
    pattern: Utf8Pattern
    decode: Callable[[str], str | None]


def _text(data: bytes) -> str | None:
    for codec in ("utf-8", "utf-16-le") if b"\0" in data else ("utf-8",):
        try:
            text = data.decode(codec)
        except UnicodeDecodeError:
            continue
        if is_text(text):
            return text
    return None


def is_text(text: str) -> bool:
    """Tell whether nearly all of it can be printed and at least half is letters and spaces."""
    if not text:
        return False
    printable = sum(char.isprintable() or char in "\n\r\t" for char in text)
    letters = sum(char.isalpha() or char == " " for char in text)
    return printable >= _PRINTABLE_MIN * len(text) and letters >= _LETTERS_MIN * len(text)


def _base64(run: str) -> str | None:
    if run.islower() and run.replace("_", "").replace("-", "").isalpha():
        return None  # words
    packed = "".join(run.split()).rstrip("=").replace("-", "+").replace("_", "/")
    packed = packed[: len(packed) - (len(packed) % 4 == 1)]
    try:
        return _text(base64.b64decode(packed + "=" * (-len(packed) % 4)))
    except (binascii.Error, ValueError):
        return None


def _base32(run: str) -> str | None:
    packed = run.rstrip("=")
    try:
        return _text(base64.b32decode(packed + "=" * (-len(packed) % 8)))
    except (binascii.Error, ValueError):
        return None


def _ascii85(run: str) -> str | None:
    try:
        return _text(base64.a85decode(run, adobe=True))
    except (binascii.Error, ValueError):
        return None


def _base85(run: str) -> str | None:
    try:
        return _text(base64.b85decode(run))
    except (binascii.Error, ValueError):
        return None


def _hexadecimal(run: str) -> str | None:
    digits = re.sub(r"0x|\\x|[^0-9A-Fa-f]", "", run)
    return _text(bytes.fromhex(digits[: len(digits) // 2 * 2]))


def _binary(run: str) -> str | None:
    bits = "".join(run.split())
    return _text(bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits) // 8 * 8, 8)))


def _decimal(run: str) -> str | None:
    codes = [int(code) for code in re.findall(r"\d+", run)]
    return _text(bytes(codes)) if all(code < _BYTE_VALUES for code in codes) else None


def _percent(run: str) -> str | None:
    data = bytes.fromhex(run.replace(run[0], ""))
    text = data.decode("utf-8", "replace")
    return None if "\ufffd" in text else text


def _unicode_escape(run: str) -> str | None:
    code = int(re.sub(r"[^0-9A-Fa-f]", "", run.replace("U+", "")), 16)
    return chr(code) if code <= sys.maxunicode and unicodedata.category(chr(code)) != "Cs" else None


def _control_escape(run: str) -> str | None:
    return {"n": "\n", "t": " ", "r": "\n", '"': '"', "/": "/"}[run[1]]


def _entity(run: str) -> str | None:
    text = html.unescape(run)
    return text if text != run else None


def _morse(run: str) -> str | None:
    words = run.replace("|", "/").strip().split("/")
    text = " ".join("".join(_MORSE.get(code, "?") for code in word.split()) for word in words)
    return text if "?" not in text and is_text(text) else None


ENCODINGS = (
    Encoding("percent", Utf8Pattern(r"(?:%[0-9A-Fa-f]{2})+|(?:=[0-9A-F]{2}){3,}"), _percent),
    Encoding(
        "escape",
        Utf8Pattern(r"\\u\{?[0-9A-Fa-f]{4,6}\}|\\u[0-9A-Fa-f]{4}|%u[0-9A-Fa-f]{4}|U\+[0-9A-F]{4,6} ?"),
        _unicode_escape,
    ),
    Encoding("entity", Utf8Pattern(r"&(?:#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]{2,8});"), _entity),
    Encoding("control", Utf8Pattern(r'\\[ntr"/]'), _control_escape),
    Encoding("base64", Utf8Pattern(r"[A-Za-z0-9+/_-]{16,}={0,2}"), _base64),
    Encoding(
        "base64",
        Utf8Pattern(r"[A-Za-z0-9+/]{40,}(?:\s{1,2}[A-Za-z0-9+/]{40,})*\s{1,2}[A-Za-z0-9+/]{1,75}={0,2}"),
        _base64,
    ),
    Encoding("base32", Utf8Pattern(r"[A-Z2-7]{16,}={0,6}"), _base32),
    Encoding("base85", Utf8Pattern(r"[0-9A-Za-z!#$%&()*+;<=>?@^_`{|}~-]{40,}"), _base85),
    Encoding("ascii85", Utf8Pattern(r"<~[!-u\s]{8,}~>"), _ascii85),
    Encoding("hexadecimal", Utf8Pattern(r"(?:(?:0x|\\x)?[0-9A-Fa-f]{2}[ :,]{0,2}){8,}"), _hexadecimal),
    Encoding("binary", Utf8Pattern(r"(?:[01]{8}\s{0,2}){4,}"), _binary),
    Encoding("decimal", Utf8Pattern(r"(?:[0-9]{2,3}[ ,;]{1,2}){8,}[0-9]{2,3}"), _decimal),
    Encoding("morse", Utf8Pattern(r"(?:[.-]{1,6}[ ]{1,3}(?:[/|][ ]{0,2})?){8,}[.-]{0,6}"), _morse),
)
