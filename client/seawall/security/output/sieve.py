"""Taking out of a text, piece by piece, what a reader would not see: the first thing that happens to an answer.

It comes before anything is read: what stands on either side of something invisible may mean something together.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable

from seawall.security.firewall.utf8_pattern import Utf8Pattern, Utf8Text
from seawall.security.output.constructs import (
    Replacement,
    Text,
    Unfinished,
    read_control,
    read_flag,
    read_joiners,
)
from seawall.security.output.finding import Finding

LOOK_AHEAD = 2048
_MATCHES_MAX = 1 << 30
_CONTROLS = Utf8Pattern(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x{9f}]")
_MARKS = Utf8Pattern(
    r"\x{1F3F4}[\x{E0000}-\x{E007F}]*|[\x{E0000}-\x{E007F}]+"
    r"|[\x{202A}-\x{202E}\x{2066}-\x{2069}\x{206A}-\x{206F}\x{FFF9}-\x{FFFB}]+"
)
_JOINERS = Utf8Pattern(
    r"[\x{FE00}-\x{FE0F}\x{E0100}-\x{E01EF}\x{200B}-\x{200D}\x{2060}-\x{2064}\x{FEFF}\x{034F}\x{115F}\x{1160}\x{3164}\x{FFA0}]+"
)
Read = Callable[[Text, int, int, int], Replacement]


class Sieve:
    """One kind of thing to take out. Findings are of the text as it was given to this sieve."""

    __slots__ = ("_cut_at", "_done", "_out_done", "_read", "_removed", "_trigger", "findings")

    def __init__(self, trigger: Utf8Pattern, read: Read) -> None:
        self._trigger = trigger
        self._read = read
        self.findings: list[Finding] = []
        self._done = 0  # characters read in all
        self._out_done = 0  # characters handed on in all
        # Where in the text that was handed on something is missing, and how much was removed up to there.
        self._cut_at: list[int] = [0]
        self._removed: list[int] = [0]

    def feed(self, text: str, *, is_last: bool) -> tuple[str, int]:
        """Return what may be handed on of `text` and how much of it was read; the rest comes again with more behind it."""
        source = Text(text, is_last)
        out: list[str] = []
        position = shown = 0
        edge = len(text)
        for start, end in self._trigger.spans(Utf8Text(text), _MATCHES_MAX):
            if start < position:
                continue
            try:
                replacement = self._read(source, start, end, LOOK_AHEAD)
            except Unfinished:
                edge = start
                break
            out += text[position:start], replacement.text
            shown += start - position + len(replacement.text)
            position = replacement.end
            if replacement.threat is not None:
                self._note(start, replacement, shown)
        out.append(text[position:edge])
        self._done += edge
        self._out_done += shown + edge - position
        return "".join(out), edge

    def _note(self, start: int, replacement: Replacement, shown: int) -> None:
        threat, end = replacement.threat, replacement.end
        if threat is not None:
            self.findings.append(Finding(self._done + start, self._done + end, threat, replacement.form))
            self._cut_at.append(self._out_done + shown)
            self._removed.append(self._removed[-1] + end - start - len(replacement.text))

    def before(self, position: int) -> int:
        """Return where a character of the text that was handed on stood in the text that was given."""
        return position + self._removed[bisect_right(self._cut_at, position) - 1]


def sieves() -> tuple[Sieve, ...]:
    """Return new sieves in the order in which a text goes through them."""
    return (Sieve(_CONTROLS, read_control), Sieve(_MARKS, read_flag), Sieve(_JOINERS, read_joiners))
