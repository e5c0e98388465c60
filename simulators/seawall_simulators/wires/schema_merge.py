"""Two JSON Schemas into one that says what both say."""

from collections.abc import Callable, Mapping
from typing import Any


class SchemaError(ValueError):
    """No example value can be made for this JSON Schema."""


LEAST = frozenset({"maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"})
MOST = frozenset({"minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"})


BRANCHES_MAX = 64


def merge(first: Any, second: Any) -> Any:
    """A schema that only values of both satisfy, for the keywords that are known; the second wins elsewhere.

    Raises:
        SchemaError: No value can satisfy both.
    """
    if first is True or first == {}:
        return second
    if second is True or second == {}:
        return first
    if not isinstance(first, Mapping) or not isinstance(second, Mapping):
        raise SchemaError("a schema is false, or no schema at all")
    merged = dict(first)
    for key, value in second.items():
        merged[key] = both(key, merged[key], value) if key in merged else value
    return merged


def both(key: str, first: Any, second: Any) -> Any:
    """What one keyword says when two schemas say it."""
    if key in LEAST:
        return min(first, second)
    if key in MOST:
        return max(first, second)
    rule = RULES.get(key)
    return second if rule is None else rule(first, second)


def shared_properties(first: Any, second: Any) -> Any:
    """The properties of both; one in both has to satisfy both."""
    shared = {name: {"allOf": [first[name], second[name]]} for name in first if name in second}
    return {**first, **second, **shared}


def every_pair(first: Any, second: Any) -> Any:
    """The branches that satisfy one of each; with very many, those of the first alone."""
    if len(first) * len(second) > BRANCHES_MAX:
        return first
    return [merge(a, b) for a in first for b in second]


def shared_types(first: Any, second: Any) -> list[str]:
    """The types in both; an integer is a number."""
    firsts, seconds = ({t} if isinstance(t, str) else set(t) for t in (first, second))
    ordered = [first] if isinstance(first, str) else list(first)
    shared = [kind for kind in ordered if kind in seconds]
    if not shared and "integer" in firsts | seconds and "number" in firsts | seconds:
        return ["integer"]
    return shared


def one_or_more(shared: list[Any]) -> list[Any]:
    """The values left, of which there must be one."""
    if not shared:
        raise SchemaError("two schemas that must both hold share no value")
    return shared


RULES: dict[str, Callable[[Any, Any], Any]] = {
    "properties": shared_properties,
    "required": lambda first, second: list(dict.fromkeys([*first, *second])),
    "enum": lambda first, second: one_or_more([value for value in first if value in second]),
    "type": lambda first, second: one_or_more(shared_types(first, second)),
    "items": merge,
    "additionalProperties": merge,
    "anyOf": every_pair,
    "oneOf": every_pair,
}
