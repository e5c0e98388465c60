"""Documents people write: validated by their model, refused by one clear line per mistake."""

from collections.abc import Iterable, Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from types import NoneType
from typing import Any, TypeVar, get_args

import yaml
from pydantic import BaseModel, ValidationError

Model = TypeVar("Model", bound=BaseModel)
Path_ = tuple[str | int, ...]
Lines = Mapping[Path_, int]

_BYTES_MAX = 1_000_000
_DEPTH_MAX = 20
_QUOTE_CHARS_MAX = 80


class DocumentError(ValueError):
    """A document that is refused; one line per mistake, each naming where, what and the nearest valid key."""

    def __init__(self, mistakes: list[str]) -> None:
        super().__init__("\n".join(mistakes))
        self.mistakes = mistakes


def nearest(wrong: str, valid: Iterable[str]) -> str:
    """What to add to a message about a wrong name: the valid one it comes closest to, or all of them."""
    names = sorted(valid)
    close = get_close_matches(wrong, names, n=1, cutoff=0.5)
    return f"; did you mean {close[0]!r}?" if close else f"; valid: {', '.join(names)}"


def validate(model: type[Model], data: Any, *, file: str = "", lines: Lines | None = None) -> Model:
    """The model of this data; raises DocumentError. `lines` says where in `file` each value stands."""
    try:
        return model.model_validate(data)
    except ValidationError as error:
        mistakes = [_mistake(model, dict(found), file, lines) for found in error.errors(include_url=False)]
        raise DocumentError(mistakes) from None


def load(model: type[Model], path: Path) -> Model:
    """The model of a YAML or JSON file; raises DocumentError naming file, line and value."""
    text = _read(path)
    try:
        if mistakes := [f"{path}:{line}: {hazard}" for line, hazard in _hazards(text)]:
            raise DocumentError(mistakes)
        root = yaml.compose(text, Loader=yaml.CSafeLoader)
        data = yaml.load(text, Loader=yaml.CSafeLoader)
    except yaml.YAMLError as error:
        raise DocumentError([_syntax(path, error)]) from None
    lines: dict[Path_, int] = {}
    repeated = [] if root is None else list(_walk(root, (), lines))
    if repeated:
        raise DocumentError([f"{path}:{line}: {key!r} is written twice" for key, line in repeated])
    return validate(model, {} if data is None else data, file=str(path), lines=lines)


def _read(path: Path) -> str:
    try:
        with path.open("rb") as opened:
            raw = opened.read(_BYTES_MAX + 1)
        if len(raw) > _BYTES_MAX:
            raise DocumentError([f"{path}: longer than {_BYTES_MAX} bytes"])
        return raw.decode("utf-8")
    except OSError as error:
        raise DocumentError([f"{path}: cannot be read: {error.strerror}"]) from None
    except UnicodeDecodeError as error:
        raise DocumentError([f"{path}: not UTF-8 at byte {error.start}"]) from None


def _hazards(text: str) -> Iterator[tuple[int, str]]:
    """The lines of what could make a short document cost without bound: aliases, and nesting without end."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.CSafeLoader):
        line = event.start_mark.line + 1 if event.start_mark is not None else 0
        if isinstance(event, yaml.AliasEvent):
            yield line, "aliases are not supported"
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEPTH_MAX:
            yield line, f"nested deeper than {_DEPTH_MAX} levels"
            return


def _syntax(path: Path, error: yaml.YAMLError) -> str:
    mark = getattr(error, "problem_mark", None)
    where = f"{path}:{mark.line + 1}" if mark is not None else f"{path}"
    return f"{where}: not YAML: {getattr(error, 'problem', None) or type(error).__name__}"


def _walk(node: yaml.Node, path: Path_, lines: dict[Path_, int]) -> Iterator[tuple[str, int]]:
    """Notes the line of everything below a node; yields keys that a mapping has twice."""
    lines.setdefault(path, node.start_mark.line + 1)
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _walk(item, (*path, index), lines)
    elif isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            line = key.start_mark.line + 1
            if key.value in seen:
                yield str(key.value), line
            seen.add(str(key.value))
            lines[*path, str(key.value)] = line
            yield from _walk(value, (*path, str(key.value)), lines)


def _mistake(model: type[BaseModel], found: dict[str, Any], file: str, lines: Lines | None) -> str:
    path: Path_ = tuple(part for part in found["loc"] if part != "[key]")
    line = _line(lines, path) if lines else None
    where = f"{file}:{line}: " if line else f"{file}: " if file else ""
    name = ".".join(str(part) for part in path)
    if found["type"] == "extra_forbidden":
        keys = _keys(model, path[:-1])
        return f"{where}{name}: no such key{nearest(str(path[-1]), keys) if keys else ''}"
    message = str(found["msg"]).removeprefix("Value error, ")
    value = "" if found["type"] in ("missing", "value_error") else f", not {_quote(found['input'])}"
    return f"{where}{name or 'the document'}: {message}{value}"


def _line(lines: Lines, path: Path_) -> int | None:
    """Where a value stands, or what is nearest around it; parts of a path that only the model knows are passed over."""
    at: Path_ = ()
    for part in path:
        if (*at, part) in lines:
            at = (*at, part)
    return lines.get(at)


def _quote(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= _QUOTE_CHARS_MAX else text[:_QUOTE_CHARS_MAX] + "…"


def _keys(model: Any, path: Path_) -> list[str]:
    """The keys that are valid at a place of a document."""
    for part in path:
        if isinstance(model, type) and issubclass(model, BaseModel):
            field = model.model_fields.get(str(part))
            model = field.annotation if field else None
        else:
            arguments = [kind for kind in get_args(model) if kind not in (NoneType, str, int)]
            model = arguments[-1] if arguments else None
        options = [kind for kind in get_args(model) if isinstance(kind, type) and issubclass(kind, BaseModel)]
        if model is not None and NoneType in get_args(model) and options:
            model = options[0]
    return list(model.model_fields) if isinstance(model, type) and issubclass(model, BaseModel) else []
