"""Values that satisfy a JSON Schema: what a fake model answers when a schema is asked of it.

Known: `type` (also a list of types, and Gemini's upper-case names with `nullable`), `enum`, `const`, `properties`,
`required`, `minProperties`, `additionalProperties`, `items`, `prefixItems`, `minItems`, `maxItems`, `uniqueItems`,
`minimum`, `maximum`, their exclusive forms, `multipleOf`, `minLength`, `maxLength`, the common `format`s, `anyOf`,
`oneOf` (the first branch that can be satisfied), `allOf`, and `$ref` within the document.
`pattern`, `not`, `if`, `contains` and their kin are not solved: a `default` or one of the `examples` is taken if there
is one, an optional property is left out, and else SchemaError says so.
"""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from seawall_simulators.wires.schema_merge import SchemaError, merge
from seawall_simulators.wires.schema_numbers import count_of, integer_example, number_example

NODES_MAX = 10_000
"""Bound on the size of one example: schemas come from clients."""
DEPTH_MAX = 48
OPTIONAL_DEPTH_MAX = 4
"""Below this depth optional properties and items are left out, so that recursive schemas end."""
UNSOLVED = ("pattern", "not", "if", "contains", "dependentRequired", "dependentSchemas", "propertyNames")

FORMATS = {
    "date-time": "2026-09-21T14:13:20Z",
    "date": "2026-09-21",
    "time": "14:13:20Z",
    "duration": "PT5M",
    "email": "someone@example.com",
    "hostname": "example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "uri": "https://example.com/",
    "uuid": "3f2504e0-4f89-41d3-9a0c-0305e82c3301",
}


def example(schema: Any, word: Callable[[], str]) -> Any:
    """A value that satisfies `schema`, the same for the same schema and the same words.

    Args:
        schema: A JSON Schema document, decoded.
        word: Called for the words that strings without another constraint are made of.

    Raises:
        SchemaError: No value satisfies the schema, or it says something that is not known here.
    """
    try:
        return _Example(schema, word).of(schema, 0, 0)
    except RecursionError as error:
        raise SchemaError("schema is nested too deeply") from error
    except (AttributeError, KeyError, TypeError) as error:
        raise SchemaError(f"a keyword's value is of the wrong kind: {error}") from error


