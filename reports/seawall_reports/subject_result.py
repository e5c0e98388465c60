"""One subject in one scenario: all its calls and each kind of them, measured."""

from __future__ import annotations

from collections import Counter
from typing import Literal

import pandas as pd

from seawall_reports.measuring import COLUMNS, measure
from seawall_reports.recovery import disturbance
from seawall_reports.summary import SubjectResult
from seawall_reports.upstream import requests
from seawall_reports.wording import plain

FAILURES_MAX = 6
OTHERS = "(others)"
CallKind = Literal["complete", "stream", "stream_failed_early"]


def by_kind(calls: pd.DataFrame) -> dict[CallKind, pd.DataFrame]:
    """The calls by kind; streams that failed early are also among the streams."""
    return {
        "complete": calls[calls["kind"] == "complete"],
        "stream": calls[calls["kind"] == "stream"],
        "stream_failed_early": calls[calls["failed_early"]],
    }


def subject_result(
    calls: pd.DataFrame, attempts: pd.DataFrame, faults: pd.DataFrame, *, deadline_s: float, seed: int
) -> SubjectResult:
    """Measure the calls of one subject in one scenario, which carry the columns of `with_upstream`."""
    disturbed = disturbance(faults)
    measured = calls[list(COLUMNS)]
    of_all = measure(measured, deadline_s=deadline_s, disturbed=disturbed, seed=seed)
    failed = calls[calls["status"] != "ok"]
    told = failed["failure"].fillna(failed["status"].map({"wrong": "no failure: a wrong answer"}))
    return SubjectResult(
        **dict(of_all),
        answered_by=_counts(calls["provider"].dropna()),
        asked=_counts(requests(attempts)["provider"]),
        failures=_counts(told.fillna("no reason given")),
        kinds={
            kind: measure(subset, deadline_s=deadline_s, disturbed=disturbed, seed=seed + number)
            for number, (kind, subset) in enumerate(by_kind(measured).items(), 1)
        },
    )


def _counts(values: pd.Series[str]) -> dict[str, int]:
    """The most frequent values, the rest as one."""
    counts = Counter(map(plain, values))
    items = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    rest = sum(number for _, number in items[FAILURES_MAX:])
    return {**dict(items[:FAILURES_MAX]), **({OTHERS: rest} if rest else {})}
