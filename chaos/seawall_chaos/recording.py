"""The recording of a run: three Parquet tables and a manifest. All that reports know of the harness.

A recording lies in the folder `recording/` of its run. Times ending in `_s` inside the tables are seconds
since the start of their scenario; one clock serves all processes of a run.
"""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq
import pydantic

from seawall_chaos.gates import Gate

if TYPE_CHECKING:
    import pandas as pd

SCHEMA: Literal[1] = 1
FOLDER = "recording"
MANIFEST = "manifest.json"
TABLES = ("calls", "attempts", "faults")

Kind = Literal["complete", "stream"]
CallStatus = Literal["ok", "failed", "wrong", "unfinished"]


class RecordingError(Exception):
    """A recording that is missing, unreadable or of another schema; the message names the file."""


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request by a caller.

    `wrong` means that the client returned a text which is not what the provider meant to say. An
    `unfinished` call was given up by the harness at `finished_s`, so its latency is a lower bound, or could not be
    judged since the providers' journals were lost (the run is partial then).
    `latency_ms` and `first_token_ms` count from the intended start. `attempts` is the client's own word.
    """

    scenario: str
    subject: str
    call: int
    call_id: str
    kind: Kind
    intended_s: float
    started_s: float
    first_token_s: float | None
    finished_s: float
    status: CallStatus
    provider: str | None
    failure: str | None
    latency_ms: float
    first_token_ms: float | None
    attempts: int | None
    output_chars: int
    restarts: int


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One request to one provider, as the client (`side` "client") or the provider saw it.

    `fault` names what was injected into it, as far as that side knows; `failure` is the client's word,
    `outcome` the provider's ("complete", "client_left", "faulted", "rejected") or the client's.
    """

    scenario: str
    subject: str
    side: Literal["client", "provider"]
    call_id: str | None
    client_request_id: str | None
    provider: str
    started_s: float
    first_byte_s: float | None
    finished_s: float | None
    status: int | None
    failure: str | None
    fault: str | None
    tokens: int | None
    outcome: str | None
    breaker: str | None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class FaultWindow:
    """One stretch of time in which one entry of the method was in force for one subject.

    `fired` counts how often the fault really acted; `evidence` says how that is known. `params` is JSON.
    """

    scenario: str
    subject: str
    entry: int
    window: int
    fault: str
    on: str
    carrier: str
    params: str
    planned_start_s: float
    planned_end_s: float
    applied_s: float | None
    healed_s: float | None
    fired: int
    evidence: str


