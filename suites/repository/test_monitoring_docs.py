"""docs/MONITORING.md and the alert rules speak of metrics, labels and values that exist."""

import re

import pytest
import yaml

from seawall import errors
from seawall.resilience.failures import FailureKind
from seawall.telemetry.metrics import METRICS

OUTCOMES = {"answered", "failed", "cancelled"}
VALUES = {"outcome": OUTCOMES, "failure": {kind.value for kind in FailureKind}, "error": set(vars(errors))}
MADE_FROM_HISTOGRAMS = ("_bucket", "_sum", "_count")


@pytest.fixture(scope="session")
def monitoring(root):
    """The document."""
    return (root / "docs" / "MONITORING.md").read_text(encoding="utf-8")


@pytest.fixture(scope="session")
def rules(root):
    """The alert rules by name."""
    document = yaml.safe_load(
        (root / "docs" / "examples" / "seawall-alerts.yaml").read_text(encoding="utf-8")
    )
    return {rule["alert"]: rule for group in document["groups"] for rule in group["rules"]}


def metric_of(name):
    """The metric that a name in an expression stands for, and the labels it then has."""
    for suffix in MADE_FROM_HISTOGRAMS:
        base = name.removesuffix(suffix)
        if base != name and METRICS.get(base, METRICS["seawall_calls_total"]).buckets:
            return base, {*METRICS[base].labels, "le"}
    return name, set(METRICS[name].labels)


def test_the_table_lists_every_metric_as_it_is(monitoring):
    """Name, labels and meaning, none missing and none too many."""
    rows = re.findall(r"^\| `(seawall_\w+)` \| ([\w, ]*) \| (.*) \|$", monitoring, re.MULTILINE)

    assert {name: (tuple(labels.split(", ")), text) for name, labels, text in rows} == {
        name: (metric.labels, metric.text) for name, metric in METRICS.items()
    }


def test_alerts_are_complete_and_listed(monitoring, rules):
    """Each has an expression, a severity and a summary, and a row in the document."""
    assert set(re.findall(r"^\| `(Seawall\w+)`", monitoring, re.MULTILINE)) == set(rules)
    for rule in rules.values():
        assert set(rule) - {"for"} == {"alert", "expr", "labels", "annotations"}
        assert re.fullmatch(r"\d+m", rule.get("for", "1m"))
        assert rule["labels"]["severity"] in {"page", "ticket"}
        assert rule["annotations"]["summary"]


def test_alerts_speak_of_what_exists(rules):
    """Metrics, their labels, the labels' values; and a summary speaks of labels that its expression keeps."""
    for rule in rules.values():
        expression = rule["expr"]
        labels = set().union(*(metric_of(name)[1] for name in re.findall(r"seawall_\w+", expression)))
        kept = {
            name.strip() for kept in re.findall(r"by \(([^)]*)\)", expression) for name in kept.split(",")
        }
        for label, values in re.findall(r'(\w+)=~?"([^"]*)"', expression):
            assert label in labels
            assert set(values.split("|")) <= VALUES[label]

        assert labels >= kept >= set(re.findall(r"\$labels\.(\w+)", rule["annotations"]["summary"]))
        assert "seawall_" in expression
        assert [expression.count(sign) for sign in "({["] == [expression.count(sign) for sign in ")}]"]
