"""From a recording to the summary of its run."""

from __future__ import annotations

from collections.abc import Sequence

from seawall_chaos.recording import Manifest, Recording
from seawall_reports.scenario_result import scenario_result
from seawall_reports.summary import ScenarioResult, Summary
from seawall_reports.totals import total
from seawall_reports.upstream import with_upstream
from seawall_reports.verdict import Verdict, worst
from seawall_reports.wording import count, plain

REFERENCE = "baseline"
CONTENDER = "seawall"
COMMAND_CHARS = 500


def summarise(recording: Recording) -> Summary:
    """Measure and judge a whole run, from the recording alone."""
    manifest = recording.manifest
    calls = with_upstream(recording.calls, recording.attempts)
    scenarios = [scenario_result(recording, scenario, calls) for scenario in manifest.scenarios]
    cut_short = [Verdict.INCONCLUSIVE] if manifest.partial else []
    verdict = worst([*(scenario.verdict for scenario in scenarios), *cut_short])
    reference, contender = compared(manifest.subjects)
    return Summary(
        run=plain(manifest.run),
        created_utc=plain(manifest.created_utc),
        verdict=verdict,
        exit_code=verdict.exit_code,
        headline=headline(verdict, scenarios),
        reasons=_reasons(manifest, scenarios),
        partial=manifest.partial,
        partial_reason=None if manifest.partial_reason is None else plain(manifest.partial_reason),
        seed=manifest.seed,
        engine=manifest.engine,
        command=plain(manifest.command, COMMAND_CHARS),
        subjects=manifest.subjects,
        reference=reference,
        contender=contender,
        totals={subject: total(subject, scenarios) for subject in manifest.subjects},
        versions={plain(name): plain(version) for name, version in manifest.versions.items()},
        host={
            plain(name): plain(fact) if isinstance(fact, str) else fact
            for name, fact in manifest.host.items()
        },
        scenarios=scenarios,
    )


def compared(subjects: Sequence[str]) -> tuple[str | None, str | None]:
    """The subject to compare with and the one that the run is about; None where there is no such subject."""
    contender = CONTENDER if CONTENDER in subjects else next(iter(subjects[-1:]), None)
    others = [subject for subject in subjects if subject != contender]
    return (REFERENCE if REFERENCE in others else next(iter(others), None)), contender


def headline(verdict: Verdict, scenarios: Sequence[ScenarioResult]) -> str:
    """The verdict on a run as one sentence."""
    if not scenarios:
        return "No scenario was run to its end."
    gates = [gate for scenario in scenarios for gate in scenario.gates]
    of_gates, of_scenarios = count(len(gates), "gate"), count(len(scenarios), "scenario")
    doubtful = sum(scenario.verdict is Verdict.INCONCLUSIVE for scenario in scenarios)
    doubt = f"{doubtful} of {of_scenarios} {'proves' if doubtful == 1 else 'prove'} nothing"
    if verdict is Verdict.PASS:
        fired = "every fault fired" if any(s.faults for s in scenarios) else "no fault was asked for"
        return f"{len(gates)} of {of_gates} met in {of_scenarios}; {fired}, and all load arrived."
    if verdict is Verdict.FAIL:
        missed = sum(gate.verdict is Verdict.FAIL for gate in gates)
        failed = sum(scenario.verdict is Verdict.FAIL for scenario in scenarios)
        also = f"; {doubt}" if doubtful else ""
        return f"{missed} of {of_gates} missed; {failed} of {of_scenarios} failed{also}."
    if doubtful:
        return f"{doubt}, so nothing can be signed."
    return "The run was cut short, so nothing can be signed."


def _reasons(manifest: Manifest, scenarios: Sequence[ScenarioResult]) -> list[str]:
    """What kept the run from passing, the worst first; nothing for one that passed."""
    order = [Verdict.FAIL, Verdict.INCONCLUSIVE]
    troubled = sorted((s for s in scenarios if s.verdict in order), key=lambda s: order.index(s.verdict))
    reasons = [f"{scenario.name}: {reason}" for scenario in troubled for reason in scenario.reasons]
    if manifest.partial:
        reasons.insert(
            0, f"the run was cut short: {plain(manifest.partial_reason or 'no reason was recorded')}"
        )
    return reasons
