"""One conversation's redactor: takes out what must not leave, and puts it back into the answers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from seawall.security.finding import Finding, Kind
from seawall.security.redaction.detection import Detection, find
from seawall.security.redaction.placeholder import ECHO_LABEL, OPENING, placeholder_end
from seawall.security.redaction.restorer import Encode, StreamRestorer, restore, verbatim
from seawall.security.redaction.vault import ENTRIES_MAX, Vault


class Redacted(msgspec.Struct, frozen=True):
    """A text that may leave. `findings` are spans of the original text and hold none of it."""

    text: str
    findings: tuple[Finding, ...]


class Redactor:
    """Redacts the messages of one conversation and restores its answers.

    The same value gets the same placeholder in every message. Each placeholder carries a tag that cannot be
    guessed, so one that is invented, altered or taken from another conversation restores nothing; one of this
    conversation that comes back in somebody's text is itself replaced, and so restores to itself.
    """

    __slots__ = ("_detection", "_vault")

    def __init__(self, detection: Detection | None = None, *, entries_max: int = ENTRIES_MAX) -> None:
        self._detection = detection or Detection()
        self._vault = Vault(entries_max)

    def redact(self, text: str) -> Redacted:
        """Replace what is found by placeholders; VaultFullError beyond `entries_max` distinct values."""
        findings = find(text, self._detection)
        pieces: list[str] = []
        position = 0
        for start, end, label in _merge(findings, self._own_placeholders(text)):
            pieces += text[position:start], self._vault.placeholder(label, text[start:end])
            position = end
        pieces.append(text[position:])
        return Redacted("".join(pieces), findings)

    def restore(self, text: str, encode: Encode = verbatim) -> str:
        """Put values back for this conversation's placeholders; secrets stay out.

        Use `encode=json_escaped` where the text is a JSON document, as tool arguments are.
        """
        return restore(text, self._vault, encode)

    def stream_restorer(self, encode: Encode = verbatim) -> StreamRestorer:
        """Return a restorer for one answer that arrives in pieces."""
        return StreamRestorer(self._vault, encode)

    def clear(self) -> None:
        """Forget the conversation."""
        self._vault.clear()

    def _own_placeholders(self, text: str) -> Iterator[tuple[int, int]]:
        opening = text.find(OPENING)
        while opening >= 0:
            end = placeholder_end(text, opening) or -1
            if end > 0 and self._vault.value(text[opening:end]) is not None:
                yield opening, end
            opening = text.find(OPENING, opening + 1)

    def __repr__(self) -> str:
        return f"Redactor({self._vault!r})"


def _merge(findings: Iterable[Finding], echoes: Iterable[tuple[int, int]]) -> list[tuple[int, int, str]]:
    """Order findings and echoed placeholders; where they overlap, one replacement covers both."""
    spans = [(finding.start, finding.end, finding.kind.value) for finding in findings]
    spans += [(start, end, ECHO_LABEL) for start, end in echoes]
    merged: list[tuple[int, int, str]] = []
    for start, end, label in sorted(spans):
        if merged and start < merged[-1][1]:
            before, reached, known = merged.pop()
            secret = Kind.SECRET.value in (known, label)
            merged.append((before, max(reached, end), Kind.SECRET.value if secret else known))
        else:
            merged.append((start, end, label))
    return merged
