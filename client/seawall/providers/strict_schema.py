"""Which JSON Schemas a provider's strict mode takes: every object closed, every property required."""

from __future__ import annotations

from typing import Any


def is_strict(schema: Any) -> bool:
    """Tell whether every object in `schema` lists all its properties as required and admits no others."""
    pending = [schema]
    while pending:
        node = pending.pop()
        if isinstance(node, list):
            pending.extend(node)
        elif isinstance(node, dict):
            if not _closed(node):
                return False
            pending.extend(node.values())
    return True


def _closed(node: dict[str, Any]) -> bool:
    properties = node.get("properties")
    if not isinstance(properties, dict):
        return node.get("type") != "object"
    required = node.get("required")
    return (
        node.get("additionalProperties") is False
        and isinstance(required, list)
        and set(properties) == {name for name in required if isinstance(name, str)}
    )
