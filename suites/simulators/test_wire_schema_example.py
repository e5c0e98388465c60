"""Answers by schema satisfy the schema; pydantic, which knows nothing of how they were made, judges."""

import json
import time
from datetime import date, datetime
from enum import Enum
from typing import Annotated, Literal, Union
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import AnyUrl, BaseModel, Field, TypeAdapter, create_model

from seawall_simulators.wires.schema_example import NODES_MAX, example
from seawall_simulators.wires.schema_merge import SchemaError


def words():
    """An endless supply of the same word."""
    return lambda: "sea"


def satisfies(annotation, schema=None):
    """Whether the example for a type's schema is accepted as that type, strictly and as JSON."""
    adapter = TypeAdapter(annotation)
    value = example(adapter.json_schema() if schema is None else schema, words())
    adapter.validate_json(json.dumps(value), strict=True)
    return value


whole = st.integers(-1000, 1000)


@st.composite
def integers(draw):
    low, high = sorted((draw(whole), draw(whole)))
    step = draw(st.sampled_from([1, 1, 2, 3, 7]))
    bounds = {
        draw(st.sampled_from(["ge", "gt"])): low,
        draw(st.sampled_from(["le", "lt"])): high + 2 * step + 2,
    }
    kept = {key: value for key, value in bounds.items() if draw(st.booleans())}
    return Annotated[int, Field(multiple_of=step, **kept)]


@st.composite
def floats(draw):
    low, high = sorted((draw(whole), draw(whole)))
    bounds = {
        draw(st.sampled_from(["ge", "gt"])): low / 8,
        draw(st.sampled_from(["le", "lt"])): high / 8 + 0.5,
    }
    return Annotated[float, Field(**{key: value for key, value in bounds.items() if draw(st.booleans())})]


@st.composite
def strings(draw):
    low, high = sorted((draw(st.integers(0, 40)), draw(st.integers(0, 40))))
    bounds = {"min_length": low, "max_length": high}
    return Annotated[str, Field(**{key: value for key, value in bounds.items() if draw(st.booleans())})]


leaves = st.one_of(
    integers(),
    floats(),
    strings(),
    st.sampled_from([bool, None, datetime, date, UUID, Literal["a", "b"], Literal[3], dict[str, int]]),
)


def union(*kinds):
    """A union of what need not be a class: two times None is one too."""
    return Union.__getitem__(kinds)


def extend(inner):
    @st.composite
    def arrays(draw):
        low = draw(st.integers(0, 3))
        return Annotated[list[draw(inner)], Field(min_length=low, max_length=low + draw(st.integers(0, 2)))]

    @st.composite
    def models(draw):
        fields = {}
        for index in range(draw(st.integers(0, 4))):
            annotation = draw(inner)
            fields[f"field_{index}"] = (
                (annotation, ...) if draw(st.booleans()) else (union(annotation, None), None)
            )
        return create_model("Model", **fields)

    unions = st.tuples(inner, inner).map(lambda pair: union(*pair))
    pairs = st.tuples(inner, inner).map(lambda pair: tuple[pair[0], pair[1]])
    return st.one_of(arrays(), models(), unions, pairs, inner.map(lambda kind: dict[str, kind]))


@settings(max_examples=120, deadline=None)
@given(st.recursive(leaves, extend, max_leaves=8))
def test_every_type_is_satisfied(annotation):
    """Whatever the mix of bounds, arrays, objects, unions and references, the example is a value of the type."""
    satisfies(annotation)


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Tree(BaseModel):
    name: str
    colour: Colour
    parent: "Tree | None" = None
    children: list["Tree"]


def test_a_recursive_schema_ends():
    """A tree of trees comes to an end, with a branch or two to show."""
    value = satisfies(Tree)

    assert value["children"]
    assert len(json.dumps(value)) < 20_000


class Shop(BaseModel):
    tags: Annotated[set[Literal["a", "b", "c"]], Field(min_length=3)]
    sizes: Annotated[set[int], Field(min_length=4)]
    names: Annotated[set[str], Field(min_length=3)]
    home: AnyUrl


