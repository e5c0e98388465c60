"""Private keys in their armour: PEM, OpenSSH, PGP, PuTTY, and the private members of a JWK."""

from __future__ import annotations

from collections.abc import Iterator

from seawall.security.finding import Finding, Kind
from seawall.security.folded_text import FoldedText
from seawall.security.linear_pattern import LinearPattern

OPENING = LinearPattern(r"-----BEGIN[ A-Z0-9_-]{0,40}PRIVATE KEY(?: BLOCK)?-----", ignore_case=True)
CLOSING = LinearPattern(r"-----END[ A-Z0-9_-]{0,40}PRIVATE KEY(?: BLOCK)?-----", ignore_case=True)
PUTTY = LinearPattern(r"PuTTY-User-Key-File-[0-9]:")
PUTTY_LINES = LinearPattern(r"Private-Lines: [0-9]{1,3}[\r\n]{1,2}")
JWK = LinearPattern(r"\"(?:d|p|q|dp|dq|qi|k)\" ?: ?\"([A-Za-z0-9_-]{20,1000})\"")
BODY_LENGTH_MIN = 40


def find_private_keys(text: FoldedText) -> Iterator[Finding]:
    """Yield private keys, from their armour's opening to its closing, or as far as the body goes if that is cut off."""
    shadow = text.shadow
    if b"PRIVATE KEY" in shadow.upper():
        yield from _armoured(shadow)
    if PUTTY.search(shadow) is not None:
        for _, start in PUTTY_LINES.spans(shadow):
            end = _base64_end(shadow, start, len(shadow))
            yield Finding(start, end, Kind.SECRET, 0.95, "secret.private_key")
    if b'"kty"' in shadow:
        for match in JWK.finditer(shadow):
            yield Finding(*match.span(1), Kind.SECRET, 0.9, "secret.jwk")


def _armoured(shadow: bytes) -> Iterator[Finding]:
    closings = [end for _, end in CLOSING.spans(shadow)]
    openings = list(OPENING.spans(shadow))
    if not openings:
        return
    following = [start for start, _ in openings[1:]] + [len(shadow)]
    index = 0
    for (start, body), limit in zip(openings, following, strict=True):
        while index < len(closings) and closings[index] <= body:
            index += 1
        end = (
            closings[index]
            if index < len(closings) and closings[index] <= limit
            else _base64_end(shadow, body, limit)
        )
        solid = shadow[body:end].translate(None, b" \n\r\t\\\"'")
        if len(solid.partition(b"-----END")[0]) >= BODY_LENGTH_MIN:
            yield Finding(start, end, Kind.SECRET, 0.97, "secret.private_key")


_BASE64 = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/=_-\\")


def _base64_end(shadow: bytes, start: int, limit: int) -> int:
    """Return where base64 lines that begin at `start` end: at the first line that cannot be theirs."""
    end = start
    while end < limit:
        line_end = shadow.find(b"\n", end, limit)
        line_end = limit if line_end < 0 else line_end + 1
        line = shadow[end:line_end].strip(b" \r\n\t>\"'+,\\")
        if line and b":" not in line and (b" " in line or not _BASE64.issuperset(line)):
            break
        end = line_end
    return end
