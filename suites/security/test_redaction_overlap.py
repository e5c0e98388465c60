"""Where detectors disagree there is one verdict, always the same, and nothing found is left uncovered."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.security.finding import Finding, Kind
from seawall.security.redaction.overlap import resolve

pytestmark = pytest.mark.security
TEXT = "abcde 12345 fghij-67890"
FINDINGS = st.lists(
    st.builds(
        lambda start, length, kind, score: Finding(start, min(len(TEXT), start + length), kind, score, "d"),
        st.integers(0, len(TEXT) - 1),
        st.integers(1, 12),
        st.sampled_from(Kind),
        st.sampled_from([0.5, 0.9]),
    ),
    max_size=8,
)


@given(FINDINGS, st.randoms())
def test_the_order_of_detectors_does_not_matter(findings, random):
    """Shuffled findings resolve to the same."""
    shuffled = list(findings)
    random.shuffle(shuffled)

    assert resolve(shuffled, TEXT) == resolve(findings, TEXT)


@given(FINDINGS)
def test_all_that_was_found_is_covered_and_nothing_else(findings):
    """Every letter and digit of every finding is in exactly one resolved finding."""
    found = {index for f in findings for index in range(f.start, f.end) if TEXT[index].isalnum()}
    resolved = [
        index for f in resolve(findings, TEXT) for index in range(f.start, f.end) if TEXT[index].isalnum()
    ]

    assert sorted(resolved) == sorted(found)


@given(FINDINGS)
def test_a_secret_stays_a_secret(findings):
    """No other kind takes a character from a secret: it would be restored."""
    secret = {index for f in findings if f.kind is Kind.SECRET for index in range(f.start, f.end)}

    for finding in resolve(findings, TEXT):
        if finding.kind is not Kind.SECRET:
            assert secret.isdisjoint(
                index for index in range(finding.start, finding.end) if TEXT[index].isalnum()
            )
