"""Telling a random value from a word, a placeholder or a piece of code."""

from __future__ import annotations

import math
import re
from collections import Counter
from operator import eq

from seawall.security.linear_pattern import LinearPatternSet

_PLACEHOLDERS = (
    b"example", b"xxxx", b"..", b"****", b"####", b"your", b"placeholder", b"changeme", b"change_me", b"change-me", b"dummy", b"redacted", b"insert", b"replace",
    b"goes-here", b"goeshere", b"goes_here", b"put_your", b"mysecret", b"my-secret", b"my_secret", b"secret_key_here", b"foobar", b"lorem", b"todo", b"sample", b"notreal",
    b"not-a-real", b"hidden", b"masked", b"<", b"${", b"{{", b"$(", b"%(", b"0123456789", b"123456789012", b"abcdefgh", b"qwerty",
)  # fmt: skip
_MARKS = LinearPatternSet(re.escape(mark.decode()) for mark in _PLACEHOLDERS)
_KNOWN = frozenset(
    b"test testing password passwd pass secret token key apikey null none nil undefined true false string default admin root user username guest "
    b"postgres mysql mongo redis rabbitmq localhost empty required optional unknown invalid enabled disabled auto public private foo bar baz xxx yyy zzz abc abcdef changeit letmein hello".split()
)
REPEAT_LENGTH_MIN, REPEAT_LENGTH_MAX = 16, 256
WORD_LENGTH_MEAN_MIN = 3.6
LETTER_SHARE_MIN = 0.72
# A hump of an identifier, with what digits follow or interrupt it.
_WORD = re.compile(rb"[A-Z]*+[a-z]++(?:[0-9]++[a-z]++)*+[0-9]*+|[A-Z]++[0-9]*+|[0-9]++")
HEX = frozenset(b"0123456789abcdefABCDEF")
_NEXT = bytes((byte + 1) % 256 for byte in range(256))
_DIGITS = frozenset(b"0123456789")
_LOWER = frozenset(b"abcdefghijklmnopqrstuvwxyz")
_UPPER = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def entropy_bits(value: bytes) -> float:
    """Return Shannon's entropy in bits for each byte."""
    total = len(value)
    return (
        -sum(count / total * math.log2(count / total) for count in Counter(value).values()) if total else 0.0
    )


def is_placeholder(value: bytes) -> bool:
    """Tell whether a value only stands in for a secret: `xxxx`, `<token>`, `${TOKEN}`, `changeme`."""
    lower = value.lower()
    distinct = len(set(lower.strip(b"-_.")))
    return (
        lower in _KNOWN
        or lower.endswith((b"here", b"..", b"token", b"secret", b"password"))
        or distinct <= max(3, min(7, len(lower) // 6))
        or max(map(lower.count, set(lower)), default=0) * 2 > len(lower)
        or bool(_MARKS.present(lower))
        or (distinct * 2 <= len(lower) + 2 and _repeats(lower))
        or _counts(lower)
    )


def _repeats(lower: bytes) -> bool:
    """Tell whether at most half of the groups of three characters are new ones: `123123123123`, `aaaa5555bbbb`."""
    if not REPEAT_LENGTH_MIN <= len(lower) <= REPEAT_LENGTH_MAX:
        return False
    return len(set(zip(lower, lower[1:], lower[2:], strict=False))) * 2 <= len(lower) - 2


def _counts(lower: bytes) -> bool:
    """Tell whether most characters go on from the one before them: `abc123-def456`."""
    if not REPEAT_LENGTH_MIN <= len(lower) <= REPEAT_LENGTH_MAX:
        return False
    going_on: int = sum(map(eq, lower.translate(_NEXT), lower[1:]))
    return going_on * 2 >= len(lower)


def character_classes(value: bytes) -> int:
    """Count how many of lower case, upper case, digits and others occur."""
    present = set(value)
    known = _LOWER | _UPPER | _DIGITS
    return sum(map(bool, (present & _LOWER, present & _UPPER, present & _DIGITS, present - known)))


def has_digit(value: bytes) -> bool:
    """Tell whether a digit occurs."""
    return not _DIGITS.isdisjoint(value)


def is_wordy(value: bytes) -> bool:
    """Tell whether a value reads as words joined by case, dots, dashes or underscores: an identifier, a path."""
    words = _WORD.findall(value)
    bare = [word.rstrip(b"0123456789") for word in words]
    letters = sum(map(len, bare))
    return (
        bool(words)
        and all(word.isalpha() or not word for word in bare)
        and letters >= WORD_LENGTH_MEAN_MIN * len(words)
        and letters >= LETTER_SHARE_MIN * len(value)
    )


def is_uuid(value: bytes) -> bool:
    """Tell whether a value is five groups of hexadecimal digits."""
    return len(value) == 36 and [len(group) for group in value.split(b"-")] == [8, 4, 4, 4, 12]  # noqa: PLR2004
