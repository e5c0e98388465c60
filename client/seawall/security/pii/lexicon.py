"""The word lists behind names and addresses, read on first use."""

from __future__ import annotations

import unicodedata
from functools import cache
from importlib import resources
from typing import NamedTuple

import yaml

_SINGLE_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d", "ß": "ss", "æ": "ae", "þ": "th", "ð": "d", "ı": "i", "œ": "oe"})


class Lexicon(NamedTuple):
    """Sets of words in lower case and without accents."""

    given: frozenset[str]
    surnames: frozenset[str]
    ordinary: frozenset[str]
    places: frozenset[str]


@cache
def lexicon() -> Lexicon:
    """Return the word lists that ship with the package."""
    names, words = _read("person_names.yaml"), _read("ordinary_words.yaml")
    return Lexicon(
        frozenset(names["given"].split()),
        frozenset(names["surnames"].split()),
        frozenset(words["ordinary"].split()),
        frozenset(words["places"].split()),
    )


def _read(name: str) -> dict[str, str]:
    file = resources.files("seawall.security") / "data" / name
    document: dict[str, str] = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return document


def plain(word: str) -> str:
    """Return a word in lower case and without accents."""
    word = word.lower()
    if word.isascii():
        return word
    decomposed = unicodedata.normalize("NFKD", word.translate(_SINGLE_LETTERS))
    return "".join(char for char in decomposed if not unicodedata.combining(char))
