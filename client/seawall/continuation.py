"""Joins what a second provider writes to the text it was to go on from. No I/O."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from seawall.messages import ProviderReply, TextDelta, ToolCallDelta

_OVERLAP_MIN = 16
_OVERLAP_MAX = 256
_WHOLE_MIN = 8


class Continuation:
    """The answer of one continuing attempt, freed of what it repeats. An `AnswerScreen`.

    A model told to go on may begin a few words back, or all over again. What it writes is held back while it
    still agrees with the end of the text before (its last 256 characters) or with the whole of it, and what
    was repeated is dropped: 16 characters at least, for less may well be meant. All else is handed on as it comes.
    """

    __slots__ = ("_before", "_held", "_joined", "_new", "_owed", "_starts")

    def __init__(self, before: str) -> None:
        self._before = before
        self._held = ""
        self._new: list[str] = []
        self._joined = False
        # The consumer has this white space already; it was not sent, so a model will write it again.
        self._owed = before[len(before.rstrip()) :]
        length = len(before)
        self._starts = list(range(max(1, length - _OVERLAP_MAX), length - _OVERLAP_MIN + 1))
        if length >= _WHOLE_MIN:
            self._starts.insert(0, 0)

    def feed(self, deltas: Sequence[TextDelta | ToolCallDelta]) -> list[TextDelta | ToolCallDelta]:
        """Take the next pieces; return what the consumer is to get by now."""
        fresh: list[TextDelta | ToolCallDelta] = []
        for delta in deltas:
            if isinstance(delta, TextDelta):
                fresh += self._told(self._text(delta.text))
            else:
                fresh += self._told(self._rest())
                fresh.append(delta)
        return fresh

    async def close(self, reply: ProviderReply) -> tuple[list[TextDelta | ToolCallDelta], ProviderReply]:
        """Return what is still held back, and the whole answer: the text before and what came to it."""
        kept = self._told(self._rest())
        text = "".join((self._before, *self._new))
        return [*kept], msgspec.structs.replace(reply, text=text)

    def _told(self, text: str) -> list[TextDelta]:
        if not text:
            return []
        self._new.append(text)
        return [TextDelta(text)]

    def _text(self, piece: str) -> str:
        if self._joined:
            return piece
        offset = len(self._held)
        self._held += piece
        self._starts = [start for start in self._starts if self._agrees(start + offset, piece)]
        return self._decide(final=False)

    def _rest(self) -> str:
        return "" if self._joined else self._decide(final=True)

    def _agrees(self, at: int, piece: str) -> bool:
        expected = self._before[at : at + len(piece)]
        return piece.startswith(expected)

    def _decide(self, *, final: bool) -> str:
        repeated = [len(self._before) - start for start in self._starts]
        whole = [length for length in repeated if length <= len(self._held)]
        if repeated and len(whole) < len(repeated) and not final:
            # The longest agreement counts, and it is not over.
            return ""
        self._joined = True
        if whole:
            return self._held[max(whole) :]
        return self._without_owed(self._held)

    def _without_owed(self, text: str) -> str:
        shared = 0
        while shared < min(len(text), len(self._owed)) and text[shared] == self._owed[shared]:
            shared += 1
        return text[shared:]
