"""An answer against its JSON Schema. The library judges; nothing is fetched and nothing of the answer is quoted."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import Any

import jsonschema_rs
import msgspec

from seawall.errors import ConfigurationError

_VIOLATIONS_MAX = 8
_PATH_MAX = 120


def schema_problems(document: Any, schema: dict[str, Any]) -> Iterator[str]:
    """Yield where the document breaks the schema and which keyword says so, at most eight.

    Raises `ConfigurationError` for a schema that is none or that points outside itself.
    """
    for error in islice(_validator(msgspec.json.encode(schema)).iter_errors(document), _VIOLATIONS_MAX):
        path = "/".join(str(step) for step in error.instance_path)
        rule = "/".join(str(step) for step in error.schema_path)
        yield f"at /{path[:_PATH_MAX]}: breaks #/{rule[:_PATH_MAX]}"


@lru_cache(maxsize=64)
def _validator(schema: bytes) -> jsonschema_rs.Validator:
    try:
        return jsonschema_rs.validator_for(
            msgspec.json.decode(schema), offline=True, pattern_options=jsonschema_rs.RegexOptions()
        )
    except (ValueError, jsonschema_rs.ReferencingError) as error:
        raise ConfigurationError(f"response_schema cannot be used: {str(error)[:200]}") from None
