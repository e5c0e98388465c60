"""`report.html`: one file that needs nothing else, to read, print and sign."""

from __future__ import annotations

import base64
import struct
from pathlib import Path
from typing import NamedTuple

import jinja2
from markupsafe import Markup

from seawall_reports import wording
from seawall_reports.intervals import RESAMPLES
from seawall_reports.measures import Measures
from seawall_reports.picture import Picture
from seawall_reports.summary import Summary

# What the evidence table of a scenario shows, in this order.
EVIDENCE = (
    "calls",
    "success_rate",
    "wrong_calls",
    "unfinished_calls",
    "p50_ms",
    "p95_ms",
    "p99_ms",
    "p999_ms",
    "max_ms",
    "first_token_p50_ms",
    "first_token_p95_ms",
    "first_token_p99_ms",
    "attempts_per_call",
    "provider_requests_per_call",
    "wasted_tokens_per_call",
    "recovery_s",
    "deadline_overshoot_p99_ms",
)
TOTALS = ("success_rate", "wrong_calls", "worst_p99_ms", "worst_attempts_per_call")
COMPARED = ("success_rate", "p50_ms", "p95_ms", "p99_ms", "attempts_per_call")
KINDS = {
    "complete": "non-streamed",
    "stream": "streams",
    "stream_failed_early": "streams of which an attempt failed before the first token",
}
MARKS = {"PASS": "\u2713", "FAIL": "\u2717", "INCONCLUSIVE": "?"}
P999_CALLS_MIN = 1000


class Embedded(NamedTuple):
    """A picture inside the page."""

    picture: Picture
    uri: str
    width: int
    height: int


def render(summary: Summary, pictures: list[list[Picture]], run_folder: Path) -> str:
    """The page for `summary`; `pictures` holds those of each scenario, whose files lie in `run_folder`."""
    jinja = environment()
    jinja.filters |= {
        "value": lambda number, metric: wording.value(metric, number),
        "bare": lambda number, metric: wording.bare(metric, number),
        "label": wording.label,
        "percent": wording.percent,
        "grouped": lambda number: wording.grouped(str(number)),
        "listed": wording.listed,
    }
    jinja.globals |= {
        "interval": interval,
        "note": note,
        "MARKS": MARKS,
        "KINDS": KINDS,
        "resamples": RESAMPLES,
    }
    pair = [subject for subject in (summary.reference, summary.contender) if subject is not None]
    return jinja.get_template("report.html.j2").render(
        run=summary,
        pair=pair,
        compared=COMPARED,
        totals=TOTALS,
        evidence=EVIDENCE,
        gallery=[[embedded(picture, run_folder) for picture in each] for each in pictures],
        gates_met=sum(gate.verdict == "PASS" for s in summary.scenarios for gate in s.gates),
        gates_all=sum(len(s.gates) for s in summary.scenarios),
        style=Markup(stylesheet()),  # noqa: S704 - our own file
    )


def environment() -> jinja2.Environment:
    """What all pages are made with: everything escaped, nothing undefined."""
    return jinja2.Environment(
        loader=jinja2.PackageLoader("seawall_reports"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )


def embedded(picture: Picture, run_folder: Path) -> Embedded:
    """The picture as a data URI, with the size that its PNG header gives."""
    content = (run_folder / picture.file).read_bytes()
    width, height = struct.unpack(">II", content[16:24])
    return Embedded(
        picture, f"data:image/png;base64,{base64.b64encode(content).decode('ascii')}", width, height
    )


def interval(measures: Measures, metric: str) -> str:
    """The confidence interval of a metric as text; empty where there is none."""
    found = measures.intervals.get(metric)
    if found is None:
        return ""
    beyond = "+" if found.open_above else ""
    return f"{wording.bare(metric, found.low)} \u2013 {wording.bare(metric, found.high)}{beyond}"


def note(measures: Measures, metric: str) -> str:
    """What a reader must know about one number; mostly nothing."""
    if metric == "p999_ms" and measures.calls < P999_CALLS_MIN:
        return "too few calls to tell it from the longest"
    if metric == "max_ms" and measures.unfinished_calls:
        return "at least; some calls did not finish"
    return ""


def stylesheet() -> str:
    """The look of all pages."""
    return (Path(__file__).parent / "templates" / "report.css").read_text(encoding="utf-8")
