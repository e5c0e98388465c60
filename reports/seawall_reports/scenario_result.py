"""One scenario of a recording, judged."""

from __future__ import annotations

import zlib

import pandas as pd

from seawall_chaos.recording import Manifest, Recording, ScenarioRecord
from seawall_reports.doubts import doubts
from seawall_reports.fault_results import fault_results
from seawall_reports.gate_results import evaluate
from seawall_reports.path_cost import path_cost
from seawall_reports.replay import replay_command
from seawall_reports.subject_result import subject_result
from seawall_reports.summary import GateResult, Load, ScenarioResult, SteadyStateResult, SubjectResult
from seawall_reports.verdict import Verdict
from seawall_reports.wording import count, plain

DESCRIPTION_CHARS = 1000
REASON_CHARS = 400


def scenario_result(recording: Recording, scenario: ScenarioRecord, calls: pd.DataFrame) -> ScenarioResult:
    """Measure and judge one scenario; `calls` are those of the run with the columns of `with_upstream`."""
    calls = calls[calls["scenario"] == scenario.name]
    attempts = recording.attempts[recording.attempts["scenario"] == scenario.name]
    faults = recording.faults[recording.faults["scenario"] == scenario.name]
    subjects = _subjects(recording.manifest, scenario, calls, attempts, faults)
    unsure = [plain(doubt, REASON_CHARS) for doubt in doubts(scenario, calls, attempts, faults)]
    gates = [evaluate(gate, subjects) for gate in scenario.expect]
    verdict, reasons = judge(unsure, gates)
    return ScenarioResult(
        name=plain(scenario.name),
        title=plain(scenario.title),
        description=plain(scenario.description, DESCRIPTION_CHARS),
        file=plain(scenario.file),
        sha256=plain(scenario.sha256),
        verdict=verdict,
        reasons=reasons,
        duration_s=scenario.duration_s,
        time_scale=scenario.time_scale,
        **scenario.load.model_dump(),
        providers={plain(name): provider.wire for name, provider in scenario.providers.items()},
        path_cost=path_cost(scenario.path, attempts),
        load=_load(scenario, calls),
        steady_state={
            name: SteadyStateResult.model_validate(steady.model_dump())
            for name, steady in scenario.steady_state.items()
        },
        faults=fault_results(scenario, faults),
        gates=gates,
        subjects=subjects,
        replay=replay_command(recording.manifest, scenario),
    )


def judge(doubts: list[str], gates: list[GateResult]) -> tuple[Verdict, list[str]]:
    """The verdict on a scenario and why. What proves nothing is INCONCLUSIVE, whatever its gates say."""
    missed = [gate.reason for gate in gates if gate.verdict is Verdict.FAIL]
    unmeasured = [gate.reason for gate in gates if gate.verdict is Verdict.INCONCLUSIVE]
    if doubts:
        return Verdict.INCONCLUSIVE, doubts + unmeasured + missed
    if missed:
        return Verdict.FAIL, missed + unmeasured
    if unmeasured:
        return Verdict.INCONCLUSIVE, unmeasured
    return Verdict.PASS, [
        f"{count(len(gates), 'gate')} of {len(gates)} met; every fault fired; the load arrived"
    ]


def _subjects(
    manifest: Manifest,
    scenario: ScenarioRecord,
    calls: pd.DataFrame,
    attempts: pd.DataFrame,
    faults: pd.DataFrame,
) -> dict[str, SubjectResult]:
    return {
        subject: subject_result(
            calls[calls["subject"] == subject],
            attempts[attempts["subject"] == subject],
            faults[faults["subject"] == subject],
            deadline_s=scenario.load.deadline_s,
            seed=zlib.crc32(f"{manifest.seed}\x00{scenario.name}\x00{subject}".encode()),
        )
        for subject in scenario.subjects
    }


def _load(scenario: ScenarioRecord, calls: pd.DataFrame) -> dict[str, Load]:
    recorded = calls["subject"].value_counts()
    return {
        subject: Load(intended=load.intended, sent=load.sent, recorded=int(recorded.get(subject, 0)))
        for subject, load in scenario.load_count.items()
    }
