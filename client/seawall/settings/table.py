"""The table of all settings in Markdown: names, types and defaults from the option structs, meanings from their docstrings."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any, Literal, get_args, get_origin

import msgspec

from seawall.providers.options import ProviderOptions
from seawall.providers.secret import Secret
from seawall.settings import Settings
from seawall.settings.schema import PROVIDER_FIELDS, SETTINGS, Leaf, Path, dotted, is_list, variable

_INTRODUCTION = """\
# Settings

Every setting, made by `seawall config table` from the option types and their docstrings: change those, not this file.
How settings are given, and which source wins, is in [the client's README](../client/README.md#settings);
`seawall config show` prints what is in force and where it comes from.
"""
_HEAD = "| setting | environment variable | type and range | default | meaning |\n|---|---|---|---|---|\n"
_ENTRY = re.compile(r"^    (\w+): (.*(?:\n        .*)*)", re.MULTILINE)
_KINDS = {float: "number", int: "whole number", bool: "true or false", str: "text", Secret: "secret text"}


def settings_table() -> str:
    """Return the document."""
    sections = [_INTRODUCTION, _section("providers", _summary(ProviderOptions), _provider_rows())]
    for name, struct in _structs():
        paths = [path for path in SETTINGS if path[:-1] == name]
        said = meanings(struct)
        rows = [_row(dotted(path), variable(path), SETTINGS[path], said[path[-1]]) for path in paths]
        title = dotted(name) if name else "everything else"
        sections.append(_section(title, _summary(struct) if name else "", rows))
    return "\n".join(sections)


def meanings(struct: type[msgspec.Struct]) -> dict[str, str]:
    """Return what the docstrings say of a struct's fields, in one line each."""
    found: dict[str, str] = {}
    for kind in reversed(struct.__mro__):
        _, _, attributes = (inspect.cleandoc(kind.__doc__ or "")).partition("Attributes:\n")
        found |= {name: " ".join(text.split()) for name, text in _ENTRY.findall(attributes)}
    return found


def _structs() -> Iterator[tuple[Path, type[msgspec.Struct]]]:
    yield from _nested(Settings, ())
    yield (), Settings


def _nested(struct: type[msgspec.Struct], prefix: Path) -> Iterator[tuple[Path, type[msgspec.Struct]]]:
    for field in msgspec.structs.fields(struct):
        if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            path = (*prefix, field.name)
            yield path, field.type
            yield from _nested(field.type, path)


def _section(title: str, summary: str, rows: list[str]) -> str:
    return "\n".join(
        filter(None, (f"## {title}\n", f"{summary}\n" if summary else "", _HEAD + "\n".join(rows) + "\n"))
    )


def _summary(struct: type[msgspec.Struct]) -> str:
    """Return what a struct's docstring says before its fields."""
    return inspect.cleandoc(struct.__doc__ or "").partition("\n\nAttributes:")[0]


def _provider_rows() -> list[str]:
    said = meanings(ProviderOptions)
    required_first = sorted(
        PROVIDER_FIELDS.items(), key=lambda item: item[1].default is not msgspec.NODEFAULT
    )
    return [
        _row(
            f"providers.{field}",
            "" if field == "name" else variable(("providers", "name", field)),
            leaf,
            said[field],
        )
        for field, leaf in required_first
    ]


def _row(name: str, environment: str, leaf: Leaf, meaning: str) -> str:
    kind, limits = _kind(leaf.type), _range(leaf.type)
    meaning = meaning.removesuffix(f"{limits}.").rstrip() if limits else meaning
    cells = [f"`{name}`", f"`{environment}`" if environment else "", f"{kind}, {limits}" if limits else kind]
    return (
        "| "
        + " | ".join(cell.replace("|", "\\|") for cell in (*cells, _default(leaf.default), meaning))
        + " |"
    )


def _kind(kind: Any) -> str:
    arguments = get_args(kind)
    if hasattr(kind, "__metadata__"):
        return _kind(arguments[0])
    if get_origin(kind) is Literal:
        return ", ".join(f"`{choice}`" for choice in arguments)
    if get_origin(kind) is dict:
        return "mapping of text to text"
    if is_list(kind) and get_origin(kind) in {tuple, list}:
        return f"list of {_kind(arguments[0])}"
    if kind in _KINDS:
        return _KINDS[kind]
    return f"{_kind(arguments[0])} or none"


def _range(kind: Any) -> str:
    """Return the limits that a type states; one sentence, or nothing."""
    for part in getattr(kind, "__metadata__", ()):
        if part.ge is not None and part.le is not None:
            return f"{_number(part.ge)} to {_number(part.le)}"
        if part.max_length is not None:
            return f"{part.min_length or 0} to {part.max_length} characters"
        if part.pattern is not None:
            return f"matching `{part.pattern}`"
    return next(filter(None, map(_range, get_args(kind))), "")


def _number(value: float) -> str:
    return str(int(value)) if value == int(value) else str(value)


def _default(value: Any) -> str:
    if value is msgspec.NODEFAULT:
        return "(required)"
    if value is None or value in ((), {}, ""):
        return "(none)"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    return f"`{_number(value) if isinstance(value, int | float) else value}`"
