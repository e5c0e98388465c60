"""Every rule means what its examples say, and nothing else."""

import pytest

from seawall.security.firewall import Action, Firewall
from seawall.security.firewall.rule import fold
from seawall.security.firewall.rule_set import default_rules
from seawall.security.firewall.utf8_pattern import Utf8Text

pytestmark = pytest.mark.security

RULES = default_rules().rules
EXAMPLES = [
    pytest.param(rule, text, id=f"{rule.text.id}-{n}")
    for rule in RULES
    for n, text in enumerate(rule.text.examples)
]
COUNTERS = [
    pytest.param(rule, text, id=f"{rule.text.id}-{n}")
    for rule in RULES
    for n, text in enumerate(rule.text.counter_examples)
]


def fires(rule, text):
    folded = fold(text)
    return any(word in folded for word in rule.keywords) and any(rule.pattern.spans(Utf8Text(folded), 1))


@pytest.mark.parametrize(("rule", "text"), EXAMPLES)
def test_a_rule_fires_on_its_examples(rule, text):
    """Keyword and pattern both find the example."""
    assert fires(rule, text)


@pytest.mark.parametrize(("rule", "text"), COUNTERS)
def test_a_counter_example_passes_every_rule(rule, text):
    """Neither the rule itself nor all rules together stop its counter-examples."""
    assert not fires(rule, text)
    for channel in ("user", "untrusted"):
        assert Firewall().scan(text, channel).action is Action.ALLOW


def test_rules_have_ids_of_their_own_and_examples():
    """Ids are unique; no rule is without example and counter-example."""
    assert len({rule.text.id for rule in RULES}) == len(RULES) >= 60
    assert all(rule.text.examples and rule.text.counter_examples for rule in RULES)


def test_an_override_is_known_in_many_languages():
    """Each language has an override rule of its own."""
    languages = {
        language for rule in RULES if rule.text.category == "override" for language in rule.text.languages
    }
    assert languages >= {
        "en",
        "de",
        "fr",
        "es",
        "it",
        "pt",
        "zh",
        "ru",
        "ja",
        "ko",
        "ar",
        "hi",
        "nl",
        "pl",
        "tr",
    }
