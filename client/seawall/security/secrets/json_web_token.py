"""JSON web tokens: three or five parts, the first of which decodes to a header that names an algorithm."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator

from seawall.security.finding import Finding, Kind
from seawall.security.folded_text import FoldedText
from seawall.security.linear_pattern import LinearPattern

TOKEN = LinearPattern(r"e[yw][A-Za-z0-9+/_-]{8,}={0,2}(?:\.[A-Za-z0-9+/\\_-]*={0,2}){2,4}")
# The same in base64 once more.
ENCODED = LinearPattern(r"ZXlK[A-Za-z0-9+/_-]{30,}={0,2}")
HEADER_LENGTH_MAX = 1200


def find_json_web_tokens(text: FoldedText) -> Iterator[Finding]:
    """Yield JSON web tokens, signed or encrypted, also base64-encoded once more."""
    shadow = text.shadow
    if b"ey" in shadow or b"ew" in shadow:
        for start, end in TOKEN.spans(shadow):
            if _starts_token(text, start) and _is_header(shadow[start:end].partition(b".")[0]):
                yield Finding(start, end, Kind.SECRET, 0.97, "secret.jwt")
    if b"ZXlK" in shadow:
        for start, end in ENCODED.spans(shadow):
            if _starts_token(text, start) and b"." in _decoded(shadow[start:end]):
                yield Finding(start, end, Kind.SECRET, 0.9, "secret.jwt_encoded")


def _starts_token(text: FoldedText, start: int) -> bool:
    return start == 0 or not (
        text.shadow[start - 1 : start].isalnum() or text.shadow[start - 1 : start] in (b"_", b"-")
    )


def _is_header(part: bytes) -> bool:
    header = _decoded(part)
    return header[:1] == b"{" and any(name in header for name in (b'"alg"', b'"enc"', b'"typ"', b'"kid"'))


def _decoded(part: bytes) -> bytes:
    part = part[:HEADER_LENGTH_MAX].rstrip(b"=").translate(bytes.maketrans(b"-_", b"+/"))
    try:
        return base64.b64decode(part[: len(part) // 4 * 4] + _padded(part), validate=False)
    except binascii.Error:
        return b""


def _padded(part: bytes) -> bytes:
    rest = part[len(part) // 4 * 4 :]
    return rest + b"=" * (4 - len(rest)) if len(rest) > 1 else b""
