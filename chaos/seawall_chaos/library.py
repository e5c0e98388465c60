"""The scenarios that come with the harness, and how people name the ones they want."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

from seawall_chaos.loader import ScenarioFile, load_scenario
from seawall_chaos.yaml_document import DocumentError
from seawall_simulators.document import nearest

SHIPPED = Path(__file__).parent / "scenarios"
SUFFIXES = {".yaml", ".yml"}


def shipped() -> list[ScenarioFile]:
    """Every scenario that comes with the harness."""
    return load_all(_in_folder(SHIPPED))


def select(names: Sequence[str]) -> list[ScenarioFile]:
    """The scenarios that `names` ask for: a set, a scenario that comes with the harness, a file or a folder.

    Those without a fault come first within a set or folder, then by name; a file asked for twice is run once.

    Raises:
        DocumentError: a name means nothing, a file has mistakes, or two files share a name; all of them at once.
    """
    problems: list[str] = []
    chosen: dict[Path, ScenarioFile] = {}
    for name in names:
        try:
            chosen |= {file.file.resolve(): file for file in _meaning(name)}
        except DocumentError as error:
            problems += error.problems
    names_taken: dict[str, Path] = {}
    for file in chosen.values():
        other = names_taken.setdefault(file.name, file.file)
        if other != file.file:
            problems.append(f"{file.file}: a scenario named {file.name} is also in {other}")
    if problems:
        raise DocumentError(problems)
    return list(chosen.values())


def load_all(paths: Iterable[Path]) -> list[ScenarioFile]:
    """The scenarios in these files; raises DocumentError with the mistakes of all of them."""
    files: list[ScenarioFile] = []
    problems: list[str] = []
    for path in paths:
        try:
            files.append(load_scenario(path))
        except DocumentError as error:
            problems += error.problems
    if problems:
        raise DocumentError(problems)
    return files


def _meaning(name: str) -> list[ScenarioFile]:
    path = Path(name)
    if path.is_dir():
        found = _in_folder(path)
        if not found:
            raise DocumentError([f"{path}: no scenario files (*.yaml) in this folder"])
        return _healthy_first(load_all(found))
    if path.is_file() or path.suffix in SUFFIXES:
        return [load_scenario(path)]
    known = {file.name: file for file in shipped()}
    if name in known:
        return [known[name]]
    members = [file for file in known.values() if name in file.scenario.set]
    if not members:
        sets = {each for file in known.values() for each in file.scenario.set}
        raise DocumentError([f"no scenario, set, file or folder '{name}'{nearest(name, {*known, *sets})}"])
    return _healthy_first(members)


def _in_folder(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.suffix in SUFFIXES)


def _healthy_first(files: Iterable[ScenarioFile]) -> list[ScenarioFile]:
    return sorted(files, key=lambda file: (bool(file.scenario.method), file.name))
