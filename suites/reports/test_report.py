"""The report of a whole run: the files, what they say, and that they say it every time."""

import hashlib
import itertools
import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser

import pytest

from seawall_reports.build import build
from seawall_reports.summary import Summary

FILES = ["junit.xml", "report.html", "report.md", "summary.json"]


class Page(HTMLParser):
    """The elements of a page, and the text in each kind of element."""

    def __init__(self, text):
        super().__init__()
        self.elements, self.texts, self.open = [], {}, []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        if tag not in ("img", "meta", "br"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, f"{tag} closes another element"

    def handle_data(self, data):
        for tag in self.open:
            self.texts.setdefault(tag, []).append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def built(whole_run):
    """A run's folder and the summary of its report."""
    return whole_run


def flat(text):
    """`text` with single plain spaces only."""
    return " ".join(text.split())


@pytest.fixture(scope="module")
def page(built):
    """The report as a page."""
    return Page((built[0] / "report.html").read_text(encoding="utf-8"))


def test_a_report_is_written_beside_its_recording(built):
    """One folder holds all that is needed to read, print, link, compare and sign."""
    folder, summary = built

    assert sorted(path.name for path in folder.iterdir() if path.is_file()) == FILES
    pictures = [picture for scenario in summary.scenarios for picture in scenario.plots]
    assert len(pictures) == 3 * 4
    assert sorted(pictures) == sorted(f"plots/{path.name}" for path in (folder / "plots").iterdir())


def test_the_same_recording_gives_the_same_report(built):
    """To the byte, pictures included: a report can be checked by building it again."""
    folder, _ = built

    def digests():
        files = [path for path in folder.rglob("*") if path.is_file()]
        return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    before = digests()
    build(folder)

    assert digests() == before


def test_the_summary_validates_and_holds_what_is_promised(built):
    """The fields that others read are there, under their names."""
    folder, summary = built
    document = json.loads((folder / "summary.json").read_text(encoding="utf-8"))

    assert Summary.model_validate(document).verdict == summary.verdict == document["verdict"]
    assert document["schema"] == 1
    for scenario in document["scenarios"]:
        assert {"name", "verdict", "reasons", "faults", "gates", "subjects"} <= set(scenario)
        assert all(fault["fired"] > 0 for fault in scenario["faults"])
        for subject in scenario["subjects"].values():
            assert {"calls", "success_rate", "p50_ms", "p95_ms", "p99_ms", "attempts_per_call"} <= set(
                subject
            )
            assert subject["p50_ms"] <= subject["p95_ms"] <= subject["p99_ms"] <= subject["max_ms"]


def test_the_verdict_comes_first_and_every_number_is_there(built, page):
    """Verdict before anything else, then both subjects of every scenario, then every gate."""
    folder, summary = built
    text = (folder / "report.html").read_text(encoding="utf-8")
    words = flat("".join(page.texts["body"]))

    assert words.index(summary.verdict) < words.index("At a glance")
    assert summary.headline in words
    for scenario in summary.scenarios:
        assert scenario.replay in words
        assert all(flat(gate.demand) in words for gate in scenario.gates)
        for fault in scenario.faults:
            assert all(f"{name}: {n}" in words for name, n in fault.fired_by.items())
    assert len(text) < 4_000_000


def test_the_page_needs_nothing_from_outside(page):
    """No script, no link or picture but in the page itself, and a policy that forbids them."""
    assert page.all("script") == []
    assert page.all("link") == []
    assert all(image["src"].startswith("data:image/png;base64,") for image in page.all("img"))
    assert all(link["href"].startswith("#") for link in page.all("a"))
    policies = [
        meta["content"] for meta in page.all("meta") if meta.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policies == ["default-src 'none'; img-src data:; style-src 'unsafe-inline'"]
    assert "url(" not in "".join(page.texts["style"])
    assert "@import" not in "".join(page.texts["style"])


def test_the_page_can_be_read_without_seeing_it(page):
    """Headings in order, captions on tables, words for pictures, targets for links, headers with a scope."""
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch(r"h[1-6]", tag)]
    tables = [n for n, (tag, _) in enumerate(page.elements) if tag == "table"]
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]

    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in itertools.pairwise(levels))
    assert all(page.elements[n + 1][0] == "caption" for n in tables)
    assert all(len(image["alt"]) > 40 for image in page.all("img"))
    assert all(header.get("scope") for header in page.all("th"))
    assert len(ids) == len(set(ids))
    assert {link["href"][1:] for link in page.all("a")} <= set(ids)
    assert page.all("html")[0]["lang"] == "en"


def test_the_markdown_has_the_verdict_the_table_and_the_pictures(built):
    """It reads in a pull request: verdict in the title, one row per scenario and per gate, pictures beside it."""
    folder, summary = built
    lines = (folder / "report.md").read_text(encoding="utf-8").splitlines()

    assert summary.verdict in lines[0]
    rows = [line for line in lines if line.startswith("| ")]
    assert len(rows) == 2 + 3 + 2 + 9
    assert len({len(re.findall(r"(?<!\\)\|", row)) for row in rows[:5]}) == 1
    pictures = [match[1] for line in lines if (match := re.match(r"!\[.*\]\((.*)\)", line))]
    assert len(pictures) == 3
    assert all((folder / picture).is_file() for picture in pictures)


def test_junit_has_one_case_per_gate(built):
    """CI systems show gates as tests."""
    folder, summary = built
    root = ET.parse(folder / "junit.xml").getroot()

    assert root.get("tests") == "9"
    assert root.get("failures") == root.get("errors") == "0"
    assert [case.get("name") for case in root.iter("testcase")] == [
        gate.demand for scenario in summary.scenarios for gate in scenario.gates
    ]
