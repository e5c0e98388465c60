"""`figures.json`: what the bench measured beside the recording. With the recording, all that its report knows."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pydantic

SCHEMA: Literal[2] = 2
FIGURES = "figures.json"


class _Document(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid", populate_by_name=True)


class Round(_Document):
    """What one contender's turn gave: CPU time of its process for a call, calls/s at 64 callers, import, memory."""

    cpu_us: float
    rate_per_s: float
    import_ms: float
    import_mb: float


class Contender(_Document):
    """A way to make a call. `growth_mb` is what memory grew by over `growth_calls` calls, after a warm-up.

    `packages` counts the distributions that installing it brings, itself included; None where nobody counts them.
    `sdks` are the providers' SDKs that its import loads.
    """

    rounds: list[Round]
    growth_mb: float | None = None
    growth_calls: int = 0
    packages: int | None = None
    sdks: list[str] = []


class SimulatorRate(_Document):
    """What one fake provider sustains on 16 connections."""

    what: str
    rate_per_s: float
    p50_ms: float
    p99_ms: float
    rounds: int


class ScaleRow(_Document):
    """A crowd of callers at once, one figure of what became of them, and what it has to keep."""

    what: str
    unit: str = ""
    measured: float
    relation: Literal["at_most", "at_least"]
    bound: float


class Figures(_Document):
    """All of it. `partial` says why it did not come to its end; `skipped` has the reason for each rival left out.

    `quick` runs make too few calls to meet a target. `cpu_busy` is the share of all cores that was busy while the costs
    were measured, the bench's own work included.
    """

    schema_version: Literal[2] = pydantic.Field(default=SCHEMA, alias="schema")
    created_utc: str
    seed: int
    quick: bool
    partial: str | None = None
    host: dict[str, str | int | float]
    versions: dict[str, str] = {}
    skipped: dict[str, str] = {}
    contenders: dict[str, Contender] = {}
    core_us: list[float] = []
    cpu_busy: float | None = None
    simulators: list[SimulatorRate] = []
    scale: list[ScaleRow] = []

    def write(self, folder: Path) -> None:
        """Replace the file in `folder`, so that it is whole at every moment."""
        part = folder / f".{FIGURES}.part"
        part.write_text(self.model_dump_json(by_alias=True, indent=2) + "\n", encoding="utf-8")
        part.replace(folder / FIGURES)

    @classmethod
    def read(cls, folder: Path) -> Figures:
        """Read them back. Raises OSError, or pydantic.ValidationError where it is something else."""
        return cls.model_validate_json((folder / FIGURES).read_bytes())
