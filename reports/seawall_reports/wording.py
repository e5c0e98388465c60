"""Numbers and names as people read them, and foreign text made harmless."""

from __future__ import annotations

import math
import unicodedata

TEXT_CHARS = 200
NARROW_SPACE = "\u202f"
NOTHING = "\u2013"
TIMES = "\u00d7"

LABELS = {
    "worst_p99_ms": "worst p99 latency of any scenario",
    "worst_attempts_per_call": "most upstream calls per request",
    "calls": "calls",
    "unfinished_calls": "unfinished calls",
    "success_rate": "success rate",
    "wrong_calls": "wrong answers",
    "p50_ms": "p50 latency",
    "p95_ms": "p95 latency",
    "p99_ms": "p99 latency",
    "p999_ms": "p99.9 latency",
    "max_ms": "longest latency",
    "first_token_p50_ms": "p50 time to first token",
    "first_token_p95_ms": "p95 time to first token",
    "first_token_p99_ms": "p99 time to first token",
    "attempts_per_call": "upstream calls per request",
    "provider_requests_per_call": "requests that reached a provider, per request",
    "wasted_tokens_per_call": "wasted tokens per request",
    "recovery_s": "time to recover",
    "deadline_overshoot_p99_ms": "p99 deadline overshoot",
}


def plain(text: str, limit: int = TEXT_CHARS) -> str:
    """`text` on one line of at most `limit` characters, without what could steer a terminal or reorder a page."""
    # Far more than `limit` is never looked at: what is recorded may be of any length.
    spaced = text[: limit * 4].translate(_BREAKS)
    kept = " ".join("".join(c for c in spaced if unicodedata.category(c) not in _STEERING).split())
    return kept if len(kept) <= limit else kept[: limit - 1] + "…"


_BREAKS = {ord(c): " " for c in "\t\n\v\f\r\x1c\x1d\x1e\x85\u2028\u2029"}
_STEERING = {"Cc", "Cf", "Co", "Cs", "Cn"}


def label(metric: str) -> str:
    """What people call a metric."""
    return LABELS.get(metric, metric.replace("_", " "))


def value(metric: str, number: float | None) -> str:
    """A measured number with its unit; an en dash where there is none."""
    if number is None or math.isnan(number):
        return NOTHING
    if math.isinf(number):
        return "never"
    if metric.endswith("_rate"):
        return f"{percent(number)}{NARROW_SPACE}%"
    if metric.endswith("_ms"):
        return f"{milliseconds(number)}{NARROW_SPACE}ms"
    if metric.endswith("_s"):
        return f"{number:.2f}{NARROW_SPACE}s"
    return bare(metric, number)


def bare(metric: str, number: float | None) -> str:
    """A measured number without its unit, for tables whose heading has it."""
    if number is None or math.isnan(number):
        return NOTHING
    if math.isinf(number):
        return "never"
    if metric.endswith("_rate"):
        return percent(number)
    if metric.endswith("_ms"):
        return milliseconds(number)
    if metric.endswith(("_per_call", "_s")):
        return f"{number:.2f}"
    return grouped(f"{number:g}" if number != int(number) else str(int(number)))


def percent(share: float) -> str:
    """A share as percent, rounded down: what is not all never reads 100."""
    decimals = 2 if share > 0.99 else 1  # noqa: PLR2004 - where nines are counted
    scale = 10**decimals
    text = f"{math.floor(share * 100 * scale + 1e-6) / scale:.{decimals}f}"
    return text.partition(".")[0] if share in {0, 1} else text


def milliseconds(number: float) -> str:
    """Milliseconds: whole ones, tenths below ten."""
    return f"{number:.1f}" if abs(number) < 10 else grouped(f"{number:.0f}")  # noqa: PLR2004 - as said above


def grouped(digits: str) -> str:
    """Digits in groups of three, from five digits on."""
    whole, dot, rest = digits.partition(".")
    if len(whole.lstrip("-")) < 5:  # noqa: PLR2004 - 1234 needs no group
        return digits
    return f"{int(whole):,}".replace(",", NARROW_SPACE) + dot + rest


def count(number: int, singular: str, plural: str | None = None) -> str:
    """For one and many: 1 gate, 2 gates."""
    return f"{grouped(str(number))} {singular if number == 1 else plural or singular + 's'}"


def listed(items: list[str]) -> str:
    """One text from many: a, b and c."""
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}" if items else ""
