"""Letters that look like Latin ones: read once from `data/injection_lookalikes.yaml`."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

import yaml

# First code point of alphabets of 26 that no normal form resolves: negative circled, negative squared, regional.
_STYLED_ALPHABETS = (0x1F150, 0x1F170, 0x1F1E6)


@cache
def _table(section: str) -> dict[int, str]:
    text = (files("seawall.security") / "data" / "injection_lookalikes.yaml").read_text(encoding="utf-8")
    letters: dict[str, str] = yaml.load(text, Loader=yaml.CSafeLoader)[section]
    table = {}
    for letter, alike in letters.items():
        for char in alike:
            table[ord(char)] = letter
            if letter.isalpha() and len(char.upper()) == 1 and char.upper() != char:
                table[ord(char.upper())] = letter.upper()
    return table


@cache
def styled_letters() -> dict[int, str]:
    """Return code points of dressed-up Latin letters, each with the letter."""
    table = dict(_table("styled"))
    for first in _STYLED_ALPHABETS:
        table |= {first + number: chr(ord("a") + number) for number in range(26)}
    return table


@cache
def lookalikes() -> dict[int, str]:
    """Return code points of other scripts that look like a Latin letter, each with the letter."""
    return {code: letter for code, letter in _table("lookalike").items() if code not in styled_letters()}
