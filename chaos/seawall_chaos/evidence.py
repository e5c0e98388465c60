"""From what both sides saw to the rows of a recording. Nothing here talks to a process."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from seawall_chaos.endpoints import Firing, Injection
from seawall_chaos.faults import Fault
from seawall_chaos.load import PlannedCall
from seawall_chaos.outcome import AttemptNote, Outcome
from seawall_chaos.recording import Attempt, Call, CallStatus, FaultWindow
from seawall_chaos.timeline import Window


@dataclasses.dataclass(frozen=True, kw_only=True)
class InjectedWindow:
    """A window of the method as it came about; `injection` is None if the run ended before it."""

    window: Window
    fault: Fault
    carrier: str
    injection: Injection | None
    firings: Sequence[Firing]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Evidence:
    """All that is known of one subject in one scenario.

    Times are `time.monotonic()`; `start_s` is the scenario's zero and `end_s` when the harness stopped waiting.
    `journal` holds the providers' rows (None: they are lost, and what clients were told cannot be judged),
    `started` and `outcomes` the worker's, by call number.
    """

    scenario: str
    subject: str
    start_s: float
    end_s: float
    plan: Sequence[PlannedCall]
    started: Mapping[int, float]
    outcomes: Mapping[int, Outcome]
    journal: Sequence[Mapping[str, Any]] | None
    windows: Sequence[InjectedWindow] = ()

    def answers(self) -> dict[str, set[str]] | None:
        """What providers meant to say, as SHA-256 of the text, by call id."""
        if self.journal is None:
            return None
        meant: dict[str, set[str]] = {}
        for row in self.journal:
            if row["answer_sha256"] is not None:
                meant.setdefault(call_id_of(row["client_request_id"]) or "", set()).add(row["answer_sha256"])
        return meant


def call_id_of(client_request_id: str | None) -> str | None:
    """The call that a request belongs to: its id without the attempt's number."""
    return client_request_id.rpartition("-")[0] if client_request_id else None


def success_rate(evidence: Evidence) -> float:
    """The share of the intended calls that are ok."""
    rows = list(call_rows(evidence))
    return sum(row.status == "ok" for row in rows) / max(1, len(evidence.plan))


def call_rows(evidence: Evidence) -> Iterator[Call]:
    """One row for every call that was sent."""
    meant = evidence.answers()
    for planned in evidence.plan:
        if planned.number not in evidence.started:
            continue
        outcome = evidence.outcomes.get(planned.number) or _abandoned(planned, evidence)
        status = _status(outcome, None if meant is None else meant.get(planned.call_id, set()))
        started_s, finished_s = outcome.started_s - evidence.start_s, outcome.finished_s - evidence.start_s
        first_token_s = None if outcome.first_token_s is None else outcome.first_token_s - evidence.start_s
        yield Call(
            scenario=evidence.scenario,
            subject=evidence.subject,
            call=planned.number,
            call_id=planned.call_id,
            kind=planned.kind,
            intended_s=planned.intended_s,
            started_s=started_s,
            first_token_s=first_token_s,
            finished_s=finished_s,
            status=status,
            provider=_answered_by(outcome) if status in {"ok", "wrong"} else None,
            failure=outcome.failure,
            latency_ms=(finished_s - planned.intended_s) * 1000,
            first_token_ms=None if first_token_s is None else (first_token_s - planned.intended_s) * 1000,
            attempts=len(outcome.attempts) or None,
            output_chars=outcome.chars,
            restarts=outcome.restarts,
        )


def _abandoned(planned: PlannedCall, evidence: Evidence) -> Outcome:
    return Outcome(
        number=planned.number,
        started_s=evidence.started[planned.number],
        finished_s=evidence.end_s,
        first_token_s=None,
        gave_up=True,
        failure="never reported",
        text_sha256="",
        chars=0,
        restarts=0,
        attempts=(),
    )


def _status(outcome: Outcome, meant: set[str] | None) -> CallStatus:
    if outcome.gave_up:
        return "unfinished"
    if outcome.failure is not None:
        return "failed"
    if meant is None:
        return "unfinished"
    return "ok" if outcome.text_sha256 in meant else "wrong"


def _answered_by(outcome: Outcome) -> str | None:
    return next((a.provider for a in reversed(outcome.attempts) if a.outcome == "answered"), None)


