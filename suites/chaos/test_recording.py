"""A recording is whole at every moment, and says what is wrong with it when it is read."""

import dataclasses
import json

import pytest

from seawall_chaos.gates import METRICS, Gate
from seawall_chaos.recording import (
    SCHEMAS,
    Attempt,
    Call,
    FaultWindow,
    Manifest,
    Recording,
    RecordingError,
    RecordingWriter,
)

CALL = Call(
    scenario="outage",
    subject="seawall",
    call=1,
    call_id="outage.00001",
    kind="stream",
    intended_s=0.5,
    started_s=0.501,
    first_token_s=0.6,
    finished_s=0.7,
    status="ok",
    provider="beta",
    failure=None,
    latency_ms=200.0,
    first_token_ms=100.0,
    attempts=2,
    output_chars=70,
    restarts=0,
)


def manifest(**changes):
    given = {
        "run": "r",
        "created_utc": "2026-11-22T18:45:00+00:00",
        "partial": False,
        "partial_reason": None,
        "seed": 1,
        "subjects": ["seawall"],
        "versions": {},
        "host": {},
        "command": "seawall chaos run",
        "scenarios": [],
    }
    return Manifest.model_validate(given | changes)


def test_what_is_written_is_read_back(tmp_path):
    """Rows, their types, and nulls as nulls."""
    writer = RecordingWriter(tmp_path)
    writer.add([CALL, dataclasses.replace(CALL, call=2, provider=None, attempts=None, first_token_s=None)])
    writer.write(manifest())

    recording = Recording.open(tmp_path)

    assert recording.manifest == manifest()
    written = {name: value for name, value in dataclasses.asdict(CALL).items() if value is not None}
    assert recording.calls.iloc[0].dropna().to_dict() == written
    assert recording.calls["attempts"].isna().tolist() == [False, True]
    assert recording.calls["provider"].isna().tolist() == [False, True]
    assert len(recording.attempts) == len(recording.faults) == 0


@pytest.mark.parametrize(("table", "row"), [("calls", Call), ("attempts", Attempt), ("faults", FaultWindow)])
def test_columns_are_the_fields_of_a_row(tmp_path, table, row):
    """Also of a table without rows."""
    RecordingWriter(tmp_path).write(manifest())

    names = [field.name for field in dataclasses.fields(row)]
    assert SCHEMAS[table].names == names
    assert list(getattr(Recording.open(tmp_path), table).columns) == names


def test_each_write_replaces_all_and_leaves_no_part(tmp_path):
    """What lies in the folder belongs together, whenever one looks."""
    writer = RecordingWriter(tmp_path)
    writer.write(manifest(partial=True, partial_reason="still going on"))
    writer.add([CALL])
    writer.write(manifest())

    assert not Recording.open(tmp_path).manifest.partial
    assert len(Recording.open(tmp_path / "recording").calls) == 1
    assert sorted(path.name for path in (tmp_path / "recording").iterdir()) == [
        "attempts.parquet",
        "calls.parquet",
        "faults.parquet",
        "manifest.json",
    ]


def test_what_cannot_be_read_is_named(tmp_path):
    """No folder, no JSON, another schema, a table that is none."""
    with pytest.raises(RecordingError, match=r"manifest\.json: no recording there"):
        Recording.open(tmp_path)
    RecordingWriter(tmp_path).write(manifest())
    file = tmp_path / "recording" / "manifest.json"
    good = file.read_text(encoding="utf-8")
    for bad, said in [
        ("{", "not JSON"),
        (json.dumps(json.loads(good) | {"schema": 2}), "schema"),
        (json.dumps(json.loads(good) | {"surprise": 2}), "surprise"),
    ]:
        file.write_text(bad, encoding="utf-8")
        with pytest.raises(RecordingError, match=f"manifest.json: {said}"):
            Recording.open(tmp_path)
    file.write_text(good, encoding="utf-8")
    (tmp_path / "recording" / "calls.parquet").write_bytes(b"PAR1")
    with pytest.raises(RecordingError, match=r"calls\.parquet: cannot be read"):
        Recording.open(tmp_path)


@pytest.mark.parametrize(
    "bad",
    [
        {"metric": "p99"},
        {"at_most": 1.0},
        {"at_least": None},
        {"kind": "whole"},
        {"surprise": 1},
    ],
)
def test_a_gate_has_one_bound_on_a_known_metric(bad):
    """Anything else is refused when it is written down, not when it is judged."""
    good = {"subject": "seawall", "metric": "success_rate", "at_least": 1.0}
    assert Gate(**good)
    assert good["metric"] in METRICS

    with pytest.raises(ValueError, match="validation error"):
        Gate(**good | bad)
