"""`junit.xml`: one test case per gate, for CI systems that show them."""

from __future__ import annotations

from xml.etree import ElementTree as ET

from seawall_reports.summary import GateResult, ScenarioResult, Summary
from seawall_reports.verdict import Verdict


def render(summary: Summary) -> bytes:
    """The gates of a run as JUnit XML; inconclusive ones are errors, for they prove nothing."""
    root = ET.Element("testsuites", name=f"seawall {summary.run}")
    for scenario in summary.scenarios:
        _suite(root, scenario)
    if summary.partial:
        suite = ET.SubElement(root, "testsuite", name="run")
        case = ET.SubElement(suite, "testcase", classname="run", name="the run came to its end")
        _problem(case, "error", "INCONCLUSIVE", summary.partial_reason or "no reason was recorded")
    for counted, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error")):
        for element in (root, *root.findall("testsuite")):
            element.set(counted, str(len(list(element.iter(tag)))))
    ET.indent(root)
    document: bytes = ET.tostring(root, encoding="utf-8", xml_declaration=True)
    return document + b"\n"


def _suite(root: ET.Element, scenario: ScenarioResult) -> None:
    suite = ET.SubElement(root, "testsuite", name=scenario.name)
    for gate in scenario.gates:
        case = ET.SubElement(suite, "testcase", classname=scenario.name, name=gate.demand)
        _judge(case, scenario, gate)
    if not scenario.gates:
        case = ET.SubElement(suite, "testcase", classname=scenario.name, name="gates")
        _problem(case, "error", "INCONCLUSIVE", "; ".join(scenario.reasons))


def _judge(case: ET.Element, scenario: ScenarioResult, gate: GateResult) -> None:
    if scenario.verdict is Verdict.INCONCLUSIVE:
        _problem(case, "error", "INCONCLUSIVE", "; ".join(scenario.reasons))
    elif gate.verdict is Verdict.INCONCLUSIVE:
        _problem(case, "error", "INCONCLUSIVE", gate.reason)
    elif gate.verdict is Verdict.FAIL:
        _problem(case, "failure", "FAIL", gate.reason)


def _problem(case: ET.Element, tag: str, kind: str, reason: str) -> None:
    ET.SubElement(case, tag, type=kind, message=reason)
