"""From a scenario file to a `Scenario`, or to one line per mistake in it, all at once."""

from __future__ import annotations

import dataclasses
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Any, TypeGuard, Union, get_args, get_origin

import pydantic

from seawall_chaos.durations import parse_seconds
from seawall_chaos.endpoints import PathName
from seawall_chaos.faults import COMMON, FAULTS
from seawall_chaos.faults.fault import ON_PATH
from seawall_chaos.gates import UnknownNameError
from seawall_chaos.scenario import Entry, Scenario, Surroundings
from seawall_chaos.yaml_document import DocumentError, Location, YamlDocument, read_text
from seawall_simulators.document import nearest

_STEM = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
SHOWN_CHARS = 60


@dataclasses.dataclass(frozen=True)
class ScenarioFile:
    """A scenario with the file it came from; it is called after the file."""

    name: str
    file: Path
    sha256: str
    scenario: Scenario


def load_scenario(path: Path) -> ScenarioFile:
    """The scenario in the file `path`.

    Raises:
        DocumentError: every mistake in the file, each with its line.
    """
    if not _STEM.fullmatch(path.stem):
        raise DocumentError([f"{path}: a scenario's file name may hold letters, digits, - and _ only"])
    return parse_scenario(path, read_text(path))


def parse_scenario(path: Path, text: str) -> ScenarioFile:
    """The scenario that `text` describes; mistakes are reported as those of the file `path`.

    Raises:
        DocumentError: every mistake in it, each with its line.
    """
    document = YamlDocument(path, text)
    if not isinstance(document.data, dict):
        raise DocumentError(
            [f"{path}:1: not a scenario: a mapping with title, duration_s, method ... is needed"]
        )
    try:
        scenario = Scenario.model_validate(document.data, context=_surroundings(document.data))
    except pydantic.ValidationError as error:
        problems = sorted(set(_problems(document, error)))
        raise DocumentError([f"{path}:{line}: {sentence}" for line, sentence in problems]) from error
    return ScenarioFile(path.stem, path, hashlib.sha256(text.encode()).hexdigest(), scenario)


def _surroundings(data: dict[Any, Any]) -> Surroundings:
    # Read leniently: what is wrong here is reported where it stands.
    providers = data.get("providers")
    names = (
        providers
        if isinstance(providers, dict)
        else Scenario.model_fields["providers"].get_default(call_default_factory=True, validated_data={})
    )
    try:
        duration_s: float | None = parse_seconds(data.get("duration_s"))
    except ValueError:
        duration_s = None
    paths: list[PathName] = [path for path in ON_PATH if path == data.get("path")]
    return Surroundings(frozenset(map(str, names)), duration_s, paths[0] if paths else "full")


def _problems(
    document: YamlDocument, error: pydantic.ValidationError, prefix: Location = ()
) -> Iterator[tuple[int, str]]:
    for problem in error.errors():
        location = (*prefix, *problem["loc"])
        cause = problem.get("ctx", {}).get("error")
        if isinstance(cause, pydantic.ValidationError):
            yield from _problems(document, cause, location)
            continue
        unknown_key = problem["type"] == "extra_forbidden"
        line = document.line(location, key=unknown_key)
        yield line, _sentence(document, location, problem, cause)


def _sentence(document: YamlDocument, location: Location, problem: Any, cause: object) -> str:
    place = _place(location)
    if problem["type"] == "extra_forbidden":
        return f"unknown key '{place}'{nearest(str(location[-1]), _valid_keys(document, location))}"
    if problem["type"] == "missing":
        return f"key '{place}' is missing"
    if isinstance(cause, UnknownNameError):
        return f"{place}: {cause} '{cause.name}'{nearest(cause.name, cause.known)}"
    text = str(cause) if cause is not None else str(problem["msg"])
    given = problem["input"]
    if isinstance(given, dict | list):
        return f"{place}: {text}" if place else text
    return f"{place}: {repr(given)[:SHOWN_CHARS]}: {text}"


def _place(location: Location) -> str:
    parts = [step for step in location if step != "params"]
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in parts).lstrip(".")


def _valid_keys(document: YamlDocument, location: Location) -> list[str]:
    """The keys that the mapping around `location` may have."""
    model: Any = Scenario
    value: Any = document.data
    for step in location[:-1]:
        if step == "params":
            keys = {*_keys(FAULTS[value["fault"]].params), *COMMON}
            return sorted({*_keys(Entry), *keys} - {"params"})
        model, value = _inside(model, step), value[step]
    return sorted(_keys(model)) if _is_model(model) else []


def _is_model(model: object) -> TypeGuard[type[pydantic.BaseModel]]:
    return isinstance(model, type) and issubclass(model, pydantic.BaseModel)


def _keys(model: type[pydantic.BaseModel]) -> list[str]:
    return [field.alias or name for name, field in model.model_fields.items()]


def _inside(model: object, step: int | str) -> object:
    """The type of what lies under `step` in a value of the type `model`."""
    if _is_model(model):
        found = dict(zip(_keys(model), model.model_fields.values(), strict=True)).get(str(step))
        model = None if found is None else found.annotation
    else:
        model = next((inner for inner in reversed(get_args(model)) if inner is not ...), None)
    return (
        next((inner for inner in get_args(model) if _is_model(inner)), model) if _is_union(model) else model
    )


def _is_union(model: object) -> bool:
    return get_origin(model) in {Union, UnionType}
