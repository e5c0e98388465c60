"""Puts settings together from their sources, and collects everything that is wrong with them on the way."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from seawall.settings import Settings, SettingsError
from seawall.settings.providers import ProviderDrafts
from seawall.settings.schema import (
    SECTIONS,
    SETTINGS,
    children,
    dotted,
    nearest_variable,
    suggestion,
    variable,
)
from seawall.settings.sources import (
    SETTINGS_FILE_VARIABLE,
    Section,
    Stated,
    Tree,
    UnreadableError,
    read_arguments,
    read_dotenv,
    read_environ,
    read_yaml,
    setting_variables,
)
from seawall.settings.urls import url_problem
from seawall.settings.values import Problems, convert, shown
from seawall.shared_state.options import REDIS_SCHEMES

_NOTHING = Section(items={}, origin="")


def assemble(
    path: Any, *, environ: Mapping[str, str], overrides: Mapping[str, Any], dotenv: Path
) -> Settings:
    """Do what `load_settings` promises."""
    problems = Problems()
    variables: dict[str, Stated] = {}
    try:
        variables = read_dotenv(dotenv)
    except UnreadableError as error:
        problems.add(str(error))
    variables |= read_environ(environ)
    document = _NOTHING
    try:
        document = _document(path, variables)
    except UnreadableError as error:
        problems.add(str(error))
    draft = _Draft(problems)
    draft.take_tree(document)
    for name, setting, stated in setting_variables(variables):
        draft.take_variable(name, setting, stated)
    draft.take_tree(read_arguments(overrides))
    settings = draft.finish(variables)
    if problems.lines:
        raise SettingsError(problems.in_order())
    return settings


def _document(path: Any, variables: Mapping[str, Stated]) -> Section:
    if path is None and (named := variables.get(SETTINGS_FILE_VARIABLE)) is not None:
        path = named.value
    return read_yaml(Path(path)) if path else _NOTHING


class _Draft:
    """Settings as far as they are known; a later value for the same setting replaces the earlier."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._stated: dict[tuple[str, ...], Tree] = {}
        self._providers = ProviderDrafts(problems)

    def take_tree(self, tree: Section, path: tuple[str, ...] = ()) -> None:
        """Take values that are nested as in the YAML file."""
        for key, item in tree.items.items():
            below = (*path, key)
            if below == ("providers",):
                self._providers.take_list(item)
            elif below in SETTINGS:
                self._stated[below] = item
            elif below not in SECTIONS:
                self._unknown(item.origin, below)
            elif isinstance(item, Section):
                self.take_tree(item, below)
            elif not (isinstance(item, Stated) and item.value is None):  # an empty section sets nothing
                what = f"{dotted(below)}{shown(key, item)}"
                self._problems.add(f"{item.origin}: {what}: expected a section with settings of its own")

    def take_variable(self, name: str, path: tuple[str, ...], stated: Stated) -> None:
        """Take one value that is named by a variable."""
        place = "" if stated.origin == name else f"{stated.origin}: "
        if path[0] == "providers" and len(path) > 1:
            self._providers.take_variable(f"{place}{name}", path[1:], stated)
        elif path in SETTINGS:
            self._stated[path] = stated
        elif path == ("providers",):
            hint = "it is SEAWALL_PROVIDERS__NAME__FIELD, one for each"
            self._problems.add(f"{place}{name} is not a setting; {hint}")
        elif (near := nearest_variable(name)) is not None:
            self._problems.add(f"{place}{name} is not a setting; did you mean {near}?")
        elif len(path) > 1:
            section = path[:1]
            known = section in SECTIONS
            valid = (
                [variable((*section, key)) for key in children(section)] if known else map(dotted, SECTIONS)
            )
            what = "valid here" if known else "sections"
            self._problems.add(f"{place}{name} is not a setting; {what}: {', '.join(sorted(valid))}")
        # Any other name that begins so belongs to some other program.

    def finish(self, variables: Mapping[str, Stated]) -> Settings:
        """Convert everything; what cannot be is a problem and stays at its default."""
        values: dict[str, Any] = {}
        origins: dict[str, str] = {}
        for path, tree in self._stated.items():
            converted = convert(SETTINGS[path].type, tree, dotted(path), self._problems)
            if converted is not msgspec.UNSET:
                section = values
                for key in path[:-1]:
                    section = section.setdefault(key, {})
                section[path[-1]] = converted
                origins[dotted(path)] = tree.origin
        self._check_http(values.get("http", {}), origins)
        redis_url = values.get("shared_state", {}).get("redis_url")
        if redis_url is not None and not redis_url.reveal().startswith(REDIS_SCHEMES):
            name = "shared_state.redis_url"
            self._problems.add(f"{origins[name]}: {name}: must begin with {', '.join(REDIS_SCHEMES)}")
        providers = self._providers.finish(variables, origins)
        sections = {
            field.name: msgspec.convert(values[field.name], field.type)
            for field in msgspec.structs.fields(Settings)
            if field.name in values
        }
        return Settings(**sections, providers=providers, origins=origins)

    def _check_http(self, http: Mapping[str, Any], origins: Mapping[str, str]) -> None:
        """Check what a type cannot say."""
        if (proxy := http.get("proxy")) and (reason := url_problem(proxy, credentials=True)):
            self._problems.add(f"{origins['http.proxy']}: http.proxy{reason}")
        if ca_file := http.get("ca_file"):
            try:
                with Path(ca_file).open("rb"):
                    pass
            except OSError as error:
                reason = (error.strerror or "cannot be read").lower()
                self._problems.add(f"{origins['http.ca_file']}: http.ca_file = {ca_file}: {reason}")

    def _unknown(self, origin: str, path: tuple[str, ...]) -> None:
        hint = suggestion(path[-1], children(path[:-1]))
        self._problems.add(f"{origin}: {dotted(path)} is not a setting; {hint}")
