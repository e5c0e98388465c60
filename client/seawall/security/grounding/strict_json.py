"""JSON as a contract means it: one document and nothing else, no name twice, no NaN, bounded."""

from __future__ import annotations

import json
from typing import Any, NoReturn

from seawall.providers.json_document import nests_deeper

CHARS_MAX = 2_000_000
DEPTH_MAX = 64
_DIGITS_MAX = 400


class StrictJsonError(ValueError):
    """The text is not such a document. The message says why and quotes none of it."""


def parse(text: str) -> Any:
    """Return the document. Raises `StrictJsonError`."""
    if len(text) > CHARS_MAX:
        raise StrictJsonError(f"longer than {CHARS_MAX} characters")
    if nests_deeper(text.encode("utf-8", "surrogatepass"), DEPTH_MAX):
        raise StrictJsonError(f"nested deeper than {DEPTH_MAX} levels")
    try:
        return json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_refuse_constant,
            parse_int=_whole_number,
            parse_float=_number,
        )
    except json.JSONDecodeError as error:
        what = "text after the document" if error.msg == "Extra data" else "malformed"
        raise StrictJsonError(f"{what}, line {error.lineno} column {error.colno}") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) != len(pairs):
        raise StrictJsonError("a name stands twice in one object")
    return document


def _refuse_constant(name: str) -> NoReturn:
    raise StrictJsonError(f"{name} is no JSON value")


def _whole_number(digits: str) -> int:
    if len(digits) > _DIGITS_MAX:
        raise StrictJsonError(f"a number of more than {_DIGITS_MAX} digits")
    return int(digits)


def _number(digits: str) -> float:
    number = float(digits)
    if number in {float("inf"), float("-inf")}:
        raise StrictJsonError("a number too large to hold")
    return number
