"""The document `bench.json`: everything the bench's report says, for programs. docs/BENCH.md describes it."""

from __future__ import annotations

import enum
from typing import Literal

import pydantic

from seawall_reports.measures import Interval, Number

SCHEMA: Literal[2] = 2


class Mark(enum.StrEnum):
    """What became of a target."""

    MET = "met"
    MISSED = "missed"
    TOO_FEW = "not enough calls"
    INCONCLUSIVE = "inconclusive"
    UNMEASURED = "not measured"


class _Document(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Target(_Document):
    """One target: what was measured (of `of`), what it had to keep, and whether it did.

    `interval` is a 95 % confidence interval for a fault's measures, and the least and most of the rounds for a cost.
    `note` says why it is neither met nor missed.
    """

    what: str
    of: str
    unit: str
    measured: Number
    interval: Interval | None
    relation: Literal["at_most", "at_least"]
    bound: Number
    mark: Mark
    note: str = ""


class Cell(_Document):
    """One subject under one fault. Latencies in milliseconds from the intended start, failed calls included.

    `over_500_share` is the share of calls that took longer than half a second; `p99_to_oracle` the ratio of both p99.
    `first_provider_calls` counts requests to the provider that the fault is on; `fired` how often the fault acted.
    `doubt` says why the cell decides nothing.
    """

    calls: int
    success_rate: Number
    wrong_calls: int
    failed_calls: int
    unfinished_calls: int
    p50_ms: Number
    p95_ms: Number
    p99_ms: Number
    max_ms: Number
    over_500_share: Number
    calls_per_request: Number
    first_provider_calls: int
    overshoot_p99_ms: Number
    p99_to_oracle: Number
    fired: int
    failures: dict[str, int]
    intervals: dict[str, Interval]
    doubt: str | None


class Fault(_Document):
    """One fault, all subjects side by side. `cpu_busy` is the share of all cores that was busy meanwhile."""

    name: str
    title: str
    stream: bool
    deadline_s: float
    cpu_busy: Number
    cells: dict[str, Cell]


class Contender(_Document):
    """What a way to make a call costs: medians of the rounds."""

    cpu_us: Number
    rate_per_s: Number
    import_ms: Number
    import_mb: Number
    growth_mb: Number
    growth_calls: int
    packages: int | None


class Simulator(_Document):
    """What one fake provider sustains on 16 connections."""

    what: str
    rate_per_s: float
    p50_ms: float
    p99_ms: float


class BenchReport(_Document):
    """One run of the bench."""

    schema_version: Literal[2] = pydantic.Field(default=SCHEMA, alias="schema")
    run: str
    created_utc: str
    headline: str
    partial: str | None
    quick: bool
    seed: int
    host: dict[str, str | int | float]
    versions: dict[str, str]
    skipped: dict[str, str] = pydantic.Field(description="rivals left out, and why")
    cost_cpu_busy: Number
    targets: list[Target]
    contenders: dict[str, Contender]
    simulators: list[Simulator]
    faults: list[Fault]
    plots: list[str] = pydantic.Field(default=[], description="pictures, relative to the run's folder")
