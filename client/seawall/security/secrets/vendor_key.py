"""Keys of known vendors, by their form. The forms are data: `data/secret_rules.yaml`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import NamedTuple

import yaml

from seawall.security.finding import Finding, Kind
from seawall.security.folded_text import FoldedText
from seawall.security.linear_pattern import LinearPattern
from seawall.security.secrets.randomness import has_digit, is_placeholder


class VendorRule(NamedTuple):
    """The form of one vendor's keys; examples are in the notation that the file explains."""

    name: str
    keywords: tuple[bytes, ...]
    pattern: LinearPattern
    needs_digit: bool
    has_group: bool
    examples: tuple[str, ...]
    counterexamples: tuple[str, ...]


@cache
def vendor_rules() -> tuple[VendorRule, ...]:
    """Return the rules that ship with the package."""
    file = resources.files("seawall.security") / "data" / "secret_rules.yaml"
    documents = yaml.load(file.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return tuple(
        VendorRule(
            name=document["id"],
            keywords=tuple(keyword.encode("latin-1") for keyword in document["keywords"]),
            pattern=LinearPattern(document["pattern"]),
            needs_digit=document.get("digits", False),
            has_group="(" in document["pattern"].replace("(?", "").replace("\\(", ""),
            examples=tuple(document["examples"]),
            counterexamples=tuple(document["counterexamples"]),
        )
        for document in documents
    )


def find_vendor_keys(text: FoldedText) -> Iterator[Finding]:
    """Yield keys and tokens of known vendors."""
    lower = text.lower
    for rule in vendor_rules():
        if any(keyword in lower for keyword in rule.keywords):
            yield from _matches(text, rule)


def _matches(text: FoldedText, rule: VendorRule) -> Iterator[Finding]:
    for match in rule.pattern.finditer(text.shadow):
        start, end = match.span(1) if rule.has_group and match.span(1)[0] >= 0 else match.span()
        value = text.shadow[start:end]
        if (
            text.stands_alone(*match.span())
            and not is_placeholder(value)
            and (has_digit(value) or not rule.needs_digit)
        ):
            yield Finding(start, end, Kind.SECRET, 0.95, f"secret.{rule.name}")
