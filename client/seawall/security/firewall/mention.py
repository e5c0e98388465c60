"""Telling an attack that is made from one that is written about."""

from __future__ import annotations

from seawall.security.firewall.utf8_pattern import Utf8Pattern, Utf8Text

_BEFORE, _BEHIND, _AFTER = 160, 80, 40
_QUOTE_REACH = 48
_CUES = Utf8Pattern(
    r"\b(?:such as|like|e\.g|for example|for instance|example|phrases?|says?|said|contain(?:s|ing)|called|known as|"
    r"prompt injections?|injection attacks?|injections?|jailbreak(?:s|ing)? (?:attempts?|prompts?|attacks?)|attack(?:s|er|ers)?|malicious|adversar(?:y|ial)|"
    r"detect(?:s|ed|ion)?|attempts? to|trying to|tries to|tricks?|vulnerabilit(?:y|ies)|exploit(?:s|ed)?|owasp|"
    r"red team(?:ing)?|test cases?|dataset|benchmark|block(?:s|ed)?|sanitiz\w+|guardrails?|defen[cs]es?|what does|means?|meaning|explain|paper|research\w*)\b"
)


def mention_strength(text: str, start: int, end: int) -> int:
    """Return 0 for a span that speaks for itself, 1 if it is quoted or introduced as an example, 2 for both."""
    around = f"{text[max(0, start - _BEFORE) : start]} {text[end : end + _BEHIND]}"
    cue = next(_CUES.spans(Utf8Text(around), 1), None) is not None
    return int(_is_quoted(text, start, end)) + int(cue)


def _is_quoted(text: str, start: int, end: int) -> bool:
    line_start = text.rfind("\n", max(0, start - _QUOTE_REACH), start) + 1 or max(0, start - _QUOTE_REACH)
    before, after = text[line_start:start], text[end : end + _QUOTE_REACH + _AFTER].partition("\n\n")[0]
    return any(before.count(quote) % 2 == 1 and quote in after for quote in '"`') or (
        any(quote in before for quote in "\u201c\u00ab\u2018")
        and any(quote in after for quote in "\u201d\u00bb\u2019")
    )
