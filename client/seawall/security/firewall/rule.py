"""One rule: words that must occur, a pattern over folded text, and examples that hold it to its meaning."""

from __future__ import annotations

import re
from enum import StrEnum
from functools import cached_property

import msgspec

from seawall.security.firewall.normalise import normalise
from seawall.security.firewall.utf8_pattern import Utf8Pattern
from seawall.security.firewall.verdict import Channel

_SIGN = r"[\x00-/:-`{-\x7f]"  # ASCII that is neither lower-case letter nor digit; normal forms leave few other signs
GAP = f"(?:{_SIGN}{{1,4}})"  # what a space in a pattern stands for
NO_GAP = f"(?:{_SIGN}{{0,4}})"
_MACRO = re.compile(r"\{([a-z_]+)\}")
_SPACE_OUTSIDE_CLASS = re.compile(r"(\[(?:\\.|[^\]\\])+\])| ")


class Category(StrEnum):
    """What an attack tries."""

    OVERRIDE = "override"
    ROLE_MARKER = "role-marker"
    LEAK = "leak"
    PERSONA = "persona"
    TOOL_CALL = "tool-call"
    EXFILTRATION = "exfiltration"
    ADDRESSED = "addressed"
    STEERING = "steering"
    SMUGGLING = "smuggling"
    LEARNED = "learned"


class Severity(StrEnum):
    """How much one match says on its own: `critical` blocks, `high` flags, the others need company."""

    CRITICAL = "critical"
    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"


class RuleText(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A rule as it stands in its file."""

    id: str
    category: Category
    severity: Severity
    languages: tuple[str, ...]
    keywords: tuple[str, ...]
    pattern: str
    examples: tuple[str, ...]
    counter_examples: tuple[str, ...]
    channels: tuple[Channel, ...] = (Channel.USER, Channel.UNTRUSTED)


class Rule:
    """A rule ready to run."""

    def __init__(self, text: RuleText, macros: dict[str, str]) -> None:
        self.text = text
        self._source = expand(text.pattern, macros)
        self.keywords = tuple(fold(keyword) for keyword in text.keywords)

    @cached_property
    def pattern(self) -> Utf8Pattern:
        """What to look for in text with its spaces."""
        return Utf8Pattern(_with_gaps(self._source, GAP))

    @cached_property
    def squeezed(self) -> Utf8Pattern:
        """What to look for in text whose words were written together."""
        return Utf8Pattern(_with_gaps(self._source.replace(r"\b", ""), NO_GAP))

    def __repr__(self) -> str:
        return f"Rule({self.text.id})"


def _with_gaps(source: str, gap: str) -> str:
    return _SPACE_OUTSIDE_CLASS.sub(lambda match: match[1] or gap, source)


def expand(pattern: str, macros: dict[str, str]) -> str:
    """Return a pattern on one line, macros in place, folded as texts are."""
    joined = "".join(line.strip("\n") for line in pattern.splitlines())
    for _ in range(3):
        joined = _MACRO.sub(lambda match: f"(?:{macros[match[1]]})", joined)
    return normalise(joined).text


def fold(text: str) -> str:
    """Return the text as rules see it."""
    return normalise(text).folded
