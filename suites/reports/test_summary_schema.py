"""The schema of summary.json: shipped, and described for people."""

import json
from pathlib import Path

import pytest

import seawall_reports
from seawall_reports.summary import Summary

SHIPPED = Path(seawall_reports.__file__).parent / "summary.schema.json"
DESCRIBED = Path(__file__).parents[2] / "docs" / "SUMMARY_SCHEMA.md"


@pytest.fixture(scope="module")
def schema():
    """The schema as the models have it."""
    return Summary.model_json_schema(mode="serialization")


def test_the_shipped_schema_is_the_one_of_the_models(schema):
    """After a change: seawall report schema > reports/seawall_reports/summary.schema.json."""
    assert json.loads(SHIPPED.read_text(encoding="utf-8")) == schema


def test_every_field_is_described(schema):
    """A field that people cannot look up does not exist for them."""
    described = DESCRIBED.read_text(encoding="utf-8")
    fields = {name for part in [schema, *schema["$defs"].values()] for name in part.get("properties", {})}

    assert len(fields) > 80
    assert {name for name in fields if f"`{name}`" not in described} == set()


def test_unknown_fields_are_refused(schema):
    """What the schema does not know is a mistake, on every level."""
    parts = [schema, *(part for part in schema["$defs"].values() if part["type"] == "object")]

    assert all(part["additionalProperties"] is False for part in parts)
