"""Views of a text with what is encoded in it decoded, bounded in number and size."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from seawall.security.firewall.encodings import ENCODINGS, Encoding
from seawall.security.firewall.offset_map import Edit, reversed_map, rewrite
from seawall.security.firewall.utf8_pattern import Utf8Text
from seawall.security.firewall.view import View

_ALPHABET = "abcdefghijklmnopqrstuvwxyz"


def decode(view: View, present: Collection[int]) -> Iterator[View]:
    """Yield one view for each encoding that makes text of some part of `view`; the rest stays as it is.

    So words around and between the decoded parts are read together with them. `present`: places in `ENCODINGS` of
    those whose pattern matches.
    """
    for place, encoding in enumerate(ENCODINGS):
        if place not in present:
            continue
        edits = list(_edits(view.text, view.text_bytes, encoding))
        if edits:
            text, offsets = rewrite(view.text, edits)
            yield view.derive(text, encoding.name, offsets)


def _edits(text: str, shadow: Utf8Text, encoding: Encoding) -> Iterator[Edit]:
    for start, end in encoding.pattern.spans(shadow, len(text)):
        decoded = encoding.decode(text[start:end])
        if decoded is not None and len(decoded) <= end - start:
            yield Edit(start, end, decoded)


def shifted(view: View, shift: int) -> View:
    """Return the view with each Latin letter moved `shift` places forward in the alphabet (rot13: 13)."""
    moved = _ALPHABET[shift:] + _ALPHABET[:shift]
    table = str.maketrans(_ALPHABET + _ALPHABET.upper(), moved + moved.upper())
    return view.derive(view.text.translate(table), f"rot{shift}")


def mirrored(view: View) -> View:
    """Return the view with the alphabet read from its end (atbash)."""
    mirror = _ALPHABET[::-1]
    table = str.maketrans(_ALPHABET + _ALPHABET.upper(), mirror + mirror.upper())
    return view.derive(view.text.translate(table), "atbash")


def backwards(view: View) -> View:
    """Return the view read from its last character to its first."""
    return view.derive(view.text[::-1], "reversed", reversed_map(len(view.text)))
