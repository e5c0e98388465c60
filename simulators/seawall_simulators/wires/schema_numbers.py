"""Numbers within the bounds of a JSON Schema, computed exactly."""

import math
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from seawall_simulators.wires.schema_merge import SchemaError

DIGITS_MAX = 400


def integer_example(schema: Mapping[str, Any], variant: int) -> int:
    """The `variant`-th integer the schema allows, counted from its lower bound (or from 1, or down from its upper)."""
    step = exact(schema.get("multipleOf", 1))
    step = Fraction(math.lcm(step.numerator, step.denominator) // step.denominator)
    return int(on_grid(schema, step, variant))


def number_example(schema: Mapping[str, Any], variant: int) -> float | int:
    """A number the schema allows: the lower bound, or 1, or halfway between two exclusive bounds."""
    if "multipleOf" in schema:
        return plain(on_grid(schema, exact(schema["multipleOf"]), variant))
    low, low_open = lower(schema)
    high, high_open = upper(schema)
    if low is not None and high is not None:
        if low > high or (low == high and (low_open or high_open)):
            raise SchemaError("no number lies between the bounds")
        return plain(low if low == high else low + (high - low) / (2 + variant))
    if low is not None:
        return plain(low + variant + (1 if low_open else 0))
    if high is not None:
        return plain(min(high - 1, Fraction(1)) - variant if high_open else min(high, Fraction(1)) - variant)
    return plain(Fraction(3 + 2 * variant, 2))


def count_of(schema: Mapping[str, Any], keyword: str, default: int) -> int:
    """A bound on a length."""
    return int(exact(schema.get(keyword, default)))


def on_grid(schema: Mapping[str, Any], step: Fraction, variant: int) -> Fraction:
    """The `variant`-th multiple of `step` within the bounds."""
    if step <= 0:
        raise SchemaError("multipleOf must be above zero")
    low, low_open = lower(schema)
    high, high_open = upper(schema)
    if low is not None:
        value = math.ceil(low / step) * step
        value = (value + step if low_open and value == low else value) + variant * step
    elif high is not None and high < step:
        value = math.floor(high / step) * step
        value = (value - step if high_open and value == high else value) - variant * step
    else:
        value = step * (1 + variant)
    if high is not None and (value > high or (high_open and value == high)):
        raise SchemaError("no number lies between the bounds")
    return value


def lower(schema: Mapping[str, Any]) -> tuple[Fraction | None, bool]:
    """The lower bound and whether it is itself excluded."""
    return tighter(schema, "minimum", "exclusiveMinimum", max)


def upper(schema: Mapping[str, Any]) -> tuple[Fraction | None, bool]:
    """The upper bound and whether it is itself excluded."""
    return tighter(schema, "maximum", "exclusiveMaximum", min)


def tighter(schema: Mapping[str, Any], closed: str, opened: str, pick: Any) -> tuple[Fraction | None, bool]:
    """The tighter of a closed and an open bound; draft 4's boolean form of the open one is known too."""
    bound = exact(schema[closed]) if closed in schema else None
    limit = schema.get(opened)
    if limit is None or limit is False:
        return bound, False
    if limit is True:
        return bound, bound is not None
    open_bound = exact(limit)
    if bound is None or pick(bound, open_bound) == open_bound:
        return open_bound, True
    return bound, False


def exact(value: Any) -> Fraction:
    """The number as it was written in JSON; Gemini's dialect writes whole numbers as strings."""
    if isinstance(value, bool) or not isinstance(value, int | float | str) or len(str(value)) > DIGITS_MAX:
        raise SchemaError("a bound is not a number")
    if isinstance(value, str) and not value.lstrip("-").isdigit():
        raise SchemaError(f"{value!r} is not a number")
    try:
        return Fraction(Decimal(str(value)))
    except (ArithmeticError, ValueError) as error:
        raise SchemaError(f"{value!r} is not a number") from error


def plain(value: Fraction) -> float | int:
    """The number as JSON writes it."""
    return int(value) if value.denominator == 1 else float(value)
