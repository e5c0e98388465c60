"""Telling an attack that is made from one that is written about."""

from __future__ import annotations

from bisect import bisect_left
from functools import cached_property

from seawall.security.firewall.utf8_pattern import Utf8Pattern
from seawall.security.firewall.verdict import Channel
from seawall.security.firewall.view import View

_BEFORE, _BEHIND = 160, 80
_TOPIC_REACH = 1000
_QUOTE_REACH, _QUOTE_AFTER = 48, 88
_CUES_MAX = 4096
_TREATISE_TOPICS_MIN = 4
# Neither part of an address nor of a name: x@evil.example is no example, attack_surface no talk of attacks.
_ALONE = r"(?:^|[^\w.@/-])(?:{})(?:[.,;:]?(?:[^\w.,;:@/-]|$))"
_EXAMPLE = Utf8Pattern(
    _ALONE.format(
        r"such as|like|e\.g|for example|for instance|example|phrases?|says?|said|contain(?:s|ing)|called|known as|"
        r"attempts? to|trying to|tries to|tricks?|test cases?|block(?:s|ed)?|what does|means?|meaning|explain"
    )
)
_TOPIC = Utf8Pattern(
    _ALONE.format(
        r"injections?|injected|jailbreaks?|jailbreaking|threat model|untrusted|"
        r"attacks?|attackers?|malicious|adversar(?:y|ies|ial)|detect(?:s|ion|or|ors)|vulnerabilit(?:y|ies)|exploits?|owasp|"
        r"red team(?:ing|s)?|benchmarks?|sanitiz(?:e|es|ed|ing|ation)|guardrails?|defen[cs]es?|classifiers?|paper|research\w*|dataset"
    )
)


class Mentions:
    """What in a view says that it writes about attacks."""

    def __init__(self, view: View, channel: Channel) -> None:
        self._view = view
        self._channel = channel

    @cached_property
    def _topics(self) -> list[tuple[int, int]]:
        return list(_TOPIC.spans(self._view.folded_bytes, _CUES_MAX))

    @cached_property
    def _cues(self) -> list[tuple[int, int]]:
        return sorted([*self._topics, *_EXAMPLE.spans(self._view.folded_bytes, _CUES_MAX)])

    def strength(self, start: int, end: int) -> int:
        """Return how many of two signs say so: it is quoted, introduced as an example, or stands in a treatise.

        Nothing counts in a text that is not about attacks: whoever quotes an order there gives it. Only people
        asking may quote one as such.
        """
        untrusted = self._channel is Channel.UNTRUSTED
        about = _any_around(self._topics, start, end, _TOPIC_REACH, _TOPIC_REACH)
        if not about and untrusted:
            return 0
        quoted = _is_quoted(self._view.folded, start, end)
        if not about and not quoted:
            return 0
        treatise = untrusted and len(self._topics) >= _TREATISE_TOPICS_MIN
        signs = (quoted, _any_around(self._cues, start, end, _BEFORE, _BEHIND), treatise)
        return min(2, sum(signs))


def _any_around(cues: list[tuple[int, int]], start: int, end: int, before: int, behind: int) -> bool:
    """Tell whether a cue begins in reach of a span and outside of it."""
    if not cues:
        return False
    first = bisect_left(cues, (start - before, 0))
    if first < len(cues) and cues[first][0] < start:
        return True
    after = bisect_left(cues, (end - 1, 0))
    return after < len(cues) and cues[after][0] < end + behind


def _is_quoted(text: str, start: int, end: int) -> bool:
    line_start = text.rfind("\n", max(0, start - _QUOTE_REACH), start) + 1 or max(0, start - _QUOTE_REACH)
    before, after = text[line_start:start], text[end : end + _QUOTE_AFTER].partition("\n\n")[0]
    return any(before.count(quote) % 2 == 1 and quote in after for quote in '"`') or (
        any(quote in before for quote in "\u201c\u00ab\u2018")
        and any(quote in after for quote in "\u201d\u00bb\u2019")
    )
