"""Keys of known vendors, by their form. The forms are data: `data/secret_rules.yaml`."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import Any, NamedTuple

import ahocorasick  # type: ignore[import-not-found, unused-ignore]
import yaml

from seawall.security.finding import Finding, Kind
from seawall.security.folded_text import FoldedText
from seawall.security.linear_pattern import LinearPattern, Match
from seawall.security.secrets.randomness import has_digit, is_placeholder

PUBLISHED_DIGITS = 16


class VendorRule(NamedTuple):
    """The form of one vendor's keys; examples are in the notation that the file explains."""

    name: str
    keywords: tuple[str, ...]
    anywhere: bool
    pattern: LinearPattern
    needs_digit: bool
    published: frozenset[str]
    groups: int
    examples: tuple[str, ...]
    counterexamples: tuple[str, ...]

    def is_published(self, value: bytes) -> bool:
        """Tell whether a key is one that everybody knows."""
        if not self.published:
            return False
        return hashlib.sha256(value).hexdigest()[:PUBLISHED_DIGITS] in self.published


@cache
def vendor_rules() -> tuple[VendorRule, ...]:
    """Return the rules that ship with the package."""
    file = resources.files("seawall.security") / "data" / "secret_rules.yaml"
    documents = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return tuple(map(_rule, documents))


def _rule(document: dict[str, Any]) -> VendorRule:
    pattern = LinearPattern(document["pattern"])
    return VendorRule(
        name=document["id"],
        keywords=tuple(document["keywords"]),
        anywhere=document.get("anywhere", False),
        pattern=pattern,
        needs_digit=document.get("digits", False),
        published=frozenset(document.get("published", ())),
        groups=pattern.groups,
        examples=tuple(document["examples"]),
        counterexamples=tuple(document["counterexamples"]),
    )


@cache
def _keywords() -> Any:
    """Return an automaton that finds all keywords at once; each tells its length and its rules."""
    rules: dict[str, list[VendorRule]] = {}
    for rule in vendor_rules():
        for keyword in rule.keywords:
            rules.setdefault(keyword, []).append(rule)
    automaton = ahocorasick.Automaton()
    for keyword, owners in rules.items():
        automaton.add_word(keyword, (len(keyword), owners))
    automaton.make_automaton()
    return automaton


def find_vendor_keys(text: FoldedText) -> Iterator[Finding]:
    """Yield keys and tokens of known vendors."""
    elsewhere: dict[str, VendorRule] = {}
    for last, (length, rules) in _keywords().iter(text.shadow.decode("latin-1")):
        for rule in rules:
            if rule.anywhere:
                elsewhere[rule.name] = rule
            elif match := rule.pattern.match(text.shadow, last + 1 - length):
                yield from _judge(text, rule, match)
    for rule in elsewhere.values():
        for match in rule.pattern.finditer(text.shadow):
            yield from _judge(text, rule, match)


def _judge(text: FoldedText, rule: VendorRule, match: Match) -> Iterator[Finding]:
    group = next((index for index in range(1, rule.groups + 1) if match.span(index)[0] >= 0), 0)
    value = match.group(group)
    if (
        text.stands_alone(*match.span())
        and not is_placeholder(value)
        and (has_digit(value) or not rule.needs_digit)
        and not rule.is_published(value)
    ):
        yield Finding(*match.span(group), Kind.SECRET, 0.95, f"secret.{rule.name}")
