"""Putting values back for their placeholders, in a whole text or piece by piece."""

from __future__ import annotations

import json
from collections.abc import Callable

from seawall.security.redaction.placeholder import OPENING, placeholder_end
from seawall.security.redaction.vault import Vault

Encode = Callable[[str], str]


def verbatim(value: str) -> str:
    """Restore a value as it was."""
    return value


def json_escaped(value: str) -> str:
    """Restore a value inside a JSON string: quotes, backslashes and control characters escaped."""
    return json.dumps(value, ensure_ascii=False)[1:-1]


class StreamRestorer:
    """Restores a text that arrives in pieces: the same text comes out, however it was cut.

    At most one unfinished placeholder is held back, so never more than `placeholder.LENGTH_MAX` characters.
    """

    __slots__ = ("_encode", "_held", "_vault")

    def __init__(self, vault: Vault, encode: Encode = verbatim) -> None:
        self._vault = vault
        self._encode = encode
        self._held = ""

    def feed(self, piece: str) -> str:
        """Take the next piece; return what is certain by now."""
        text = self._held + piece
        done: list[str] = []
        position = 0
        while True:
            opening = text.find(OPENING[0], position)
            if opening < 0:
                self._held = ""
                done.append(text[position:])
                break
            done.append(text[position:opening])
            end = placeholder_end(text, opening)
            if end is None:
                self._held = text[opening:]
                break
            value = self._vault.value(text[opening:end]) if end > 0 else None
            if value is None:
                done.append(text[opening])
                position = opening + 1
            else:
                done.append(self._encode(value))
                position = end
        return "".join(done)

    def close(self) -> str:
        """Return what was held back, as it is: it never became a placeholder."""
        held, self._held = self._held, ""
        return held

    def __repr__(self) -> str:
        return f"StreamRestorer({len(self._held)} characters held)"


def restore(text: str, vault: Vault, encode: Encode = verbatim) -> str:
    """Return the text with every placeholder that `vault` handed out replaced by its value, once."""
    restorer = StreamRestorer(vault, encode)
    return restorer.feed(text) + restorer.close()
