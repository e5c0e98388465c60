"""The word lists behind names and addresses, read on first use."""

from __future__ import annotations

import unicodedata
from functools import cache
from importlib import resources
from typing import NamedTuple

import yaml

_SINGLE_LETTERS = str.maketrans(
    {"ł": "l", "ø": "o", "đ": "d", "ß": "ss", "æ": "ae", "þ": "th", "ð": "d", "\u0131": "i", "œ": "oe"}
)


class Lexicon(NamedTuple):
    """Sets of words in lower case and without accents. `never_names` are ordinary words that no one is called."""

    given: frozenset[str]
    surnames: frozenset[str]
    ordinary: frozenset[str]
    places: frozenset[str]
    never_names: frozenset[bytes]


@cache
def lexicon() -> Lexicon:
    """Return the word lists that ship with the package."""
    names, words = _read("person_names.yaml"), _read("ordinary_words.yaml")
    given, surnames = frozenset(names["given"].split()), frozenset(names["surnames"].split())
    ordinary = frozenset(words["ordinary"].split())
    never = frozenset(word.encode("latin-1", "ignore") for word in ordinary - given - surnames)
    return Lexicon(given, surnames, ordinary, frozenset(words["places"].split()), never)


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