class _Example:
    """One walk through one document; `variant` asks for another value where items must differ."""

    def __init__(self, document: Any, word: Callable[[], str]) -> None:
        self.document = document
        self.word = word
        self.nodes = 0

    def of(self, schema: Any, depth: int, variant: int) -> Any:
        """A value for one schema."""
        self.nodes += 1
        if self.nodes > NODES_MAX or depth > DEPTH_MAX:
            raise SchemaError("schema is too large, or recursive without an end")
        if schema is True or schema == {}:
            return self.word()
        if not isinstance(schema, Mapping):
            raise SchemaError(f"{schema!r} is not a schema that a value can satisfy")
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return schema["enum"][variant % len(schema["enum"])]
        if unsolved := next((key for key in UNSOLVED if key in schema), None):
            return given(schema, unsolved)
        if "$ref" in schema:
            return self.of(
                merge(self.referenced(schema["$ref"]), without(schema, "$ref")), depth + 1, variant
            )
        if "allOf" in schema:
            return self.of(self.all_of(schema), depth + 1, variant)
        if branches := schema.get("anyOf") or schema.get("oneOf") or schema.get("any_of"):
            rest = without(schema, "anyOf", "oneOf", "any_of")
            return self.first_of([merge(branch, rest) for branch in branches], depth, variant)
        return self.of_type(schema, depth, variant)

    def of_type(self, schema: Mapping[str, Any], depth: int, variant: int) -> Any:
        """A value by the schema's type, the first one where it lists several."""
        kind = type_of(schema)
        if kind == "object":
            return self.object_of(schema, depth)
        if kind == "array":
            return self.array_of(schema, depth)
        if kind == "string":
            return self.string_of(schema, variant)
        if kind == "integer":
            return integer_example(schema, variant)
        if kind == "number":
            return number_example(schema, variant)
        if kind == "boolean":
            return variant % 2 == 0
        if kind == "null":
            return None
        raise SchemaError(f"type {kind!r} is unknown")

    def object_of(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        """Every required property, and the optional ones as long as the value stays shallow."""
        properties = schema.get("properties") or {}
        required = list(schema.get("required") or ())
        made: dict[str, Any] = {}
        for name, property_schema in properties.items():
            if name in required:
                made[name] = self.of(property_schema, depth + 1, 0)
            elif depth < OPTIONAL_DEPTH_MAX:
                try:
                    made[name] = self.of(property_schema, depth + 1, 0)
                except SchemaError:
                    continue
        extra = schema.get("additionalProperties", True)
        missing = [name for name in required if name not in made]
        missing += [
            f"{self.word()}_{n}"
            for n in range(count_of(schema, "minProperties", 0) - len(made) - len(missing))
        ]
        for name in missing:
            made[name] = self.of(extra, depth + 1, 0)
        return made

    def array_of(self, schema: Mapping[str, Any], depth: int) -> list[Any]:
        """One item, or as many as must be."""
        prefix = schema.get("prefixItems") or ()
        least, most = count_of(schema, "minItems", 0), count_of(schema, "maxItems", NODES_MAX)
        usual = (
            max(1, len(prefix))
            if depth < OPTIONAL_DEPTH_MAX and schema.get("items") is not False
            else len(prefix)
        )
        length = min(max(least, usual), most)
        if least > most:
            raise SchemaError("minItems is above maxItems")
        if length > NODES_MAX:
            raise SchemaError("minItems is too large")
        made = [self.of(item, depth + 1, 0) for item in prefix[:length]]
        items, variant = schema.get("items", True), 0
        while len(made) < length:
            value = self.of(items, depth + 1, variant)
            variant += 1
            if not schema.get("uniqueItems") or value not in made:
                made.append(value)
            elif variant > 4 * length:
                raise SchemaError("too few different items for uniqueItems")
        return made

    def string_of(self, schema: Mapping[str, Any], variant: int) -> str:
        """Words, or the customary value of the format, within the length asked for."""
        least, most = count_of(schema, "minLength", 0), count_of(schema, "maxLength", NODES_MAX)
        if (form := schema.get("format")) in FORMATS:
            return FORMATS[form]
        if least > min(most, NODES_MAX):
            raise SchemaError("minLength cannot be met")
        self.nodes += least // 16
        text = self.word() + (str(variant) if variant else "")
        while len(text) < least:
            text += self.word()
        return text[:most]

    def first_of(self, branches: list[Any], depth: int, variant: int) -> Any:
        """The first branch that can be satisfied; in deep places a plain one before one that leads deeper."""
        if depth >= OPTIONAL_DEPTH_MAX:
            branches = sorted(branches, key=leads_deeper)
        problem = SchemaError("anyOf is empty")
        for branch in branches:
            try:
                return self.of(branch, depth + 1, variant)
            except SchemaError as error:
                problem = error
        raise problem

    def all_of(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """One schema that says what all branches say."""
        merged: Mapping[str, Any] = without(schema, "allOf")
        for branch in schema["allOf"]:
            seen = 0
            while isinstance(branch, Mapping) and "$ref" in branch and seen < DEPTH_MAX:
                branch = merge(self.referenced(branch["$ref"]), without(branch, "$ref"))  # noqa: PLW2901
                seen += 1
            merged = merge(merged, branch)
        return merged

    def referenced(self, pointer: Any) -> Any:
        """What a `$ref` points to, within the same document."""
        if not isinstance(pointer, str) or not pointer.startswith("#"):
            raise SchemaError(f"$ref {pointer!r} points out of the document")
        place = self.document
        for part in unquote(pointer[1:]).split("/")[1:]:
            key = part.replace("~1", "/").replace("~0", "~")
            if not isinstance(place, Mapping) or key not in place:
                raise SchemaError(f"$ref {pointer!r} points to nothing")
            place = place[key]
        return place


def given(schema: Mapping[str, Any], unsolved: str) -> Any:
    """The value the schema's author gave, for a schema that is not solved here."""
    if "default" in schema:
        return schema["default"]
    if isinstance(schema.get("examples"), list) and schema["examples"]:
        return schema["examples"][0]
    raise SchemaError(f"{unsolved!r} is not solved, and the schema gives neither a default nor examples")


def without(schema: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    """The schema less some keywords, and less what only describes or defines."""
    return {
        key: value for key, value in schema.items() if key not in keys and key not in {"$defs", "definitions"}
    }


def leads_deeper(schema: Any) -> bool:
    """Whether a value of this schema may hold others."""
    return not isinstance(schema, Mapping) or type_of(schema) in {"object", "array"} or "$ref" in schema


def type_of(schema: Mapping[str, Any]) -> str:
    """The type to make, in JSON Schema's spelling; guessed from the keywords where none is said."""
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = kind[0] if kind else None
    if isinstance(kind, str) and kind != "TYPE_UNSPECIFIED":
        return kind.lower()
    if "properties" in schema or "required" in schema or "additionalProperties" in schema:
        return "object"
    if "items" in schema or "prefixItems" in schema:
        return "array"
    if not {"minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"}.isdisjoint(schema):
        return "number"
    return "string"
