"""Turns what was written into the value that a setting wants, or into one line that says why not."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from seawall.providers.secret import Secret
from seawall.settings.schema import choices, is_list, is_text, suggestion
from seawall.settings.sources import Stated, Tree, plain

_SHOWN_CHARS_MAX = 80
_IN_WORDS = {
    "float": "a number",
    "int": "a whole number",
    "bool": "true or false",
    "str": "text",
    "object": "a mapping",
    "array": "a list",
    "null": "nothing",
}
# Their values may be keys.
_NEVER_SHOWN = {"api_key", "api_key_env", "headers", "base_url", "proxy", "redis_url"}


class Problems:
    """The lines of a `SettingsError` to be."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(self, line: str) -> None:
        """Add a line, once."""
        if line not in self.lines:
            self.lines.append(line)

    def in_order(self) -> list[str]:
        """Return the lines, those of one file in the order of that file."""
        return sorted(self.lines, key=_place)


def _place(line: str) -> tuple[str, int]:
    found = re.match(r"([^:]*):(\d+): ", line)
    return (found[1], int(found[2])) if found else ("\uffff", 0)


def convert(kind: Any, tree: Tree, name: str, problems: Problems) -> Any:
    """Return the value of type `kind`, or `msgspec.UNSET` after adding to `problems`."""
    try:
        return _convert(kind, tree)
    except (msgspec.ValidationError, msgspec.DecodeError) as error:
        problems.add(f"{tree.origin}: {name}{shown(name, tree)}: {_readable(str(error), kind, tree)}")
        return msgspec.UNSET


def _convert(kind: Any, tree: Tree) -> Any:
    if not isinstance(tree, Stated) or tree.text is None:
        return msgspec.convert(plain(tree), kind, dec_hook=_decode_secret)
    if tree.value is None:
        return msgspec.convert(None, kind, dec_hook=_decode_secret)
    text = tree.text.strip()
    if is_text(kind) or choices(kind) or _is_secret(kind):
        # As written: `model: 4`, `api_version: 2023-06-01` and `stage: off` are meant as text, whatever YAML makes
        # of them.
        return msgspec.convert(text or None, kind, dec_hook=_decode_secret)
    if text[:1] in {"{", "["}:
        return msgspec.json.decode(text, type=kind)
    if is_list(kind):
        return msgspec.convert([part.strip() for part in text.split(",") if part.strip()], kind, strict=False)
    if isinstance(tree.value, str):
        return msgspec.convert(text, kind, strict=False)
    return msgspec.convert(tree.value, kind)


def _is_secret(kind: Any) -> bool:
    return Secret in getattr(kind, "__args__", (kind,))


def _decode_secret(kind: type, value: Any) -> Any:
    if kind is Secret and isinstance(value, str):
        return Secret(value)
    if kind is Secret and isinstance(value, Secret):
        return value
    raise msgspec.ValidationError("Expected text")


def shown(name: str, tree: Tree) -> str:
    """Return the value for a message, or nothing where it may be a secret."""
    if name.rpartition(".")[2] in _NEVER_SHOWN:
        return ""
    text = tree.text if isinstance(tree, Stated) and tree.text is not None else repr(plain(tree))
    return f" = {text[:_SHOWN_CHARS_MAX]}"


def _readable(error: str, kind: Any, tree: Tree) -> str:
    names = choices(kind)
    if names and isinstance(tree, Stated):
        return suggestion(str(tree.text or tree.value), names)
    error = re.sub(
        r"`([a-z]+)`", lambda found: _IN_WORDS.get(found[1], found[1]), error.partition(" - at `")[0]
    )
    return error[:1].lower() + error[1:].replace("`", "")
