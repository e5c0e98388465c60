"""The grounding contract: what breaks it is named, what keeps it passes, and nothing is fetched or quoted."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall import ConfigurationError, Source
from seawall.security.grounding import Contract
from seawall.security.grounding.figures import KnownFigures

pytestmark = pytest.mark.security
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string", "maxLength": 20}, "people": {"type": "integer"}},
    "required": ["city", "people"],
    "additionalProperties": False,
}
GOOD = '{"city": "Ghent", "people": 265000}'
BROKEN = {
    "missing": '{"city": "Ghent"}',
    "extra": '{"city": "Ghent", "people": 1, "mayor": "x"}',
    "wrong type": '{"city": "Ghent", "people": "many"}',
    "huge value": json.dumps({"city": "G" * 21, "people": 1}),
    "huge document": '{"city": "' + "G" * 2_000_001 + '", "people": 1}',
    "deep": '{"city":' + "[" * 100_000 + "]" * 100_000 + ', "people": 1}',
    "name twice": '{"city": "Ghent", "people": 1, "people": 2}',
    "name twice, escaped": '{"city": "Ghent", "people": 1, "\\u0070eople": 2}',
    "NaN": '{"city": "Ghent", "people": NaN}',
    "Infinity": '{"city": "Ghent", "people": -Infinity}',
    "too large a number": '{"city": "Ghent", "people": 1e999}',
    "number of 5,000 digits": '{"city": "Ghent", "people": ' + "9" * 5000 + "}",
    "text behind": GOOD + " as you asked",
    "second document": GOOD + GOOD,
    "text before": "Here you are: " + GOOD,
    "fenced": f"```json\n{GOOD}\n```",
    "comment": '{"city": "Ghent", /* x */ "people": 1}',
    "cut off": GOOD[:-1],
    "empty": "",
    "array": f"[{GOOD}]",
}


def broken_rules(contract, text):
    return {violation.rule for violation in contract.violations(text)}


def test_an_answer_that_keeps_the_schema_breaks_nothing():
    """The plain good case, blanks around it included."""
    assert Contract(schema=SCHEMA).violations(f" {GOOD}\n") == ()


@pytest.mark.parametrize("text", BROKEN.values(), ids=BROKEN)
def test_a_schema_break_is_a_violation(text):
    """Whatever form the break takes, it is one of the document or of the schema, and never an exception."""
    assert broken_rules(Contract(schema=SCHEMA), text) & {"json", "schema"}


def test_violations_quote_nothing_of_a_document():
    """What goes back to a model and into logs names places and keywords, not contents."""
    secret = "hunter2-hunter2"
    text = json.dumps({"city": secret * 3, "people": secret})
    assert secret not in str(Contract(schema=SCHEMA).violations(text))


@pytest.mark.parametrize(
    "schema",
    [{"type": "nonsense"}, {"$ref": "http://127.0.0.1:9/schema.json"}, {"$ref": "file:///etc/passwd"}],
)
def test_a_schema_that_cannot_be_used_is_the_callers_fault_and_nothing_is_fetched(schema):
    """No answer can be judged by it, so the call says so at once."""
    with pytest.raises(ConfigurationError, match="response_schema"):
        Contract(schema=schema).violations("{}")


@given(st.text())
def test_any_text_is_judged(text):
    """No answer makes the judge fail."""
    Contract(schema=SCHEMA, cite=True, figures=True, sources=(Source(id="a", text="b"),)).violations(text)


SOURCES = (
    Source(id="report", text="Sales rose by 12.5 % to EUR 1,234,000 in 2025.\nStaff: three hundred."),
    Source(id="mail-7", text="\u201cWe ship on  Tuesday\u201d, he said; the price is 40 euros."),
)
CITED = Contract(sources=SOURCES, cite=True)


@pytest.mark.parametrize(
    "text",
    [
        "Sales rose [source:report].",
        '"Sales rose by 12.5 %" [source:report]',
        "\u201cwe ship on Tuesday\u201d [source:mail-7]",
        '"Sales rose ... in 2025" [source:report].',
        'He called it "important" and [the page](https://example.org) agrees [source:mail-7].',
    ],
)
def test_true_citations_pass(text):
    """Quotes are compared as people read them: case, blanks and the shape of quotation marks do not matter."""
    assert CITED.violations(text) == ()


@pytest.mark.parametrize(
    "text",
    [
        "Sales rose.",
        "Sales rose [source:annual-report].",
        '"Sales fell by 12.5 %" [source:report]',
        '"in 2025 ... Sales rose" [source:report]',
        '"We ship on Tuesday" [source:report]',
        '"Sales rose by 12.5 %" [source:report] and more [source:9]',
    ],
)
def test_invented_citations_and_quotes_are_violations(text):
    """An unknown id, a changed quote, a quote of another source, or none at all."""
    assert broken_rules(CITED, text) == {"citation"}


@pytest.mark.parametrize(
    ("entry", "broken"),
    [
        ({"source": "report", "quote": "Sales rose by 12.5 %"}, set()),
        ({"source_id": "mail-7"}, set()),
        ({"source": "report", "quote": "Sales doubled"}, {"citation"}),
        ({"source": "made-up"}, {"citation"}),
    ],
)
def test_citations_in_documents_are_held_too(entry, broken):
    """However deep they stand."""
    contract = Contract(schema={"type": "object"}, sources=SOURCES, cite=True)
    assert broken_rules(contract, json.dumps({"claims": [{"evidence": entry}]})) == broken


FIGURES = Contract(sources=SOURCES, figures=True, context=("Compare with the 37 branches of 2024.",))


@pytest.mark.parametrize(
    "text",
    [
        "It was 12.5 %, or 1.234.000 euros, or 1.234 million, in 2025.",
        "1. first\n2. second\n14. fourteenth",
        "There are 3 reasons; 37 branches existed in 2024.",
        "The price is 40,00 euros [source:4711].",
        "EUR 1 234 000",
    ],
)
def test_known_figures_pass(text):
    """By value, however written; ordinals, small counts and the figures of the question are no claims."""
    assert FIGURES.violations(text) == ()


@pytest.mark.parametrize(
    "text",
    [
        "It was 13.5 %.",
        "EUR 1,243,000",
        "in 2023",
        "9 %",
        "$5",
        "12.5 million",
        "1,234,001",
        "It costs 41 euros.",
    ],
)
def test_unknown_figures_are_violations(text):
    """A figure that is in no source and not in the question was made up."""
    assert broken_rules(FIGURES, text) == {"figure"}


@given(st.decimals(min_value=11, max_value=10**9, places=2), st.sampled_from(["{:,}", "{}", "{:.2f}"]))
def test_a_figure_is_found_again_in_any_notation(value, notation):
    """Grouping and trailing noughts change nothing."""
    assert not list(KnownFigures([f"It is {value} in all."]).problems(f"So {notation.format(value)} it is."))
