"""What `make security` measured, as `security.json` has it."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pydantic

from seawall_reports.intervals import wilson
from seawall_reports.measures import Interval

SCHEMA: Literal[1] = 1
MEASURED = "security.json"


class _Document(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)


class Figure(_Document):
    """One figure: a share (`hits` of `count`, of which `better` says what is good), or a `value` with its `unit`.

    `tags` are its places in published lists. Shares are held to the baseline unless `held` is false.
    """

    id: str
    group: str
    name: str
    hits: int | None = None
    count: int | None = None
    better: Literal["higher", "lower"] | None = None
    value: float | None = None
    unit: str = ""
    tags: dict[str, str] = {}
    held: bool = True

    @property
    def share(self) -> float | None:
        """The measured share; None for what is none, or where nothing was counted."""
        return None if self.hits is None or not self.count else self.hits / self.count

    @property
    def interval(self) -> Interval | None:
        """Its 95 % interval, by Wilson."""
        return None if self.hits is None or not self.count else wilson(self.hits, self.count)


class Curve(_Document):
    """False and true positives of the firewall on one channel, over all thresholds and at the default one."""

    points: list[tuple[float, float]]
    auc: float
    attacks: int
    harmless: int
    threshold: float
    at_threshold: tuple[float, float]


class Miss(_Document):
    """An entry of the payload catalogue whose verdict does not hold, and what became of it."""

    id: str
    family: str
    severity: str
    why: str


class MissedRow(_Document):
    """A row of somebody else's corpus, of which nothing is told but where it is from and the beginning of its hash."""

    kind: str
    source: str
    tier: str
    sha256: str


class Corpus(_Document):
    """One file of labelled rows."""

    rows: int
    sha256: str


class Measured(_Document):
    """All that was measured. `baseline` has the counts of each figure that is held, as they were before."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    schema_: Literal[1] = pydantic.Field(alias="schema")
    created_utc: str
    seed: int
    versions: dict[str, str]
    host: dict[str, str | int]
    corpora: dict[str, Corpus] | None
    packages: dict[str, str]
    figures: list[Figure]
    curves: dict[str, Curve]
    misses: list[Miss]
    missed_rows: list[MissedRow]
    baseline: dict[str, tuple[int, int]]

    @classmethod
    def read(cls, folder: Path) -> Measured:
        """What lies in `folder`. Raises OSError or pydantic.ValidationError."""
        return cls.model_validate_json((folder / MEASURED).read_bytes())
