"""Text that no reader sees: tag characters, variation selectors, two-valued invisible characters, overrides of direction."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from seawall.security.firewall.offset_map import Edit, rewrite
from seawall.security.firewall.utf8_pattern import Utf8Pattern, Utf8PatternSet, Utf8Text
from seawall.security.firewall.view import View

_TAG_FIRST = 0xE0000
_SUPPLEMENT_FIRST = 0xE0100
_FLAG, _TAG_END = "\U0001f3f4", "\U000e007f"
_FLAG_LENGTH_MAX = 8
_TAGS = Utf8Pattern(r"\x{1F3F4}?[\x{E0000}-\x{E007F}]+")
_SELECTORS = Utf8Pattern(r"[\x{FE00}-\x{FE0F}\x{E0100}-\x{E01EF}]{2,}")
_BITS = Utf8Pattern(r"[\x{200B}\x{200C}\x{200D}\x{2060}\x{2062}\x{2064}\x{FEFF}]{16,}")
_OVERRIDES = Utf8Pattern(r"[\x{202D}\x{202E}][^\n\x{202C}]+")
_KINDS = Utf8PatternSet([_TAGS, _SELECTORS, _BITS, _OVERRIDES])
_SELECTORS_MIN = 4


class HiddenRun(NamedTuple):
    """`text[start:end]` shows nothing, or something else; `says` is what it means to a machine."""

    start: int
    end: int
    kind: str
    says: str


def find_hidden_runs(text: str) -> tuple[HiddenRun, ...]:
    """Return hidden runs in order. Flags of regions, emoji styles and marks of direction are no hidden text."""
    if text.isascii():
        return ()
    shadow = Utf8Text(text)
    if not _KINDS.present(shadow):
        return ()
    runs = [*_tags(text, shadow), *_selectors(text, shadow), *_bits(text, shadow), *_overrides(text, shadow)]
    ordered: list[HiddenRun] = []
    for run in sorted(runs):
        if not ordered or run.start >= ordered[-1].end:
            ordered.append(run)
    return tuple(ordered)


def revealed(text: str, runs: tuple[HiddenRun, ...]) -> View:
    """Return the text with hidden runs written out."""
    shown, offsets = rewrite(text, [Edit(run.start, run.end, f" {run.says}") for run in runs])
    return View(shown, (offsets,), ("hidden",))


def _tags(text: str, shadow: Utf8Text) -> Iterator[HiddenRun]:
    for start, end in _TAGS.spans(shadow, len(text)):
        run = text[start:end]
        if run[0] == _FLAG:
            tail = run.find(_TAG_END)
            if 0 < tail <= _FLAG_LENGTH_MAX and tail == len(run) - 1:
                continue
        says = "".join(chr(ord(char) - _TAG_FIRST) for char in run if ord(char) >= _TAG_FIRST).replace(
            "\x7f", ""
        )
        yield HiddenRun(start, end, "tags", says)


def _selectors(text: str, shadow: Utf8Text) -> Iterator[HiddenRun]:
    for start, end in _SELECTORS.spans(shadow, len(text)):
        if end - start >= _SELECTORS_MIN:
            codes = (ord(char) for char in text[start:end])
            data = bytes(
                code - 0xFE00 if code < _SUPPLEMENT_FIRST else code - _SUPPLEMENT_FIRST + 16 for code in codes
            )
            yield HiddenRun(start, end, "selectors", data.decode("utf-8", "replace"))


def _bits(text: str, shadow: Utf8Text) -> Iterator[HiddenRun]:
    for start, end in _BITS.spans(shadow, len(text)):
        run = text[start:end]
        kinds = sorted(set(run), key=run.count, reverse=True)[:2]
        if len(kinds) < 2:  # noqa: PLR2004
            continue
        readings = (_bytes("".join(str(int(char == one)) for char in run if char in kinds)) for one in kinds)
        says = max(readings, key=lambda reading: sum(char.isalnum() or char == " " for char in reading))
        yield HiddenRun(start, end, "bits", says)


def _bytes(bits: str) -> str:
    data = bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits) // 8 * 8, 8))
    return data.decode("utf-8", "replace")


def _overrides(text: str, shadow: Utf8Text) -> Iterator[HiddenRun]:
    for start, end in _OVERRIDES.spans(shadow, len(text)):
        yield HiddenRun(start, end, "override", text[start + 1 : end][::-1])
