"""Taking disguises off: compatibility forms, accents, invisible characters, styled and look-alike letters, leetspeak."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache

from seawall.security.firewall.lookalikes import lookalikes, styled_letters
from seawall.security.firewall.offset_map import Edit, rewrite
from seawall.security.firewall.utf8_pattern import Utf8Pattern, Utf8Text
from seawall.security.firewall.view import View

_DELETED, _EXPANDED = "\ufdd0", "\ufdd1"  # noncharacters: stand for "nothing" and "more than one character"
_MARKED = Utf8Pattern(f"{_DELETED}+|{_EXPANDED}")
_KEPT_CONTROLS = "\t\n\r"
_INVISIBLE_LETTERS = "\u115f\u1160\u3164\uffa0\u2800\u17b4\u17b5"
_PLAIN = (
    dict.fromkeys("\u2018\u2019\u02bc\u201a", "'")
    | dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb", '"')
    | {"\u2212": "-"}
)
_LEET = str.maketrans("013457@$€", "oieastase")
_LEET_L = str.maketrans("013457@$€|!", "oleastaseli")
# A digit or sign between letters or in front of them: "hello!" and "utf8" are no such words.
LEETSPEAK = Utf8Pattern(r"[A-Za-z][013457@$!|€]+[A-Za-z]|(?:^|[^0-9A-Za-z.])[013457@$][A-Za-z]{2}")
_LEET_WORD = Utf8Pattern(
    r"(?:[A-Za-z]+[013457@$!|€]|[013457@$]+[A-Za-z])[A-Za-z013457@$!|€]*|\b[457][0-9]{2,}[a-z][a-z0-9]*"
)
SPACED = Utf8Pattern(r"(?:^|[^\pL\pN])(?:[\pL\pN][^\pL\pN\n]{1,3}){4,}[\pL\pN](?:$|[^\pL\pN])")
_LEET_WORDS_MIN = 2
_KINDS_MAX = 12


class _Clean(dict[int, str]):
    """Code point to what it is written as in a clean text: one character, or one of the two marks."""

    def __missing__(self, code: int) -> str:
        plain = plain_form(chr(code))
        found = self[code] = plain if len(plain) == 1 else (_EXPANDED if plain else _DELETED)
        return found


_clean = _Clean()


@cache
def plain_form(char: str) -> str:
    """Return what a character stands for without accents, dress and invisible parts; nothing if it is not seen."""
    if char.isascii():
        return char if char.isprintable() or char in _KEPT_CONTROLS else ""
    if char in _PLAIN:
        return _PLAIN[char]
    if letter := styled_letters().get(ord(char)):
        return letter
    category = unicodedata.category(char)
    if category in {"Cf", "Cc", "Mn", "Me", "Co", "Cn", "Cs"} or char in _INVISIBLE_LETTERS:
        return ""
    if category in {"Zs", "Zl", "Zp"}:
        return " " if category == "Zs" else "\n"
    if category == "Pd":
        return "-"
    return _without_marks(char)


def _without_marks(char: str) -> str:
    composed = unicodedata.normalize("NFKC", char)
    parts = unicodedata.normalize("NFKD", char)
    if not parts[0].isascii():
        return composed  # only Latin loses its accents: elsewhere they make other letters
    styled = styled_letters()
    return "".join(
        styled.get(ord(part), part) for part in parts if unicodedata.category(part) not in {"Mn", "Me", "Cf"}
    )


def normalise(text: str) -> View:
    """Return the text as a reader would take it: what is not seen is gone, what is dressed up is plain.

    Time and size are linear: no character stands for more than eighteen.
    """
    if text.isascii() and text.replace("\n", "").replace("\t", "").replace("\r", "").isprintable():
        return View(text)
    marked = _marked(text)
    if _DELETED not in marked and _EXPANDED not in marked:
        return View(marked)
    shadow = Utf8Text(marked)
    edits = []
    for start, end in _MARKED.spans(shadow, len(marked)):
        expanded = marked[start] == _EXPANDED
        edits.append(Edit(start, end, plain_form(text[start]) if expanded else ""))
    clean, offsets = rewrite(marked, edits)
    return View(clean, (offsets,))


def _marked(text: str) -> str:
    """Return the text character by character as `_clean` says; few kinds of characters are cheaper one by one."""
    changed = {char: _clean[ord(char)] for char in set(text)}
    changed = {char: clean for char, clean in changed.items() if clean != char}
    if len(changed) > _KINDS_MAX or any(clean in changed for clean in changed.values()):
        return text.translate(_clean)
    for char, clean in changed.items():
        text = text.replace(char, clean)
    return text


def without_lookalikes(view: View) -> View | None:
    """Return the view with letters of other scripts read as the Latin ones they look like; None if there are none."""
    if view.text.isascii() or lookalikes().keys().isdisjoint(map(ord, set(view.text))):
        return None
    return view.derive(view.text.translate(lookalikes()), "lookalikes")


def without_leetspeak(view: View) -> Iterator[View]:
    """Yield the view with digits and signs inside words read as letters, 1 as i and then as l.

    Nothing if too few words have any.
    """
    if len(list(LEETSPEAK.spans(view.text_bytes, _LEET_WORDS_MIN))) < _LEET_WORDS_MIN:
        return
    spans = list(_LEET_WORD.spans(view.text_bytes, len(view)))
    words = [view.text[start:end] for start, end in spans]
    yield _reworded(view, spans, [word.translate(_LEET) for word in words])
    if any(mark in word for word in words for mark in "1|!"):
        yield _reworded(view, spans, [word.translate(_LEET_L) for word in words])


def _reworded(view: View, spans: list[tuple[int, int]], words: list[str]) -> View:
    parts, position = [], 0
    for (start, end), word in zip(spans, words, strict=True):
        parts += [view.text[position:start], word]
        position = end
    parts.append(view.text[position:])
    return view.derive("".join(parts), "leetspeak")


def without_spacing(view: View) -> View | None:
    """Return the view with spaced-out letters written together; None if there are none.

    Wider gaps inside a run of letters stand for a space.
    """
    edits: list[Edit] = []
    for start, end in SPACED.spans(view.text_bytes, len(view)):
        edits.extend(_gaps(view.text, start, end))
    if not edits:
        return None
    text, offsets = rewrite(view.text, edits)
    return view.derive(text, "spacing", offsets)


def _gaps(text: str, start: int, end: int) -> list[Edit]:
    gaps, position = [], start
    while position < end:
        if text[position].isalnum():
            position += 1
            continue
        gap = position
        while position < end and not text[position].isalnum():
            position += 1
        if gap > start and position < end:
            gaps.append((gap, position))
    if not gaps:
        return []
    narrow = min(stop - begin for begin, stop in gaps)
    edits = []
    for begin, stop in gaps:
        is_word_gap = stop - begin > narrow and text[begin:stop].count(" ") > text[
            gaps[0][0] : gaps[0][1]
        ].count(" ")
        edits.append(Edit(begin, stop, " " if is_word_gap else ""))
    return edits
