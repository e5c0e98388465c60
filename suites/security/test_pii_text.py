"""The shadow that engines read has one byte for each character, so offsets are exact in any script."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall.security.folded_text import FoldedText
from seawall.security.linear_pattern import LinearPattern
from seawall.security.redaction import Kind, find

pytestmark = pytest.mark.security
ANY_TEXT = st.text(alphabet=st.characters(codec=None), max_size=60)


@given(ANY_TEXT)
def test_the_shadow_is_as_long_as_the_text(text):
    """Every character, lone surrogates included, has exactly one byte."""
    assert len(FoldedText(text).shadow) == len(text)


@given(ANY_TEXT, st.text(alphabet="\U0001f600\u4e16\u0436\u0660\ud800 \n", max_size=12))
def test_offsets_are_exact_behind_any_text(before, between):
    """What is found is the value, wherever it stands."""
    text = f"{before}{between} jane.doe@corp.example {between}"

    assert "jane.doe@corp.example" in [text[f.start : f.end] for f in find(text) if f.kind is Kind.EMAIL]


@given(ANY_TEXT)
def test_findings_are_in_order_and_apart(text):
    """Findings lie within the text, each behind the one before."""
    position = 0
    for finding in find(text):
        assert position <= finding.start < finding.end <= len(text)
        position = finding.end


@pytest.mark.parametrize("source", [r"(a)\1", r"a(?=b)", r"(?<!a)b", r"a{2000}"])
def test_a_pattern_that_could_run_away_is_refused(source):
    """Back-references, look-around and huge repeats are errors that name the pattern."""
    with pytest.raises(ValueError, match="not a linear-time pattern"):
        LinearPattern(source)
