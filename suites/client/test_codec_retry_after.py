"""When a provider wants to be asked again."""

from datetime import UTC, datetime
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.providers.retry_after import RETRY_AFTER_S_MAX, retry_after_s

NOW_S = 1_790_000_000.0


def date(offset_s):
    return format_datetime(datetime.fromtimestamp(NOW_S + offset_s, UTC), usegmt=True)


def rfc3339(offset_s):
    return datetime.fromtimestamp(NOW_S + offset_s, UTC).isoformat().replace("+00:00", "Z")


def wait(headers, body_delay=None):
    return retry_after_s(headers, unix_time_s=NOW_S, body_delay=body_delay)


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({"retry-after": "20"}, 20),
        ({"retry-after": " 1.5 "}, 1.5),
        ({"retry-after": date(42)}, 42),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"x-amz-retry-after": "1500"}, 1.5),
        ({"x-ratelimit-reset-requests": "12ms"}, 0.012),
        ({"x-ratelimit-reset-requests": "1s", "x-ratelimit-reset-tokens": "6m0s"}, 360),
        ({"x-ratelimit-reset-tokens": "1h2m3.5s"}, 3_723.5),
        ({"x-ratelimit-reset-requests": "1s", "x-ratelimit-remaining-requests": "0"}, 1),
        ({"x-ratelimit-reset-requests": "1s", "x-ratelimit-remaining-requests": "5"}, None),
        ({"x-ratelimit-reset-tokens": "9"}, 9),
        ({"x-ratelimit-reset": str(int(NOW_S) + 30)}, 30),
        ({"anthropic-ratelimit-requests-reset": rfc3339(11)}, 11),
        ({"anthropic-ratelimit-input-tokens-reset": rfc3339(11), "retry-after": "3"}, 3),
    ],
)
def test_every_form_in_which_it_is_said(headers, expected):
    """Seconds, fractions, dates, milliseconds, Go durations, RFC 3339, the epoch; the most exact one wins."""
    assert wait(headers) == pytest.approx(expected) if expected else wait(headers) is None


def test_geminis_body():
    """`RetryInfo` counts where no header says anything."""
    assert wait({}, "7s") == 7
    assert wait({}, "0.5s") == 0.5
    assert wait({"retry-after": "2"}, "7s") == 2


@pytest.mark.parametrize(
    "value",
    [
        "",
        "0",
        "-5",
        "nan",
        "inf",
        "-inf",
        "soon",
        "1e9",
        "0x10",
        "12 s",
        "٣ days",
        date(-60),
        "9" * 400,
        "1;2",
        "\x00",
    ],
)
def test_what_is_no_wait_counts_as_unsaid(value):
    """Junk, the past and the infinite neither freeze nor hurry anyone."""
    for name in (
        "retry-after",
        "retry-after-ms",
        "x-ratelimit-reset-tokens",
        "anthropic-ratelimit-tokens-reset",
    ):
        assert wait({name: value}) is None
    assert wait({}, value) is None


@pytest.mark.parametrize("value", ["86401", "31536000", date(10**8)])
def test_no_wait_is_longer_than_a_day(value):
    """What is longer was meant to hurt, or is a mistake."""
    assert wait({"retry-after": value}) == RETRY_AFTER_S_MAX


NAMES = [
    "retry-after",
    "retry-after-ms",
    "x-amz-retry-after",
    "x-ratelimit-reset-tokens",
    "x-ratelimit-reset",
]
VALUES = (
    st.text(max_size=80)
    | st.floats().map(str)
    | st.integers().map(str)
    | st.datetimes(timezones=st.timezones()).map(format_datetime)
    | st.datetimes(timezones=st.timezones()).map(datetime.isoformat)
    | st.from_regex(r"(\d{1,4}(ms|s|m|h)){1,4}", fullmatch=True)
)


@given(headers=st.dictionaries(st.sampled_from(NAMES), VALUES), body_delay=st.none() | VALUES)
def test_anything_gives_a_sane_wait_or_none(headers, body_delay):
    """No header can raise, and none can ask for more than a day."""
    found = wait(headers, body_delay)

    assert found is None or 0 < found <= RETRY_AFTER_S_MAX
