"""Numbers as people read them, and foreign text made harmless."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall_reports.wording import bare, count, listed, milliseconds, percent, plain, value


@given(st.integers(1, 100_000), st.integers(0, 100_000))
def test_only_all_is_a_hundred_percent(n, ok):
    """99 999 of 100 000 is not all, however it is rounded."""
    share = min(ok, n) / n

    assert (percent(share) == "100") == (ok >= n)
    assert float(percent(share)) <= share * 100 + 1e-9


@pytest.mark.parametrize(
    ("share", "text"), [(0.632, "63.2"), (0.99999, "99.99"), (0.0, "0"), (1.0, "100"), (0.29, "29.0")]
)
def test_shares_read_as_percent(share, text):
    """Tenths, and hundredths where nines are counted."""
    assert percent(share) == text


@pytest.mark.parametrize(
    ("metric", "number", "text"),
    [
        ("p95_ms", 3.14159, "3.1"),
        ("p95_ms", 1301.4, "1301"),
        ("p95_ms", 20912.0, "20\u202f912"),
        ("p95_ms", None, "\u2013"),
        ("p95_ms", float("nan"), "\u2013"),
        ("recovery_s", float("inf"), "never"),
        ("attempts_per_call", 1.046, "1.05"),
        ("wrong_calls", 12345, "12\u202f345"),
    ],
)
def test_numbers_have_the_digits_that_matter(metric, number, text):
    """No false precision, and nothing where there is no number."""
    assert bare(metric, number) == text


def test_a_value_has_its_unit():
    """A number without a unit belongs in a column that has one."""
    assert value("p95_ms", 182.0) == "182\u202fms"
    assert value("success_rate", 1.0) == "100\u202f%"
    assert milliseconds(9.96) == "10.0"


@given(st.text(max_size=2000), st.integers(1, 300))
def test_plain_text_is_one_bounded_line(text, limit):
    """Nothing that steers a terminal, reorders a line or breaks it; doing it twice changes nothing."""
    shown = plain(text, limit)

    assert len(shown) <= limit
    assert "\n" not in shown
    assert not any(unicodedata.category(c) in {"Cc", "Cf", "Co", "Cs", "Cn", "Zl", "Zp"} for c in shown)
    assert plain(shown, limit) == shown


def test_words_agree_with_their_numbers():
    """One gate, two gates; a, b and c."""
    assert [count(1, "gate"), count(2, "gate")] == ["1 gate", "2 gates"]
    assert [listed([]), listed(["a"]), listed(["a", "b", "c"])] == ["", "a", "a, b and c"]
