"""The security report judges what was measured by what was measured before, and shows all of it."""

import json

import pytest
from click.testing import CliRunner

from seawall_reports.cli import report

FIGURE = {"id": "a.one", "group": "attacks", "name": "one", "hits": 40, "count": 100, "better": "higher"}
ALARM = {"id": "a.two", "group": "alarms", "name": "two", "hits": 2, "count": 100, "better": "lower"}
CURVE = {
    "points": [[0, 0], [0, 0.5], [1, 1]],
    "auc": 0.75,
    "attacks": 4,
    "harmless": 3,
    "threshold": 0.8,
    "at_threshold": [0, 0.5],
}
MEASURED = {
    "schema": 1,
    "created_utc": "2026-11-22T00:00:00+00:00",
    "seed": 1,
    "versions": {"seawall": "1"},
    "host": {"cpus": 2},
    "corpora": None,
    "packages": {"spikee": "not installed"},
    "figures": [FIGURE, ALARM],
    "curves": {"catalogue, user": CURVE},
    "misses": [
        {"id": "direct-x", "family": "direct-injection", "severity": "high", "why": "reached | <b>it</b>"}
    ],
    "missed_rows": [],
    "baseline": {"a.one": [40, 100], "a.two": [2, 100]},
}


@pytest.fixture
def judged(tmp_path):
    def judge(**changes):
        (tmp_path / "security.json").write_text(json.dumps(MEASURED | changes), encoding="utf-8")
        result = CliRunner().invoke(report, ["security", str(tmp_path)])
        texts = [(tmp_path / name).read_text(encoding="utf-8") for name in ("security.html", "security.md")]
        return result, *texts

    return judge


def test_what_is_as_good_as_before_passes(judged):
    """Both pages have every figure with its interval, the misses, and what was not installed."""
    result, page, markdown = judged()
    assert result.exit_code == 0, result.output
    for text in (page, markdown):
        assert "30.9 \u2013 49.7" in text
        assert "40 of 100" in text
        assert "direct-x" in text
        assert "spikee: not installed" in text
        assert "<b>it</b>" not in text


@pytest.mark.parametrize(
    ("figure", "hits", "code"),
    [(FIGURE, 32, 0), (FIGURE, 29, 1), (FIGURE, 90, 0), (ALARM, 6, 0), (ALARM, 9, 1), (ALARM, 0, 0)],
)
def test_a_figure_outside_the_interval_on_the_bad_side_fails(judged, figure, hits, code):
    """Better never fails, and the one that is worse is named."""
    others = [each for each in (FIGURE, ALARM) if each is not figure]
    result, page, _ = judged(figures=[figure | {"hits": hits}, *others])
    assert result.exit_code == code
    assert (f"worse: {figure['group']}: {figure['name']}" in result.output) == (code == 1)
    assert ("<strong>FAIL</strong>" in page) == (code == 1)


def test_a_figure_that_is_gone_fails_unless_it_needs_corpora(judged):
    """Nobody passes by measuring less; without corpora nothing is asked of them."""
    assert judged(figures=[FIGURE])[0].exit_code == 1
    assert judged(baseline=MEASURED["baseline"] | {"pii.f1.ALL": [1, 2]})[0].exit_code == 0
    corpora = {"pii": {"rows": 2, "sha256": "00"}}
    assert judged(baseline=MEASURED["baseline"] | {"pii.f1.ALL": [1, 2]}, corpora=corpora)[0].exit_code == 1


def test_without_a_baseline_nothing_is_judged(judged):
    """Measured is not passed."""
    assert judged(baseline={})[0].exit_code == 3


def test_what_is_not_there_is_one_clear_line(tmp_path):
    """The file and what is wrong with it."""
    result = CliRunner().invoke(report, ["security", str(tmp_path)])
    assert result.exit_code == 2
    assert "security.json" in result.output
    (tmp_path / "security.json").write_text('{"schema": 2}', encoding="utf-8")
    result = CliRunner().invoke(report, ["security", str(tmp_path)])
    assert result.exit_code == 2
    assert result.output.count("\n") == 1