def attempt_rows(evidence: Evidence) -> Iterator[Attempt]:
    """One row for every request that the client says it made, and one for every request a provider saw."""
    ids = {planned.call_id for planned in evidence.plan}
    faults = {
        firing.client_request_id: injected.window.fault
        for injected in evidence.windows
        for firing in injected.firings
        if firing.client_request_id
    }
    for outcome in evidence.outcomes.values():
        for note in outcome.attempts:
            yield _client_row(evidence, note, faults.get(note.client_request_id))
    for row in evidence.journal or ():
        if call_id_of(row["client_request_id"]) in ids:
            yield _provider_row(evidence, row, faults.get(row["client_request_id"]))


def _since(evidence: Evidence, monotonic_s: float | None) -> float | None:
    return None if monotonic_s is None else monotonic_s - evidence.start_s


def _client_row(evidence: Evidence, note: AttemptNote, fault: str | None) -> Attempt:
    return Attempt(
        scenario=evidence.scenario,
        subject=evidence.subject,
        side="client",
        call_id=call_id_of(note.client_request_id),
        client_request_id=note.client_request_id,
        provider=note.provider,
        started_s=note.started_s - evidence.start_s,
        first_byte_s=_since(evidence, note.first_byte_s),
        finished_s=_since(evidence, note.finished_s),
        status=note.status,
        failure=note.failure,
        fault=fault,
        tokens=None,
        outcome=note.outcome,
        breaker=note.breaker,
    )


def _provider_row(evidence: Evidence, row: Mapping[str, Any], fault: str | None) -> Attempt:
    own = ", ".join(dict.fromkeys(found["fault"] for found in row["faults"]))
    return Attempt(
        scenario=evidence.scenario,
        subject=evidence.subject,
        side="provider",
        call_id=call_id_of(row["client_request_id"]),
        client_request_id=row["client_request_id"],
        provider=row["provider"],
        started_s=row["arrived_monotonic_s"] - evidence.start_s,
        first_byte_s=_since(evidence, row["first_byte_monotonic_s"]),
        finished_s=_since(evidence, row["finished_monotonic_s"]),
        status=row["status"],
        failure=None,
        fault=own or fault,
        tokens=row["tokens_sent"],
        outcome=row["outcome"],
        breaker=None,
    )


def fault_rows(evidence: Evidence) -> Iterator[FaultWindow]:
    """One row for every window of the method, with how often the fault really acted."""
    for injected in evidence.windows:
        window, injection = injected.window, injected.injection
        fired, proof = _fired(evidence, injected)
        document = injected.fault.document()
        yield FaultWindow(
            scenario=evidence.scenario,
            subject=evidence.subject,
            entry=window.entry,
            window=window.window,
            fault=window.fault,
            on=window.on,
            carrier=injected.carrier,
            params=json.dumps({key: value for key, value in document.items() if key != "fault"}),
            planned_start_s=window.start_s,
            planned_end_s=window.end_s,
            applied_s=_since(evidence, injection.applied_monotonic_s if injection else None),
            healed_s=_since(evidence, injection.healed_monotonic_s if injection else None),
            fired=fired,
            evidence=proof,
        )


def _fired(evidence: Evidence, injected: InjectedWindow) -> tuple[int, str]:
    """How often a fault acted on the client under test, and how that is known.

    A refused connection reaches nobody who could count it. Then a canary that was refused proves that the fault
    was in force, and the client's own attempts that got no answer and that no provider saw are the count.
    """
    acted = [firing for firing in injected.firings if not firing.canary]
    if acted:
        return len(acted), acted[0].evidence
    canaries = [firing for firing in injected.firings if firing.canary]
    if not canaries or injected.injection is None:
        return 0, "nothing was seen to act"
    begin_s = injected.injection.applied_monotonic_s
    end_s = injected.injection.healed_monotonic_s or evidence.end_s
    seen = {row["client_request_id"] for row in evidence.journal or ()}
    met = sum(
        note.provider == injected.window.on
        and begin_s <= note.started_s <= end_s
        and note.status is None
        and note.client_request_id not in seen
        for outcome in evidence.outcomes.values()
        for note in outcome.attempts
    )
    return met, f"attempts that reached nobody while a canary met: {canaries[0].evidence}"
