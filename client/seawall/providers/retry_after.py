"""When a provider wants to be asked again: every form it says so in, as seconds from now.

A value that is no wait at all (negative, in the past, not a number, junk) counts as unsaid, and none is longer
than a day: a hostile or broken header can neither freeze a client nor make it hurry. How long a wait is
respected is the policy's business.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime

RETRY_AFTER_S_MAX = 86_400.0
_TEXT_CHARS_MAX = 64
_NUMBER = re.compile(r"\d{1,15}(?:\.\d{1,9})?")
_GO_DURATION = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(ms|us|µs|ns|h|m|s)")
_GO_UNIT_S = {"h": 3_600.0, "m": 60.0, "s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_EPOCH_S_MIN = 1_000_000_000.0
_REMAINING_AND_RESET = (
    ("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"),
    ("x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
    ("anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset"),
    ("anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset"),
    ("anthropic-ratelimit-input-tokens-remaining", "anthropic-ratelimit-input-tokens-reset"),
    ("anthropic-ratelimit-output-tokens-remaining", "anthropic-ratelimit-output-tokens-reset"),
    ("x-ratelimit-remaining", "x-ratelimit-reset"),
)


def retry_after_s(
    headers: Mapping[str, str], *, unix_time_s: float, body_delay: str | None = None
) -> float | None:
    """Return how many seconds the provider asks to be left alone, 0 < s <= 86400, or None if it does not say.

    Args:
        headers: of the response, looked up by lower-case name.
        unix_time_s: the wall clock, for the forms that name a date.
        body_delay: what the error body says (`RetryInfo.retryDelay`, such as "7s").
    """
    for name in ("retry-after-ms", "x-amz-retry-after"):
        if (milliseconds := _number(headers.get(name))) is not None:
            return _admissible(milliseconds / 1_000)
    if (stated := headers.get("retry-after")) is not None:
        return _admissible(_seconds_or_date(stated, unix_time_s))
    if body_delay is not None and (delay := _admissible(_go_duration(body_delay))) is not None:
        return delay
    return _longest_reset(headers, unix_time_s)


def reset_s(text: str, *, unix_time_s: float) -> float | None:
    """Parse a reset header: a duration, seconds, seconds since the epoch, or a date. 0 < s <= 86400, or None."""
    if (seconds := _number(text)) is not None:
        return _admissible(seconds - unix_time_s if seconds >= _EPOCH_S_MIN else seconds)
    duration = _go_duration(text)
    return _admissible(duration if duration is not None else _rfc3339(text, unix_time_s))


def _admissible(seconds: float | None) -> float | None:
    return None if seconds is None or seconds <= 0 else min(seconds, RETRY_AFTER_S_MAX)


def _number(text: str | None) -> float | None:
    return float(text) if text is not None and _NUMBER.fullmatch(text.strip()) else None


def _seconds_or_date(text: str, unix_time_s: float) -> float | None:
    if (seconds := _number(text)) is not None:
        return seconds
    if len(text) > _TEXT_CHARS_MAX:
        return None
    from email.utils import parsedate_to_datetime  # noqa: PLC0415 - slow to import, seldom needed

    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError, OverflowError, IndexError):
        return None
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - unix_time_s


def _go_duration(text: str) -> float | None:
    """Parse `6m0s`, `12ms`, `7s`."""
    text = text.strip()
    if len(text) > _TEXT_CHARS_MAX:
        return None
    seconds, end = 0.0, 0
    while end < len(text):
        if (part := _GO_DURATION.match(text, end)) is None:
            return None
        seconds += float(part[1]) * _GO_UNIT_S[part[2]]
        end = part.end()
    return seconds


def _rfc3339(text: str, unix_time_s: float) -> float | None:
    if len(text) > _TEXT_CHARS_MAX or "-" not in text:
        return None
    try:
        date = datetime.fromisoformat(text)
    except ValueError:
        return None
    return (date if date.tzinfo else date.replace(tzinfo=UTC)).timestamp() - unix_time_s


def _longest_reset(headers: Mapping[str, str], unix_time_s: float) -> float | None:
    """Of the limits that are used up, the last to come back."""
    waits = [
        wait
        for remaining, reset in _REMAINING_AND_RESET
        if (stated := headers.get(reset)) is not None
        and headers.get(remaining, "0").strip() == "0"
        and (wait := reset_s(stated, unix_time_s=unix_time_s)) is not None
    ]
    return max(waits, default=None)
