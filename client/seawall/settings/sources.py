"""Where settings come from: a YAML file, a .env file, the environment, arguments; each value with its place."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec

FILE_BYTES_MAX = 1_048_576
_NODES_MAX = 20_000
_PREFIX = "SEAWALL_"
SETTINGS_FILE_VARIABLE = "SEAWALL_SETTINGS"
_ASSIGNMENT = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]*)\s*=(.*)", re.DOTALL)


class Stated(msgspec.Struct, frozen=True, kw_only=True):
    """A value as someone wrote it. `text` is how it reads, where it was text; `origin` is where it stands."""

    value: Any
    origin: str
    text: str | None = None


class Section(msgspec.Struct, frozen=True, kw_only=True):
    """A mapping in a tree of values."""

    items: dict[str, Tree]
    origin: str


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """A list in a tree of values."""

    items: list[Tree]
    origin: str


Tree = Stated | Section | Listing


class UnreadableError(ValueError):
    """A source cannot be read at all. The message is one line and names the place."""


def plain(tree: Tree) -> Any:
    """Return a tree's value without its origins."""
    match tree:
        case Section(items=items):
            return {key: plain(item) for key, item in items.items()}
        case Listing(items=members):
            return [plain(item) for item in members]
        case Stated(value=value):
            return value


def read_file(path: Path) -> str:
    """Read a small text file. Raises `UnreadableError`."""
    try:
        with path.open("rb") as file:
            data = file.read(FILE_BYTES_MAX + 1)
    except OSError as error:
        raise UnreadableError(f"{path}: {(error.strerror or 'cannot be read').lower()}") from None
    if len(data) > FILE_BYTES_MAX:
        raise UnreadableError(f"{path}: larger than {FILE_BYTES_MAX} bytes")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise UnreadableError(f"{path}:{line}: not valid UTF-8") from None


def read_yaml(path: Path) -> Section:
    """Read a YAML file whose top is a mapping. Raises `UnreadableError`."""
    import yaml  # noqa: PLC0415 - only who has a file needs it

    text = read_file(path)
    try:
        loader = yaml.SafeLoader(text)
        node = loader.get_single_node()
        tree = (
            _YamlReader(path, loader).read(node) if node is not None else Section(items={}, origin=f"{path}")
        )
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise UnreadableError(f"{path}:{line}: {error.problem or 'not YAML'}") from None
    except (yaml.YAMLError, RecursionError):
        raise UnreadableError(f"{path}: not YAML") from None
    if not isinstance(tree, Section):
        raise UnreadableError(f"{tree.origin}: the top of the file must be a mapping of settings")
    return tree


class _YamlReader:
    """Turns YAML nodes into a tree that knows its lines."""

    def __init__(self, path: Path, loader: Any) -> None:
        self._path = path
        self._loader = loader
        self._nodes = 0

    def read(self, node: Any) -> Tree:
        origin = f"{self._path}:{node.start_mark.line + 1}"
        self._nodes += 1
        if self._nodes > _NODES_MAX:  # aliases make a small file large
            raise UnreadableError(f"{origin}: more than {_NODES_MAX} values")
        if node.id == "mapping":
            return Section(items=dict(self._pairs(node)), origin=origin)
        if node.id == "sequence":
            return Listing(items=[self.read(item) for item in node.value], origin=origin)
        try:
            value = self._loader.construct_object(node)
        except ValueError:  # such as a date that does not exist
            value = node.value
        return Stated(value=value, text=node.value, origin=origin)

    def _pairs(self, node: Any) -> Iterator[tuple[str, Tree]]:
        seen: set[str] = set()
        for key, value in node.value:
            place = f"{self._path}:{key.start_mark.line + 1}"
            if key.id != "scalar":
                raise UnreadableError(f"{place}: a key must be a name")
            if key.value in seen:
                raise UnreadableError(f"{place}: {key.value} is set twice")
            seen.add(key.value)
            yield key.value, self.read(value)


def read_dotenv(path: Path) -> dict[str, Stated]:
    """Read `NAME=value` lines; a missing file has none. Raises `UnreadableError`."""
    if not path.exists():
        return {}
    found: dict[str, Stated] = {}
    lines = iter(enumerate(read_file(path).splitlines(keepends=True), 1))
    for number, line in lines:
        if (assignment := _ASSIGNMENT.match(line)) is None:
            # Other lines may serve other programs; one that speaks of us is a slip.
            if _PREFIX in line and not line.lstrip().startswith("#"):
                raise UnreadableError(f"{path}:{number}: not a line of the form NAME=value")
            continue
        name, rest = assignment.groups()
        text = rest.strip()
        if text[:1] in {'"', "'"}:
            while (value := _unquote(text)) is None:
                _, more = next(lines, (0, None))
                if more is None:
                    raise UnreadableError(f"{path}:{number}: a quote that is never closed")
                text += "\n" + more.rstrip("\r\n")
        else:
            value = re.split(r"\s#", text, maxsplit=1)[0].strip()
        found[name] = Stated(value=value, text=value, origin=f"{path}:{number}")
    return found


def _unquote(text: str) -> str | None:
    """Return what stands between the quotes that `text` begins with, None if they are not closed yet."""
    if text[0] == "'":
        end = text.find("'", 1)
        return text[1:end] if end > 0 else None
    closed = re.match(r'"((?:[^"\\]++|\\.)*+)"', text, re.DOTALL)
    if closed is None:
        return None
    escapes = {"n": "\n", "t": "\t", "r": "\r"}
    return re.sub(r"\\(.)", lambda found: escapes.get(found[1], found[1]), closed[1], flags=re.DOTALL)


def read_environ(environ: Mapping[str, str]) -> dict[str, Stated]:
    """Take over the environment."""
    return {name: Stated(value=value, text=value, origin=name) for name, value in environ.items()}


def setting_variables(variables: Mapping[str, Stated]) -> Iterator[tuple[str, tuple[str, ...], Stated]]:
    """Yield the `SEAWALL_...` variables with their paths: `SEAWALL_TIMEOUTS__CONNECT_S` is `timeouts.connect_s`."""
    for name, stated in variables.items():
        if name.startswith(_PREFIX) and name != SETTINGS_FILE_VARIABLE:
            yield name, tuple(name.removeprefix(_PREFIX).lower().split("__")), stated


def read_arguments(overrides: Mapping[str, Any], path: tuple[str, ...] = ()) -> Section:
    """Take over values given in code, nested as in the YAML file."""
    items = {str(key): _argument(value, (*path, str(key))) for key, value in overrides.items()}
    return Section(items=items, origin=f"argument {'.'.join(path)}".rstrip())


def _argument(value: Any, path: tuple[str, ...]) -> Tree:
    origin = f"argument {'.'.join(path)}"
    if isinstance(value, Mapping):
        return read_arguments(value, path)
    if isinstance(value, list | tuple):
        return Listing(
            items=[_argument(item, (*path, str(i))) for i, item in enumerate(value)], origin=origin
        )
    return Stated(value=os.fspath(value) if isinstance(value, os.PathLike) else value, origin=origin)
