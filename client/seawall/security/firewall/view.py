"""One reading of a text: as it stands, with disguises taken off, or decoded."""

from __future__ import annotations

from seawall.security.firewall.offset_map import OffsetMap
from seawall.security.firewall.utf8_pattern import Utf8Text


class View:
    """A text that was made from the original by `transforms`, and the way back.

    `text` has the letters' case (encodings need it); `folded` is the same in lower case, character by character.
    """

    __slots__ = ("_folded_bytes", "_maps", "_text_bytes", "folded", "text", "transforms")

    def __init__(self, text: str, maps: tuple[OffsetMap, ...] = (), transforms: tuple[str, ...] = ()) -> None:
        self.text = text
        self._maps = maps
        self.transforms = transforms
        lower = text.lower()
        self.folded = lower if len(lower) == len(text) else "".join(map(_lower_one, text))
        self._text_bytes: Utf8Text | None = None
        self._folded_bytes: Utf8Text | None = None

    @property
    def text_bytes(self) -> Utf8Text:
        """What patterns over `text` read."""
        if self._text_bytes is None:
            self._text_bytes = Utf8Text(self.text)
        return self._text_bytes

    @property
    def folded_bytes(self) -> Utf8Text:
        """What patterns over `folded` read."""
        if self._folded_bytes is None:
            self._folded_bytes = Utf8Text(self.folded)
        return self._folded_bytes

    def derive(self, text: str, transform: str, offsets: OffsetMap | None = None) -> View:
        """Return a view made from this one; without `offsets` it has the same length, character for character."""
        maps = self._maps if offsets is None else (*self._maps, offsets)
        return View(text, maps, (*self.transforms, transform))

    def followed_by(self, view: View) -> View:
        """Return `view`, which was made from this one's text, as a view of the original."""
        return View(view.text, (*self._maps, *view._maps), (*self.transforms, *view.transforms))

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of the original text that `[start:end]` of this view was made from."""
        for offsets in reversed(self._maps):
            start, end = offsets.span(start, end)
        return start, end

    def __len__(self) -> int:
        return len(self.text)


def _lower_one(char: str) -> str:
    lower = char.lower()
    return lower if len(lower) == 1 else char
