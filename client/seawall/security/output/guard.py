"""The output guard: an answer in, a harmless answer out. Pure, linear, the same however the answer is cut."""

from __future__ import annotations

import msgspec

from seawall.security.output.finding import Finding
from seawall.security.output.scanner import LOOK_AHEAD, START_LENGTH_MAX, Scanner

HELD_MAX = LOOK_AHEAD + START_LENGTH_MAX


class Guarded(msgspec.Struct, frozen=True):
    """The text that may be shown and what was changed in it; spans are of the answer as it came."""

    text: str
    findings: tuple[Finding, ...] = ()


class StreamGuard:
    """Guards an answer that arrives in pieces. Never more than HELD_MAX characters are held back."""

    __slots__ = ("_held", "_reported", "_scanner")

    def __init__(self) -> None:
        self._scanner = Scanner()
        self._held = ""
        self._reported = 0

    def feed(self, piece: str) -> Guarded:
        """Take the next piece; return what is certain by now."""
        return self._step(piece, is_last=False)

    def close(self) -> Guarded:
        """Return what was held back."""
        return self._step("", is_last=True)

    def _step(self, piece: str, *, is_last: bool) -> Guarded:
        text = self._held + piece
        shown, read = self._scanner.feed(text, is_last=is_last)
        self._held = text[read:]
        findings = tuple(self._scanner.findings[self._reported :])
        self._reported += len(findings)
        return Guarded(shown, findings)

    def __repr__(self) -> str:
        return f"StreamGuard({len(self._held)} characters held)"


def guard(text: str) -> Guarded:
    """Return `text` with whatever would fetch, run, hide or steer a terminal taken out, and what that was."""
    shown, _ = (scanner := Scanner()).feed(text, is_last=True)
    return Guarded(shown, tuple(scanner.findings))
