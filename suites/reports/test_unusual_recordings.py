"""Recordings of which there is little, or nothing good, or something hostile: still a sensible report."""

import json
import re
import xml.etree.ElementTree as ET

import pytest

from seawall_chaos.recording import LoadCount
from seawall_reports.build import build
from seawall_reports.summary import Summary

HOSTILE = '$\\frac$ 漢字 <script>alert(1)</script> "quoted" | pipe `code` [x](javascript:1)\x1b[31m\u202e{{ 7 * 7 }} ]]> 😀\x00'


@pytest.fixture
def report(tmp_path, rows):
    """Builds the report of some rows and scenarios and returns the folder and the summary."""

    def write(some, scenarios, **manifest):
        folder = rows.write(tmp_path / "run", some, scenarios, **manifest)
        summary = build(folder)
        document = (folder / "summary.json").read_text(encoding="utf-8")
        assert Summary.model_validate_json(document).verdict == summary.verdict
        assert "NaN" not in document
        assert "Infinity" not in document
        return folder, summary

    return write


def test_a_run_that_never_began(report):
    """No scenario: inconclusive, with the reason it ended."""
    folder, summary = report([], [], partial=True, partial_reason="toxiproxy did not start")

    assert summary.exit_code == 3
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "toxiproxy did not start" in page
    assert "INCONCLUSIVE" in page
    assert ET.parse(folder / "junit.xml").getroot().get("errors") == "1"


def test_a_scenario_that_recorded_nothing(report, rows):
    """Every table is empty."""
    folder, summary = report([], [rows.scenario(load_count={"seawall": LoadCount(intended=9, sent=0)})])

    assert summary.exit_code == 3
    assert summary.scenarios[0].subjects["seawall"].calls == 0
    assert (folder / summary.scenarios[0].plots[0]).is_file()


def test_a_single_call(report, rows):
    """One call has every percentile, and says that it bounds none."""
    _, summary = report(rows.passing, [rows.scenario()])
    subject = summary.scenarios[0].subjects["seawall"]

    assert summary.exit_code == 0
    assert subject.p50_ms == subject.p99_ms == subject.max_ms == 100
    assert subject.intervals["p99_ms"].open_above


@pytest.mark.parametrize("status", ["failed", "wrong", "unfinished"])
def test_calls_of_which_none_was_right(report, rows, status):
    """A subject that answered nothing fails, and is drawn and counted all the same."""
    some = [
        rows.call(call=n, call_id=f"c{n}", kind=kind, status=status, provider=None, failure="APIError 500")
        for n, kind in enumerate(["complete", "stream"] * 5)
    ]
    _, summary = report([*some, rows.attempt(), rows.window()], [rows.scenario()])

    assert summary.exit_code == 1
    assert summary.scenarios[0].subjects["seawall"].success_rate == 0


def test_a_run_cut_short_in_the_middle_of_a_fault(report, rows):
    """The fault was never healed; its band reaches to the end, and nothing can be said of recovery."""
    some = [
        rows.call(),
        rows.attempt(),
        rows.window(healed_s=None),
        rows.window(window=2, applied_s=None, healed_s=None),
    ]
    _, summary = report(some, [rows.scenario(status="partial")], partial=True, partial_reason="interrupted")

    assert summary.exit_code == 3
    assert summary.scenarios[0].faults[0].healed_s != summary.scenarios[0].faults[0].healed_s


def test_a_single_subject_is_reported_without_comparison(report, rows):
    """Nothing to compare with is no error, and no column of nothing."""
    some = rows.passing
    folder, summary = report(some, [rows.scenario()], command="seawall chaos run")

    assert summary.reference is None
    assert "baseline" not in (folder / "report.html").read_text(encoding="utf-8").partition("<body>")[2]


def test_zero_and_negative_latencies_are_drawn(report, rows):
    """A clock that steps back by a hair must not break a logarithmic axis."""
    some = [rows.call(call=n, call_id=f"c{n}", latency_ms=ms) for n, ms in enumerate([0.0, -0.5, 1e-9, 1e7])]

    report([*some, rows.attempt(), rows.window()], [rows.scenario()])


def test_foreign_text_is_shown_and_does_nothing(report, rows):
    """Failure texts, names and titles come from other people's programs: escaped, bounded, on one line."""
    long = HOSTILE + "x" * 100_000
    some = [
        rows.call(scenario=HOSTILE, status="failed", failure=long, provider=HOSTILE),
        rows.attempt(scenario=HOSTILE, provider=HOSTILE),
        rows.attempt(scenario=HOSTILE, side="client", provider=HOSTILE, breaker=HOSTILE),
        rows.window(scenario=HOSTILE, fault=HOSTILE, evidence=long),
    ]
    entry = rows.entry(fault=HOSTILE, on=HOSTILE, params={HOSTILE: long})
    scenario = rows.scenario(
        name=HOSTILE,
        title=HOSTILE,
        description=long,
        file=HOSTILE,
        method=[entry],
        providers={HOSTILE: {"wire": "openai", "model": "m"}},
    )
    folder, summary = report(
        some, [scenario], versions={HOSTILE: long}, host={"system": HOSTILE}, command=long
    )
    written = {
        path.name: path.read_text(encoding="utf-8")
        for path in folder.iterdir()
        if path.suffix in {".html", ".md", ".xml", ".json"}
    }

    assert summary.exit_code == 1
    for text in written.values():
        assert "\x1b" not in text
        assert "\u202e" not in text
        assert "\x00" not in text
        assert "x" * 1200 not in text
    assert "<script" not in written["report.html"]
    assert "&lt;script&gt;" in written["report.html"]
    assert "{{ 7 * 7 }}" in written["report.html"]
    # What is indented by four is shown as it is.
    markdown = [line for line in written["report.md"].splitlines() if not line.startswith("    ")]
    assert not any("<script" in line or re.search(r"(?<!\\)\]\(javascript", line) for line in markdown)
    assert ET.fromstring(written["junit.xml"]).get("tests") == "1"
    assert "alert(1)" in json.loads(written["summary.json"])["scenarios"][0]["title"]
    assert all(path.name.isascii() for path in (folder / "plots").iterdir())
