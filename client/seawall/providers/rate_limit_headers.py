"""What a response's headers say is left of the provider's rate limits, whichever way it spells them.

A number that is none (negative, junk, without a reset in the future) counts as unsaid. Azure says -1 or 0 of
limits that it does not keep, with no reset.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from seawall.providers.retry_after import reset_s
from seawall.resilience.rate_limits import RateWindow

_DIGITS_MAX = 12
_Pairs = Sequence[tuple[str, str]]

_REQUESTS: _Pairs = (
    ("x-ratelimit-remaining-requests", "x-ratelimit-reset-requests"),
    ("anthropic-ratelimit-requests-remaining", "anthropic-ratelimit-requests-reset"),
    ("x-ratelimit-remaining", "x-ratelimit-reset"),
)
_TOKENS: _Pairs = (
    ("x-ratelimit-remaining-tokens", "x-ratelimit-reset-tokens"),
    ("anthropic-ratelimit-tokens-remaining", "anthropic-ratelimit-tokens-reset"),
    ("anthropic-ratelimit-input-tokens-remaining", "anthropic-ratelimit-input-tokens-reset"),
    ("anthropic-ratelimit-output-tokens-remaining", "anthropic-ratelimit-output-tokens-reset"),
)


def rate_window(headers: Mapping[str, str], *, unix_time_s: float | None = None) -> RateWindow | None:
    """Return what is left, None where the headers do not say.

    Of several limits of one sort the one with the least left counts, and of those the last to be whole again.

    Args:
        headers: of the response, looked up by lower-case name.
        unix_time_s: the wall clock, for resets that name a date; read if not given.
    """
    requests = _tightest(headers, _REQUESTS, unix_time_s)
    tokens = _tightest(headers, _TOKENS, unix_time_s)
    if requests is None and tokens is None:
        return None
    return RateWindow(*(requests or (None, None)), *(tokens or (None, None)))


def _tightest(
    headers: Mapping[str, str], pairs: _Pairs, unix_time_s: float | None
) -> tuple[int, float] | None:
    found: tuple[int, float] | None = None
    for remaining, reset in pairs:
        if (text := headers.get(remaining)) is None or (left := _count(text)) is None:
            continue
        now_s = time.time() if unix_time_s is None else unix_time_s
        if (stated := headers.get(reset)) is None or (wait_s := reset_s(stated, unix_time_s=now_s)) is None:
            continue
        if found is None or (left, -wait_s) < (found[0], -found[1]):
            found = (left, wait_s)
    return found


def _count(text: str) -> int | None:
    text = text.strip()
    return int(text) if len(text) <= _DIGITS_MAX and text.isascii() and text.isdigit() else None
