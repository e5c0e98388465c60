"""All rules behind one automaton of their keywords: text without a keyword never meets a pattern."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any, NamedTuple

import ahocorasick  # type: ignore[import-not-found, import-untyped, unused-ignore]
import msgspec
import yaml

from seawall.security.firewall.rule import Rule, RuleText, fold
from seawall.security.firewall.utf8_pattern import Utf8Text
from seawall.security.firewall.view import View

_PREFIX, _WORDS, _LOOKALIKES = "injection_", "injection_words.yaml", "injection_lookalikes.yaml"
MATCHES_MAX = 4096
_SQUEEZED_LETTERS_MIN = 16
_ALPHABET = "abcdefghijklmnopqrstuvwxyz"
_CIPHER_WORDS = (
    "ignore",
    "instructions",
    "previous",
    "system",
    "prompt",
    "disregard",
    "restrictions",
    "your response",
)
# Common words of plain text: the two ciphers that people use most are tried wherever some of them show.
_COMMON_WORDS = (
    " the ",
    " and ",
    " you ",
    " your ",
    " what ",
    " that ",
    " for ",
    "write",
    "print",
    "forget",
    "answer",
    " und ",
    " der ",
    " alles",
    "vergiss",
    " les ",
    " las ",
    " que ",
)
_SHORT_MAX = 3
_COMMON_SHIFT = 13
ATBASH, BACKWARDS = 0, -1


class Match(NamedTuple):
    """A rule that matched `[start:end]` of a view."""

    rule: Rule
    start: int
    end: int


class Keywords(NamedTuple):
    """What the automaton saw: rules to try, and ciphers (shifts, ATBASH, BACKWARDS) whose text is worth reading."""

    rules: tuple[int, ...]
    ciphers: frozenset[int]


class RuleSet:
    """Rules in order, ready to run over views."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(rules)
        owners: dict[str, list[tuple[bool, int]]] = {}
        for index, rule in enumerate(self.rules):
            for keyword in rule.keywords:
                owners.setdefault(keyword, []).append((True, index))
        for cipher, word in _enciphered():
            owners.setdefault(word, []).append((False, cipher))
        self._automaton = ahocorasick.Automaton()
        for keyword, targets in owners.items():
            short = (
                len(keyword) if len(keyword) <= _SHORT_MAX and keyword.isascii() and keyword.isalpha() else 0
            )
            self._automaton.add_word(keyword, (short, tuple(targets)))
        self._automaton.make_automaton()

    def keywords(self, view: View) -> Keywords:
        """Return which rules and ciphers have a keyword in the view. One pass over it."""
        text = view.folded
        hits = {
            targets
            for end, (short, targets) in self._automaton.iter(text)
            if not short or _stands_alone(text, end + 1 - short, end + 1)
        }
        rules = sorted({number for targets in hits for is_rule, number in targets if is_rule})
        ciphers = frozenset(number for targets in hits for is_rule, number in targets if not is_rule)
        return Keywords(tuple(rules), ciphers)

    def matches(self, text: Utf8Text, rules: Iterable[int], *, squeezed: bool) -> Iterator[Match]:
        """Yield matches of the rules; `squeezed` lets words stand without a gap between them."""
        for index in rules:
            rule = self.rules[index]
            pattern = rule.squeezed if squeezed else rule.pattern
            for start, end in pattern.spans(text, MATCHES_MAX):
                if not squeezed or end - start >= _SQUEEZED_LETTERS_MIN:
                    yield Match(rule, start, end)


def _stands_alone(text: str, start: int, end: int) -> bool:
    """Tell whether a word is one: "ai" is not in "said". A plural counts."""
    if start and text[start - 1].isalnum():
        return False
    return end == len(text) or not text[end].isalnum() or text[end] == "s"


def _enciphered() -> Iterator[tuple[int, str]]:
    for word in _CIPHER_WORDS:
        for shift in range(1, len(_ALPHABET)):
            # A view shifted by `shift` reads text that was shifted by the rest of the way round.
            back = _ALPHABET[-shift:] + _ALPHABET[:-shift]
            yield shift, word.translate(str.maketrans(_ALPHABET, back))
        yield ATBASH, word.translate(str.maketrans(_ALPHABET, _ALPHABET[::-1]))
        yield BACKWARDS, word[::-1]
    back = _ALPHABET[-_COMMON_SHIFT:] + _ALPHABET[:-_COMMON_SHIFT]
    for word in _COMMON_WORDS:
        yield _COMMON_SHIFT, word.translate(str.maketrans(_ALPHABET, back))
        yield BACKWARDS, word[::-1]


@cache
def default_rules() -> RuleSet:
    """Return the rules that come with the package; read on first use."""
    folder = files("seawall.security") / "data"
    macros = {name: fold(words) for name, words in _read(folder / _WORDS).items()}
    names = sorted(entry.name for entry in folder.iterdir() if entry.name.startswith(_PREFIX))
    texts = (
        text
        for name in names
        if name not in {_WORDS, _LOOKALIKES}
        for text in msgspec.convert(_read(folder / name), list[RuleText])
    )
    return RuleSet(Rule(text, macros) for text in texts)


def _read(file: Traversable) -> Any:
    return yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
