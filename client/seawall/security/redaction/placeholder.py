"""What stands in the text for what was taken out: `[[EMAIL-1-k3x9m2p7qa4t]]`."""

from __future__ import annotations

import base64
import hmac
import secrets

from seawall.security.finding import Kind

OPENING, CLOSING = "[[", "]]"
TAG_LENGTH = 12
# Under this label stands a placeholder that came back in somebody's text.
ECHO_LABEL = "TEXT"
NUMBER_DIGITS_MAX = 9
LENGTH_MAX = len(OPENING) + max(map(len, Kind)) + 1 + NUMBER_DIGITS_MAX + 1 + TAG_LENGTH + len(CLOSING)
_BODY = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-")


class PlaceholderMint:
    """Makes placeholders whose tag nobody can guess: a keyed digest of kind and number, new keys for each mint."""

    __slots__ = ("_key",)

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def mint(self, label: str, number: int) -> str:
        """Return the placeholder of the `number`-th value under a label."""
        label = f"{label.replace('_', '-')}-{number}"
        digest = hmac.digest(self._key, label.encode(), "sha256")
        tag = base64.b32encode(digest).decode().lower()[:TAG_LENGTH]
        return f"{OPENING}{label}-{tag}{CLOSING}"

    def fingerprint(self, value: str) -> bytes:
        """Return a keyed digest by which equal values are known again without being kept."""
        return hmac.digest(self._key, b"value\0" + value.encode("utf-8", "surrogatepass"), "sha256")

    def __repr__(self) -> str:
        return "PlaceholderMint(***)"


def placeholder_end(text: str, start: int) -> int | None:
    """Return where the placeholder-like text that opens at `start` ends.

    Returns -1 if nothing that begins so can be a placeholder, None if the text ends before that is decided.
    """
    position = start
    for mark in OPENING:
        if position == len(text):
            return None
        if text[position] != mark:
            return -1
        position += 1
    limit = start + LENGTH_MAX
    while position < len(text) and position < limit and text[position] in _BODY:
        position += 1
    for mark in CLOSING:
        if position == len(text) and position < limit:
            return None
        if position >= limit or text[position] != mark:
            return -1
        position += 1
    return position
