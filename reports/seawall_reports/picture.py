"""A picture of a report: its file, and what it shows for those who cannot see it."""

from __future__ import annotations

import dataclasses

from seawall_reports.summary import ScenarioResult
from seawall_reports.wording import count, listed, value


@dataclasses.dataclass(frozen=True)
class Picture:
    """`file` is relative to the run's folder; `caption` says how to read it, `alt` what it shows."""

    kind: str
    file: str
    caption: str
    alt: str


CAPTIONS = {
    "timeline": "Each dot is a call at its intended start, on a logarithmic scale; crosses failed, diamonds returned a "
    "wrong answer, triangles were not finished when the harness gave up. Shaded: faults in force.",
    "ecdf": "How many of all calls were answered correctly within a time. A line that ends below 100 % lost the rest.",
    "answered": "Calls by the provider that answered, in equal stretches of time. Hatched: the caller got no answer.",
    "breakers": "One tick per attempt, in the colour of the breaker's state when it was made. A gap is a provider that "
    "was left alone.",
}


def alt_text(kind: str, scenario: ScenarioResult) -> str:
    """What the picture of that kind shows, in numbers."""
    per_subject = [_ALT[kind](name, scenario) for name in scenario.subjects]
    faults = listed([f"{fault.fault} on {fault.on}" for fault in scenario.faults]) or "no fault"
    return f"{_TITLES[kind]} in {scenario.name} with {faults}. {'; '.join(filter(None, per_subject))}."


_TITLES = {
    "timeline": "Latency over time",
    "ecdf": "Cumulated share of calls answered by latency",
    "answered": "Who answered over time",
    "breakers": "Breaker state of every attempt",
}


def _latency(name: str, scenario: ScenarioResult) -> str:
    subject = scenario.subjects[name]
    lost = subject.calls - subject.ok_calls
    return (
        f"{name}: median {value('p50_ms', subject.p50_ms)}, p95 {value('p95_ms', subject.p95_ms)}, "
        f"{lost} of {count(subject.calls, 'call')} not ok"
    )


def _share(name: str, scenario: ScenarioResult) -> str:
    subject = scenario.subjects[name]
    return f"{name}: {value('success_rate', subject.success_rate)} of the calls answered"


def _answered(name: str, scenario: ScenarioResult) -> str:
    subject = scenario.subjects[name]
    return f"{name}: {listed([f'{provider} {n}' for provider, n in subject.answered_by.items()]) or 'nobody'}"


def _asked(name: str, scenario: ScenarioResult) -> str:
    subject = scenario.subjects[name]
    return f"{name} asked {listed([f'{provider} {n} times' for provider, n in subject.asked.items()]) or 'nobody'}"


_ALT = {"timeline": _latency, "ecdf": _share, "answered": _answered, "breakers": _asked}
