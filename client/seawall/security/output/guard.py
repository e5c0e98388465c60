"""The output guard: an answer in, a harmless answer out. Pure, linear, the same however the answer is cut."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from seawall.security.output.finding import Finding
from seawall.security.output.scanner import START_LENGTH_MAX, Scanner
from seawall.security.output.sieve import LOOK_AHEAD, Sieve, sieves

HELD_MAX = 4 * LOOK_AHEAD + START_LENGTH_MAX


class Guarded(msgspec.Struct, frozen=True):
    """The text that may be shown and what was changed in it; spans are of the answer as it came."""

    text: str
    findings: tuple[Finding, ...] = ()


class StreamGuard:
    """Guards an answer that arrives in pieces. Never more than HELD_MAX characters are held back.

    What was guarded stays as it is when it is guarded again.
    """

    __slots__ = ("_held", "_reported", "_sieves", "_stages")

    def __init__(self) -> None:
        self._sieves = sieves()
        self._stages: tuple[Sieve | Scanner, ...] = (*self._sieves, Scanner())
        self._held = [""] * len(self._stages)
        self._reported = [0] * len(self._stages)

    @property
    def held(self) -> int:
        """How many characters are held back."""
        return sum(map(len, self._held))

    @property
    def unread(self) -> str:
        """What is held back, not yet looked at to its end."""
        return "".join(reversed(self._held))

    def feed(self, piece: str) -> Guarded:
        """Take the next piece; return what is certain by now."""
        return self._step(piece, is_last=False)

    def close(self) -> Guarded:
        """Return what was held back."""
        return self._step("", is_last=True)

    def _step(self, piece: str, *, is_last: bool) -> Guarded:
        text = piece
        for place, stage in enumerate(self._stages):
            whole = self._held[place] + text
            text, read = stage.feed(whole, is_last=is_last)
            self._held[place] = whole[read:]
        return Guarded(text, tuple(sorted(self._news())))

    def _news(self) -> Iterator[Finding]:
        for place, stage in enumerate(self._stages):
            fresh = stage.findings[self._reported[place] :]
            self._reported[place] += len(fresh)
            for finding in fresh:
                yield self._as_it_came(finding, place)

    def _as_it_came(self, finding: Finding, place: int) -> Finding:
        start, last = finding.start, max(finding.start, finding.end - 1)
        for sieve in reversed(self._sieves[:place]):
            start, last = sieve.before(start), sieve.before(last)
        return msgspec.structs.replace(finding, start=start, end=last + 1)

    def __repr__(self) -> str:
        return f"StreamGuard({self.held} characters held)"


def guard(text: str) -> Guarded:
    """Return `text` with whatever would fetch, run, hide or steer a terminal taken out, and what that was."""
    return StreamGuard()._step(text, is_last=True)  # noqa: SLF001 - the whole is one last piece
