"""What headers say is left of a provider's limits."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.providers.rate_limit_headers import rate_window
from seawall.resilience.rate_limits import RateWindow

NOW_S = 1_790_000_000.0


def rfc3339(offset_s):
    return datetime.fromtimestamp(NOW_S + offset_s, UTC).isoformat().replace("+00:00", "Z")


def openai(requests="7", requests_reset="6m0s", tokens="900", tokens_reset="20ms"):
    return {
        "x-ratelimit-remaining-requests": requests,
        "x-ratelimit-reset-requests": requests_reset,
        "x-ratelimit-remaining-tokens": tokens,
        "x-ratelimit-reset-tokens": tokens_reset,
    }


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        (openai(), RateWindow(7, 360.0, 900, 0.02)),
        (openai(requests_reset="9", tokens_reset="60"), RateWindow(7, 9.0, 900, 60.0)),
        (openai(requests="-1", tokens="0", tokens_reset="0"), None),
        ({"x-ratelimit-remaining": "3", "x-ratelimit-reset": str(int(NOW_S) + 30)}, RateWindow(3, 30.0)),
        (
            {
                "anthropic-ratelimit-requests-remaining": "49",
                "anthropic-ratelimit-requests-reset": rfc3339(12),
                "anthropic-ratelimit-input-tokens-remaining": "0",
                "anthropic-ratelimit-input-tokens-reset": rfc3339(40),
                "anthropic-ratelimit-output-tokens-remaining": "8000",
                "anthropic-ratelimit-output-tokens-reset": rfc3339(9),
            },
            RateWindow(49, 12.0, 0, 40.0),
        ),
        ({"content-type": "application/json"}, None),
    ],
)
def test_every_dialect(headers, expected):
    """OpenAI's durations, Azure's seconds, the epoch, Anthropic's dates; the tightest limit of a sort counts."""
    assert rate_window(headers, unix_time_s=NOW_S) == expected


@pytest.mark.parametrize("value", ["", "-1", "nan", "inf", "1e3", "0x1", "٣", "9" * 400, "1.5", "\x00"])
def test_what_is_no_number_left_says_nothing(value):
    """Junk is as good as no header."""
    assert rate_window(openai(requests=value, tokens=value), unix_time_s=NOW_S) is None


@pytest.mark.parametrize("value", ["", "0", "0s", "-5s", "nan", "inf", "soon", rfc3339(-60), "9" * 400])
def test_a_limit_without_a_reset_to_come_says_nothing(value):
    """Azure sends zeros for limits it does not keep; nobody may rest on those."""
    headers = openai(requests="0", requests_reset=value, tokens="0", tokens_reset=value)

    assert rate_window(headers, unix_time_s=NOW_S) is None


@given(st.dictionaries(st.sampled_from(sorted(openai())), st.text(max_size=80) | st.integers().map(str)))
def test_anything_gives_a_sane_window_or_none(headers):
    """No header can raise, count below nothing, or name a reset further than a day."""
    window = rate_window(headers, unix_time_s=NOW_S)

    for left, reset_s in (
        ()
        if window is None
        else ((window.requests_left, window.requests_reset_s), (window.tokens_left, window.tokens_reset_s))
    ):
        assert (left is None) == (reset_s is None)
        assert left is None or (left >= 0 and 0 < reset_s <= 86_400)
