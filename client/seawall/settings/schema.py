"""Which settings exist: their dotted paths, types and defaults, read off the option structs themselves."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

import msgspec

from seawall.providers.options import ProviderOptions
from seawall.settings import Settings

Path = tuple[str, ...]

_NOT_SET_BY_USERS = {"origins", "providers"}


class Leaf(msgspec.Struct, frozen=True):
    """One setting: its type, with the range it allows, and its default."""

    type: Any
    default: Any


def _leaves(struct: type[msgspec.Struct], prefix: Path = ()) -> dict[Path, Leaf]:
    found: dict[Path, Leaf] = {}
    for field in msgspec.structs.fields(struct):
        path = (*prefix, field.name)
        if isinstance(field.type, type) and issubclass(field.type, msgspec.Struct):
            found |= _leaves(field.type, path)
        elif path[0] not in _NOT_SET_BY_USERS:
            factory = field.default_factory
            found[path] = Leaf(field.type, field.default if factory is msgspec.NODEFAULT else factory())
    return found


SETTINGS = _leaves(Settings)
SECTIONS = {path[:length] for path in SETTINGS for length in range(1, len(path))}
PROVIDER_FIELDS = {path[0]: leaf for path, leaf in _leaves(ProviderOptions).items()}
TOP_LEVEL = {path[0] for path in SETTINGS} | {"providers"}


def variable(path: Path) -> str:
    """Return the environment variable of a path: `SEAWALL_TIMEOUTS__CONNECT_S`."""
    return f"SEAWALL_{'__'.join(path).upper()}"


def nearest_variable(name: str) -> str | None:
    """Return the variable that `name` seems to be meant for, if it is like one at all."""
    valid = {"_".join(path): path for path in SETTINGS}
    given = name.removeprefix("SEAWALL_").lower().replace("__", "_")
    near = difflib.get_close_matches(given, valid, n=1, cutoff=0.8)
    return variable(valid[near[0]]) if near else None


def dotted(path: Path) -> str:
    """Write a path as people do: `timeouts.connect_s`."""
    return ".".join(path)


def children(section: Path) -> set[str]:
    """Return the keys that a section may have."""
    if not section:
        return TOP_LEVEL
    return {path[len(section)] for path in SETTINGS if path[: len(section)] == section}


def suggestion(unknown: str, valid: Iterable[str]) -> str:
    """Return a hint at the nearest valid name, or at all of them."""
    names = sorted(valid)
    near = difflib.get_close_matches(unknown, names, n=1, cutoff=0.6)
    return f"did you mean {near[0]}?" if near else f"valid here: {', '.join(names)}"


def is_text(kind: Any) -> bool:
    """Tell whether a setting of this type takes any text as it stands."""
    return kind is str or any(is_text(part) for part in alternatives(kind))


def is_list(kind: Any) -> bool:
    """Tell whether a setting of this type is a list."""
    return get_origin(kind) in {tuple, list} or any(is_list(part) for part in alternatives(kind))


def alternatives(kind: Any) -> tuple[Any, ...]:
    """Return the types that an annotated type or a union consists of; none for any other."""
    if hasattr(kind, "__metadata__"):
        return get_args(kind)[:1]
    return get_args(kind) if get_origin(kind) in {Union, UnionType} else ()


def choices(kind: Any) -> tuple[str, ...]:
    """Return the words a setting of this type may be, or none if it is not a matter of choosing."""
    arguments = get_args(kind)
    return arguments if get_origin(kind) is Literal else ()
