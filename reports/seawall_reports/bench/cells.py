"""From the recording of the bench to its cells: one subject under one fault, measured."""

from __future__ import annotations

import math
import zlib

import pandas as pd

from seawall_chaos.recording import Recording, ScenarioRecord
from seawall_reports.bench.document import Cell, Fault
from seawall_reports.intervals import wilson
from seawall_reports.measures import Interval
from seawall_reports.subject_result import subject_result
from seawall_reports.summary import SubjectResult
from seawall_reports.upstream import requests, with_upstream
from seawall_reports.wording import count, percent, plain

ORACLE = "oracle"
LATE_MS = 500
LOAD_SHARE_MIN = 0.95
INTERVALS = ("success_rate", "p50_ms", "p95_ms", "p99_ms")


def faults_of(recording: Recording) -> list[Fault]:
    """Every fault of the recording, in its order."""
    calls = with_upstream(recording.calls, recording.attempts)
    return [_fault(recording, scenario, calls) for scenario in recording.manifest.scenarios]


def first_provider(scenario: ScenarioRecord) -> str:
    """The provider that subjects prefer, and that faults are on."""
    return next(iter(scenario.providers))


def _fault(recording: Recording, scenario: ScenarioRecord, calls: pd.DataFrame) -> Fault:
    attempts, windows = recording.attempts, recording.faults
    results = {
        subject: _result(
            recording.manifest.seed,
            scenario,
            *(
                t[(t["scenario"] == scenario.name) & (t["subject"] == subject)]
                for t in (calls, attempts, windows)
            ),
        )
        for subject in scenario.subjects
    }
    oracle_ms = _p99_ms(results[ORACLE][0]) if ORACLE in results else math.nan
    return Fault(
        name=plain(scenario.name),
        title=plain(scenario.title),
        stream=scenario.load.stream_share > 0,
        deadline_s=scenario.load.deadline_s,
        cpu_busy=scenario.cpu_busy,
        cells={
            plain(subject): cell.model_copy(update={"p99_to_oracle": _p99_ms(result) / oracle_ms})
            for subject, (result, cell) in results.items()
        },
    )


def _p99_ms(result: SubjectResult) -> float:
    return math.nan if result.p99_ms is None else result.p99_ms


def _result(
    seed: int, scenario: ScenarioRecord, calls: pd.DataFrame, attempts: pd.DataFrame, windows: pd.DataFrame
) -> tuple[SubjectResult, Cell]:
    subject = str(calls["subject"].iloc[0]) if len(calls) else ""
    own_seed = zlib.crc32(f"{seed}\x00{scenario.name}\x00{subject}".encode())
    result = subject_result(calls, attempts, windows, deadline_s=scenario.load.deadline_s, seed=own_seed)
    late = int((calls["latency_ms"] > LATE_MS).sum())
    fired = int(windows["fired"].sum())
    intervals = {name: result.intervals[name] for name in INTERVALS if name in result.intervals}
    shares: dict[str, Interval | None] = {"over_500_share": wilson(late, len(calls))}
    return result, Cell(
        calls=result.calls,
        success_rate=result.success_rate,
        wrong_calls=result.wrong_calls,
        failed_calls=result.failed_calls,
        unfinished_calls=result.unfinished_calls,
        p50_ms=result.p50_ms,
        p95_ms=result.p95_ms,
        p99_ms=result.p99_ms,
        max_ms=result.max_ms,
        over_500_share=late / len(calls) if len(calls) else math.nan,
        calls_per_request=result.attempts_per_call,
        first_provider_calls=int((requests(attempts)["provider"] == first_provider(scenario)).sum()),
        overshoot_p99_ms=result.deadline_overshoot_p99_ms,
        p99_to_oracle=math.nan,
        fired=fired,
        failures=result.failures,
        intervals=intervals | {name: found for name, found in shares.items() if found is not None},
        doubt=_doubt(scenario, subject, result.calls, fired),
    )


def _doubt(scenario: ScenarioRecord, subject: str, calls: int, fired: int) -> str | None:
    """Why this subject under this fault decides nothing; None if it decides."""
    if scenario.status == "partial":
        return "the run was cut short in it"
    steady, load = scenario.steady_state.get(subject), scenario.load_count.get(subject)
    if steady is None or not steady.met:
        rate = "unknown" if steady is None else f"{percent(steady.success_rate)} % ok"
        return f"it was not in its steady state before the fault ({rate})"
    if load is None or load.sent < LOAD_SHARE_MIN * load.intended or calls < load.sent:
        return f"of {count(load.intended if load else 0, 'call')} only {calls} were made and recorded"
    # The oracle meets no fault: that is what it is for.
    if scenario.method and not fired and subject != ORACLE:
        return "the fault never fired for it"
    return None