def test_items_differ_where_they_must():
    """`uniqueItems` is met for enums, numbers and strings."""
    value = satisfies(Shop)

    assert sorted(value["tags"]) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("schema", "annotation"),
    [
        ({"type": "STRING", "nullable": True}, str),
        (
            {"type": "OBJECT", "properties": {"n": {"type": "INTEGER", "minimum": "5"}}, "required": ["n"]},
            dict[str, int],
        ),
        (
            {"type": "ARRAY", "items": {"type": "NUMBER"}, "minItems": "3"},
            Annotated[list[float | int], Field(min_length=3)],
        ),
        ({"type": ["integer", "null"]}, int | None),
        ({"allOf": [{"type": "integer", "minimum": 3}, {"maximum": 3}]}, Literal[3]),
        ({"allOf": [{"enum": ["a", "b"]}, {"enum": ["b", "c"]}]}, Literal["b"]),
        ({"anyOf": [False, {"type": "string"}]}, str),
        ({"$ref": "#/$defs/a~1b", "$defs": {"a/b": {"const": 7}}}, Literal[7]),
        ({"type": "string", "pattern": "^x+$", "default": "xx"}, Literal["xx"]),
        ({"type": "string", "pattern": "^x+$", "examples": ["x"]}, Literal["x"]),
        (
            {"properties": {"odd": {"type": "string", "pattern": "^x$"}, "n": {"type": "integer"}}},
            dict[Literal["n"], int],
        ),
        (
            {"required": ["a"], "additionalProperties": {"type": "integer"}, "minProperties": 3},
            dict[str, int],
        ),
        ({"exclusiveMinimum": 0.1, "exclusiveMaximum": 0.2}, Annotated[float, Field(gt=0.1, lt=0.2)]),
        ({"type": "number", "multipleOf": 0.01, "minimum": 0.005}, Literal[0.01]),
        (True, str),
        ({}, str),
    ],
)
def test_other_ways_to_say_it(schema, annotation):
    """Gemini's dialect, merged schemas, references, and authors' own values where a keyword is not solved."""
    satisfies(annotation, schema)


@pytest.mark.parametrize(
    "schema",
    [
        False,
        {"type": "colour"},
        {"type": "integer", "minimum": 4, "maximum": 3},
        {"type": "integer", "minimum": 1, "maximum": 2, "multipleOf": 5},
        {"type": "integer", "minimum": float("inf")},
        {"type": "integer", "minimum": "1e999999999"},
        {"type": "array", "minItems": 3, "maxItems": 2},
        {"type": "array", "minItems": 3, "uniqueItems": True, "items": {"enum": [1, 2]}},
        {"type": "array", "minItems": 10**9},
        {"type": "string", "minLength": 10**9},
        {"type": "string", "pattern": "^x+$"},
        {"not": {"type": "string"}},
        {"allOf": [{"type": "string"}, {"type": "integer"}]},
        {"$ref": "#"},
        {"$ref": "#/$defs/gone"},
        {"$ref": "other.json"},
        {"$ref": 3},
        {"type": "object", "properties": {"me": {"$ref": "#"}}, "required": ["me"]},
        {"type": "object", "properties": {"no": False}, "required": ["no"]},
        {"type": "array", "items": "x", "minItems": 1},
        {"type": "object", "properties": [1]},
        {"type": "object", "required": 7},
        {"type": "array", "minItems": "many"},
        {"enum": 5},
        {"anyOf": {"a": 1}},
        {"multipleOf": 0},
    ],
)
def test_what_cannot_be_satisfied_is_said(schema):
    """An impossible, senseless or unknown schema is an error, not a wrong value and not a crash."""
    with pytest.raises(SchemaError):
        example(schema, words())


def test_an_explosive_schema_costs_little():
    """A schema that doubles at every level is given up soon."""
    document = {
        "$defs": {"a": {"type": "array", "minItems": 50, "items": {"$ref": "#/$defs/a"}}},
        "$ref": "#/$defs/a",
    }
    started = time.perf_counter()

    with pytest.raises(SchemaError):
        example(document, words())

    assert time.perf_counter() - started < 2
    assert NODES_MAX <= 10_000
