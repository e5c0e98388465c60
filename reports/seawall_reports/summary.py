"""The document `summary.json`: everything a report says, for programs. docs/SUMMARY_SCHEMA.md describes it."""

from __future__ import annotations

from typing import Literal

import pydantic

from seawall_reports.measures import Measures, Number
from seawall_reports.verdict import Verdict

SCHEMA: Literal[1] = 1


class _Document(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class GateResult(_Document):
    """One gate: what was demanded, what was measured.

    `bound` is what `measured` had to keep: `limit`, or with `times` the limit multiplied by that subject's metric.
    """

    subject: str
    metric: str
    kind: Literal["complete", "stream"] | None
    relation: Literal["at_least", "at_most"]
    limit: float
    times: str | None
    bound: Number
    measured: Number
    verdict: Verdict
    demand: str = pydantic.Field(description="the gate in words")
    reason: str = pydantic.Field(description="why the verdict, in words")


class FaultResult(_Document):
    """One entry of the method, and how often it really acted.

    `fired` is the sum over subjects; `fired_by` has each subject that has the target provider. Times are seconds since
    the start of the scenario, the earliest and latest of all subjects.
    """

    entry: int
    fault: str
    on: str
    carriers: list[str]
    params: str = pydantic.Field(description="the fault's parameters, as `name value` pairs")
    windows: int
    planned_start_s: float
    planned_end_s: float
    applied_s: Number
    healed_s: Number
    fired: int
    fired_by: dict[str, int]
    evidence: list[str]


class Load(_Document):
    """Calls intended, sent and recorded for one subject."""

    intended: int
    sent: int
    recorded: int


class SteadyStateResult(_Document):
    """The check before the method."""

    met: bool
    calls: int
    success_rate: float
    at_least: float


class PathCost(_Document):
    """What lies between client and provider costs, measured on requests that no fault touched.

    Milliseconds from when a client began an attempt until a provider had the request: proxies, and the client's own work.
    """

    path: str
    attempts: int
    p50_ms: Number
    p95_ms: Number


class SubjectResult(Measures):
    """One subject in one scenario: all its calls, and by kind. Keys of the counts are provider names or failures."""

    answered_by: dict[str, int] = pydantic.Field(
        description="ok and wrong calls by the provider that answered"
    )
    asked: dict[str, int] = pydantic.Field(description="requests by the provider they were sent to")
    failures: dict[str, int] = pydantic.Field(
        description="calls that are not ok, by what the caller was told"
    )
    kinds: dict[Literal["complete", "stream", "stream_failed_early"], Measures]


class ScenarioResult(_Document):
    """One scenario. The dictionaries are keyed by subject."""

    name: str
    title: str
    description: str
    file: str
    sha256: str
    verdict: Verdict
    reasons: list[str]
    duration_s: float
    time_scale: float
    rate_per_s: float
    arrivals: str
    stream_share: float
    deadline_s: float
    providers: dict[str, str] = pydantic.Field(description="wire by provider, in the order of preference")
    path_cost: PathCost
    load: dict[str, Load]
    steady_state: dict[str, SteadyStateResult]
    faults: list[FaultResult]
    gates: list[GateResult]
    subjects: dict[str, SubjectResult]
    replay: str = pydantic.Field(description="the command that runs this scenario again")
    plots: list[str] = pydantic.Field(default=[], description="pictures, relative to the run's folder")


class Total(_Document):
    """One subject over all scenarios it took part in; the worst is that of any scenario."""

    calls: int
    ok_calls: int
    wrong_calls: int
    success_rate: Number
    worst_p99_ms: Number
    worst_attempts_per_call: Number


class Summary(_Document):
    """One run."""

    schema_version: Literal[1] = pydantic.Field(default=SCHEMA, alias="schema")
    run: str
    created_utc: str
    verdict: Verdict
    exit_code: int
    headline: str
    reasons: list[str]
    partial: bool
    partial_reason: str | None
    seed: int
    engine: str
    command: str
    subjects: list[str]
    reference: str | None = pydantic.Field(description="the subject that the contender is compared with")
    contender: str | None = pydantic.Field(description="the subject that the run is about")
    totals: dict[str, Total]
    versions: dict[str, str]
    host: dict[str, str | int | float]
    scenarios: list[ScenarioResult]
