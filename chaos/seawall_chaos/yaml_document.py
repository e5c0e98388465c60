"""YAML read so that every value is known by its line; duplicate keys and documents out of bounds refused."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterator, Sequence
from pathlib import Path
from typing import Any

import yaml

SIZE_MAX = 256 * 1024
NODES_MAX = 20_000

Location = Sequence[int | str]


class DocumentError(Exception):
    """A file that is no acceptable YAML document: `problems`, one line each, name file, line and value."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = tuple(problems)


# The pure-Python parser: deep nesting is a RecursionError in it, and a crash of the process in libyaml's.
class _Loader(yaml.SafeLoader):
    """YAML 1.2's plain values: `on` and `no` are words, and `6:30` is no number of seconds."""

    yaml_implicit_resolvers: dict[str, Any] = {}  # noqa: RUF012 - so declared by PyYAML


for _tag, _form, _first in (
    ("bool", r"(?:true|True|false|False)", "tTfF"),
    # Not 010, which YAML 1.1 reads as eight, nor more digits than a count of anything has.
    ("int", r"[-+]?(?:0|[1-9][0-9]{0,17})", "-+0123456789"),
    ("float", r"[-+]?(?:\d+\.\d*|\.\d+|\d+(?=[eE]))(?:[eE][-+]?\d+)?|[-+]?\.inf|\.nan", "-+.0123456789"),
    ("null", r"(?:~|null|)", "~n"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_form})$"), list(_first))
_Loader.add_implicit_resolver("tag:yaml.org,2002:null", re.compile(r"^$"), [""])


class YamlDocument:
    """One parsed document: `data` as plain Python values, and the line of every part of it."""

    def __init__(self, path: Path, text: str) -> None:
        """Parse `text`; `path` is what problems are reported under.

        Raises:
            DocumentError: not YAML, more than one document, a key given twice, too large or nested too deep.
        """
        self.path = path
        try:
            loader = _Loader(text)
            self._root = loader.get_single_node()
            self._refuse_excess()
            self.data: Any = None if self._root is None else loader.construct_document(self._root)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            line = 1 if mark is None else mark.line + 1
            raise DocumentError([f"{path}:{line}: not YAML: {error.problem or error.context}"]) from error
        except yaml.YAMLError as error:
            raise DocumentError([f"{path}:1: not YAML: {str(error).splitlines()[0]}"]) from error
        except RecursionError as error:
            raise DocumentError([f"{path}:1: nested too deep"]) from error

    def _refuse_excess(self) -> None:
        problems: list[str] = []
        for count, node in enumerate(self._nodes()):
            if count >= NODES_MAX:
                raise DocumentError([f"{self.path}:1: more than {NODES_MAX} values (aliases count)"])
            if isinstance(node, yaml.MappingNode):
                problems += self._duplicates(node)
        if problems:
            raise DocumentError(problems)

    def _nodes(self) -> Iterator[yaml.Node]:
        stack = [] if self._root is None else [self._root]
        while stack:
            node = stack.pop()
            yield node
            if isinstance(node, yaml.SequenceNode):
                stack.extend(node.value)
            elif isinstance(node, yaml.MappingNode):
                stack.extend(value for _, value in node.value)

    def _duplicates(self, node: yaml.MappingNode) -> Iterator[str]:
        seen: dict[Hashable, int] = {}
        for key, _ in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                yield f"{self.path}:{line}: a key must be a word"
            elif key.value in seen:
                first = seen[key.value]
                yield f"{self.path}:{line}: key '{key.value}' is given twice (first in line {first})"
            else:
                seen[key.value] = line

    def line(self, location: Location, *, key: bool = False) -> int:
        """The line of the value at `location` (with `key`, of its last key), or of what comes nearest."""
        node, line = self._root, 1
        for step in location:
            found = _child(node, step)
            if found is None:
                continue
            name, node = found
            line = (name if key else node).start_mark.line + 1
        if line == 1 and not location and node is not None:
            return int(node.start_mark.line) + 1
        return line


def _child(node: yaml.Node | None, step: int | str) -> tuple[yaml.Node, yaml.Node] | None:
    if isinstance(node, yaml.SequenceNode) and isinstance(step, int) and step < len(node.value):
        return node.value[step], node.value[step]
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            if key.value == str(step):
                return key, value
    return None


def read_text(path: Path) -> str:
    """The text in the file `path`.

    Raises:
        DocumentError: the file cannot be read, is too large, or is not UTF-8.
    """
    try:
        with path.open("rb") as file:
            content = file.read(SIZE_MAX + 1)
    except OSError as error:
        raise DocumentError([f"{path}: cannot be read: {error.strerror}"]) from error
    if len(content) > SIZE_MAX:
        raise DocumentError([f"{path}: larger than {SIZE_MAX // 1024} KiB"])
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise DocumentError([f"{path}:{line}: not UTF-8"]) from error
