"""Which tool calls are released, and why the others are held.

A classifier can miss an injection. What it makes the model do is held all the same: with untrusted text in the
context a tool with side effects needs to be on the list, and nothing it is told may be copied from that text.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Any

from seawall.messages import Tool, ToolCall
from seawall.security.grounding.schema import schema_problems
from seawall.security.grounding.strict_json import StrictJsonError, parse
from seawall.security.tools.arguments import Leaf, harm, leaves
from seawall.security.tools.copied import Context
from seawall.security.tools.options import ToolPolicyOptions

_ANY = "*"
_LEAVES_MAX = 500
_NAME_SHOWN = 60


class ToolPolicy:
    """Judges the tool calls of one answer to one request."""

    def __init__(self, tools: Sequence[Tool], context: Context, options: ToolPolicyOptions) -> None:
        self._tools = {tool.name: tool for tool in tools}
        self._context = context
        self._options = options

    def held_because(self, call: ToolCall) -> str | None:
        """Return why a call must not be carried out as it is; None releases it."""
        tool = self._tools.get(call.name)
        if tool is None:
            return "the tool was not declared"
        try:
            arguments = parse(call.arguments)
        except StrictJsonError as error:
            return f"its arguments are not a JSON document: {error}"
        if not isinstance(arguments, dict):
            return "its arguments are not an object"
        if problem := next(schema_problems(arguments, tool.parameters), None):
            return f"its arguments break the tool's schema {problem}"
        values = tuple(islice(leaves(arguments), _LEAVES_MAX + 1))
        if len(values) > _LEAVES_MAX:
            return f"it has more than {_LEAVES_MAX} values"
        return self._harm(values) or self._taint(tool, values)

    def _harm(self, values: Sequence[Leaf]) -> str | None:
        for argument, value in values:
            if isinstance(value, str) and (
                what := harm(value, private_addresses=self._options.private_addresses)
            ):
                return f"argument {argument[:_NAME_SHOWN]!r} {what}"
        return None

    def _taint(self, tool: Tool, values: Sequence[Leaf]) -> str | None:
        if not tool.side_effects or not self._context.tainted:
            return None
        copies_allowed = self._options.with_untrusted.get(tool.name)
        if copies_allowed is None:
            return "it has side effects, and untrusted text is in the context"
        if _ANY in copies_allowed:
            return None
        declared = tool.parameters.get("properties", {})
        for leaf in values:
            if leaf.argument in copies_allowed or _is_declared(leaf, declared.get(leaf.argument)):
                continue
            if self._context.copied(leaf.value):
                return f"argument {leaf.argument[:_NAME_SHOWN]!r} is copied from untrusted text"
        return None


def _is_declared(leaf: Leaf, schema: Any) -> bool:
    """Tell whether the tool's own declaration lists the value: then it is the service's word."""
    return isinstance(schema, dict) and leaf.value in (*schema.get("enum", ()), schema.get("const"))
