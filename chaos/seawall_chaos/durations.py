"""Stretches of time as people write them: `500ms`, `6s`, `2m`, `1.5h`."""

from __future__ import annotations

import re
from typing import Annotated

import pydantic

_UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
_FORM = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?)(ms|s|m|h)")


def parse_duration(value: object) -> float:
    """`value` in seconds.

    Raises:
        ValueError: it is not a number with one of the units ms, s, m and h.
    """
    found = _FORM.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        hint = "; a unit is missing" if isinstance(value, int | float) else ""
        raise ValueError(f"not a duration like 500ms, 6s or 2m{hint}")
    return round(float(found[1]) * _UNITS_S[found[2]], 6)


def parse_seconds(value: object) -> float:
    """`value` in seconds: a plain number, or a duration with its unit."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    return parse_duration(value)


Duration = Annotated[float, pydantic.BeforeValidator(parse_duration)]
Seconds = Annotated[float, pydantic.BeforeValidator(parse_seconds)]