class _Document(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class LoadPlan(_Document):
    """What was to be sent: open loop, latency counted from the intended start."""

    rate_per_s: float
    arrivals: Literal["poisson", "constant"]
    stream_share: float
    deadline_s: float


class LoadCount(_Document):
    """How many calls were intended and how many of them were really sent."""

    intended: int
    sent: int


class SteadyState(_Document):
    """The check before the method: calls made without any fault, and whether enough of them were right."""

    met: bool
    calls: int
    success_rate: float
    at_least: float


class MethodEntry(_Document):
    """One line of the method: `times` windows of `for_s`, the first at `at_s`, one every `every_s`."""

    entry: int
    fault: str
    on: str
    params: dict[str, Any]
    at_s: float
    for_s: float
    every_s: float | None = None
    times: int = 1


class ProviderRecord(_Document):
    """One fake provider as the scenario describes it."""

    wire: str
    model: str
    behaviour: dict[str, Any] = {}


class ScenarioRecord(_Document):
    """One scenario of a run, and how far it came. The dictionaries are keyed by subject or provider.

    `cpu_busy` is the share of all cores that was busy meanwhile (0 to 1), with whatever; None where nobody could say.
    """

    name: str
    title: str
    description: str
    file: str
    sha256: str
    path: str
    duration_s: float
    time_scale: float = 1.0
    load: LoadPlan
    providers: dict[str, ProviderRecord]
    subjects: list[str]
    status: Literal["complete", "partial"]
    steady_state: dict[str, SteadyState]
    load_count: dict[str, LoadCount]
    cpu_busy: float | None = None
    method: list[MethodEntry]
    expect: list[Gate]


class Manifest(_Document):
    """What was run, with what, where; `partial` says that the run did not come to its end, and why."""

    schema_version: Literal[1] = pydantic.Field(default=SCHEMA, alias="schema")
    run: str
    created_utc: str
    partial: bool
    partial_reason: str | None
    seed: int
    engine: Literal["wire"] = "wire"
    subjects: list[str]
    versions: dict[str, str]
    host: dict[str, str | int | float]
    command: str
    scenarios: list[ScenarioRecord]


def _column(annotation: str) -> tuple[pa.DataType, bool]:
    names = {"str": pa.string(), "int": pa.int64(), "float": pa.float64(), "Kind": pa.string()}
    base, _, null = annotation.partition(" | ")
    return names.get(base, pa.string()), null == "None"


def _schema(row: type) -> pa.Schema:
    columns = [(field.name, *_column(str(field.type))) for field in dataclasses.fields(row)]
    return pa.schema([pa.field(name, kind, nullable=nullable) for name, kind, nullable in columns])


SCHEMAS: dict[str, pa.Schema] = {
    "calls": _schema(Call),
    "attempts": _schema(Attempt),
    "faults": _schema(FaultWindow),
}


@dataclasses.dataclass(frozen=True)
class Recording:
    """A recording read back. Columns are the fields of `Call`, `Attempt` and `FaultWindow`."""

    manifest: Manifest
    calls: pd.DataFrame
    attempts: pd.DataFrame
    faults: pd.DataFrame

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> Recording:
        """Read the recording of the run folder `path` (or the folder `recording` inside it).

        Raises:
            RecordingError: a file is missing, unreadable or of another schema.
        """
        folder = Path(path)
        if not (folder / MANIFEST).is_file():
            folder = folder / FOLDER
        manifest = _read_manifest(folder / MANIFEST)
        tables = {name: _read_table(folder / f"{name}.parquet", SCHEMAS[name]) for name in TABLES}
        return cls(manifest, **tables)


def _read_manifest(path: Path) -> Manifest:
    try:
        return Manifest.model_validate_json(path.read_bytes())
    except OSError as error:
        raise RecordingError(f"{path}: no recording there ({error.strerror})") from error
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise RecordingError(f"{path}: {where or 'not JSON'}: {first['msg']}") from error


def _read_table(path: Path, schema: pa.Schema) -> pd.DataFrame:
    import pandas as pd  # noqa: PLC0415 - those who write a recording need no data frames

    try:
        table = pq.read_table(path)
    except (OSError, pa.ArrowException) as error:
        raise RecordingError(f"{path}: cannot be read as Parquet") from error
    if table.schema.names != schema.names:
        raise RecordingError(f"{path}: has columns {table.schema.names}, not {schema.names}")
    frame: pd.DataFrame = table.cast(schema).to_pandas(types_mapper={pa.int64(): pd.Int64Dtype()}.get)
    return frame


class RecordingWriter:
    """Collects rows and writes them so that what lies in the folder is a whole recording at every moment."""

    def __init__(self, run_folder: str | os.PathLike[str]) -> None:
        """Rows go to `run_folder`/recording, which is created."""
        self.folder = Path(run_folder) / FOLDER
        self.folder.mkdir(parents=True, exist_ok=True)
        self._rows: dict[str, list[dict[str, Any]]] = {name: [] for name in TABLES}

    def add(self, rows: Iterable[Call | Attempt | FaultWindow]) -> None:
        """Keep rows for the next `write`."""
        tables = {Call: "calls", Attempt: "attempts", FaultWindow: "faults"}
        for row in rows:
            self._rows[tables[type(row)]].append(dataclasses.asdict(row))

    def write(self, manifest: Manifest) -> None:
        """Replace what is in the folder by all rows so far and this manifest."""
        for name, rows in self._rows.items():
            table = pa.Table.from_pylist(rows, schema=SCHEMAS[name])
            part = self.folder / f".{name}.parquet.part"
            pq.write_table(table, part)
            part.replace(self.folder / f"{name}.parquet")
        part = self.folder / f".{MANIFEST}.part"
        part.write_text(manifest.model_dump_json(by_alias=True, indent=2) + "\n", encoding="utf-8")
        part.replace(self.folder / MANIFEST)
