"""Providers out of settings: lists, overrides by name, keys from the environment, or keys alone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from seawall.providers.customs import WIRES, WireCustoms
from seawall.providers.options import ProviderOptions
from seawall.providers.secret import Secret
from seawall.settings.schema import PROVIDER_FIELDS, suggestion
from seawall.settings.sources import Listing, Section, Stated, Tree
from seawall.settings.urls import url_problem
from seawall.settings.values import Problems, convert

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_FRAMING = {"content-length", "transfer-encoding"}
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_API_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?:-preview)?")
_CHAT = ("openai_chat", "azure_openai")
_EMBEDDING = tuple(wire for wire, customs in WIRES.items() if customs.embedding_texts_max)
_ONLY_FOR: Mapping[str, tuple[str, ...]] = {
    "token_limit_field": _CHAT,
    "stream_usage": _CHAT,
    "finish_reason": _CHAT,
    "replay_reasoning": ("openai_responses",),
    "prefill_flag": ("openai_chat",),
    "embedding_model": _EMBEDDING,
    "embedding_space": _EMBEDDING,
}


class _Draft:
    """One provider as far as it is known."""

    def __init__(self, origin: str) -> None:
        self.origin = origin
        self.stated: dict[str, Tree] = {}


class ProviderDrafts:
    """Collects what is said of providers, then makes options of it."""

    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._listed: dict[str, _Draft] = {}
        self._by_variable: list[tuple[str, str, Stated]] = []

    def take_list(self, tree: Tree) -> None:
        """Take a list of providers; it replaces one from a weaker source."""
        if not isinstance(tree, Listing):
            self._problems.add(f"{tree.origin}: providers is a list of mappings with name, wire and model")
            return
        self._listed = {}
        for number, item in enumerate(tree.items, 1):
            self._take_provider(item, number)

    def _take_provider(self, item: Tree, number: int) -> None:
        if not isinstance(item, Section):
            self._problems.add(f"{item.origin}: a provider is a mapping with name, wire and model")
            return
        draft = _Draft(item.origin)
        for key, value in item.items.items():
            if key in PROVIDER_FIELDS:
                draft.stated[key] = value
            else:
                hint = suggestion(key, PROVIDER_FIELDS)
                self._problems.add(f"{value.origin}: providers.{key} is not a setting; {hint}")
        stated = draft.stated.get("name")
        text = (stated.text or stated.value) if isinstance(stated, Stated) else None
        name = text if isinstance(text, str) and text else f"number {number}"
        if name in self._listed:
            first = self._listed[name].origin
            self._problems.add(f"{draft.origin}: a second provider {name}; the first is at {first}")
        else:
            self._listed[name] = draft

    def take_variable(self, who: str, path: tuple[str, ...], stated: Stated) -> None:
        """Take `SEAWALL_PROVIDERS__NAME__FIELD`; `who` is what a message about it begins with."""
        name, field = path[0], ".".join(path[1:])
        if field in PROVIDER_FIELDS and field != "name":
            self._by_variable.append((name, field, stated))
        else:
            hint = suggestion(field, set(PROVIDER_FIELDS) - {"name"})
            self._problems.add(f"{who} is not a setting of provider {name}; {hint}")

    def finish(self, variables: Mapping[str, Stated], origins: dict[str, str]) -> tuple[ProviderOptions, ...]:
        """Return the providers in order of preference; adds to `origins`."""
        drafts = self._listed or _drafts_from_keys(variables)
        by_variable_name = {re.sub(r"[^a-z0-9]", "_", name.lower()): name for name in drafts}
        for variable_name, field, stated in self._by_variable:
            name = by_variable_name.setdefault(variable_name, variable_name)
            draft = drafts.setdefault(name, _Draft(stated.origin))
            draft.stated.setdefault("name", Stated(value=name, text=name, origin=stated.origin))
            draft.stated[field] = stated
        if not drafts and not self._problems.lines:
            names = ", ".join(dict.fromkeys(name for wire in WIRES.values() for name in _enough(wire)))
            self._problems.add(f"no provider: set one of {names}, or list providers in a settings file")
        finished = [self._finish_one(name, draft, variables, origins) for name, draft in drafts.items()]
        return tuple(options for options in finished if options is not None)

    def _finish_one(
        self, name: str, draft: _Draft, variables: Mapping[str, Stated], origins: dict[str, str]
    ) -> ProviderOptions | None:
        before = len(self._problems.lines)
        _state_customary(draft, variables)
        values: dict[str, Any] = {}
        for field, tree in draft.stated.items():
            values[field] = convert(
                PROVIDER_FIELDS[field].type, tree, f"providers.{name}.{field}", self._problems
            )
            origins[f"providers.{name}.{field}"] = tree.origin
        for field, leaf in PROVIDER_FIELDS.items():
            if leaf.default is msgspec.NODEFAULT and field not in values:
                self._problems.add(f"{draft.origin}: provider {name} has no {field}{_valid_wires(field)}")
        if len(self._problems.lines) > before:
            return None
        options = ProviderOptions(**values)
        _check(options, draft, self._problems)
        key = _key(options, draft, variables, self._problems, origins)
        return msgspec.structs.replace(options, api_key=key)


def _enough(customs: WireCustoms) -> tuple[str, ...]:
    """Return the variables each of which makes a provider."""
    if customs.public_base_url is not None:
        return customs.key_variables
    return tuple(f"{name} (with {customs.base_url_variable})" for name in customs.key_variables)


def _valid_wires(field: str) -> str:
    return f"; valid: {', '.join(WIRES)}" if field == "wire" else ""


def _drafts_from_keys(variables: Mapping[str, Stated]) -> dict[str, _Draft]:
    """Make a provider of every known key in the environment, with the address its SDK would use."""
    drafts: dict[str, _Draft] = {}
    for wire, customs in WIRES.items():
        variable = next((name for name in customs.key_variables if _text(variables, name)), None)
        nowhere = customs.public_base_url is None and not _text(variables, customs.base_url_variable)
        if variable is None or nowhere or customs.provider_name in drafts:
            continue
        origin = variables[variable].origin
        draft = drafts[customs.provider_name] = _Draft(origin)
        customary = {
            "name": customs.provider_name,
            "wire": wire,
            "model": customs.default_model,
            "api_key_env": variable,
        }
        for field, text in customary.items():
            draft.stated[field] = Stated(value=text, text=text, origin=f"default, for {variable} is set")
        if _text(variables, customs.base_url_variable):
            draft.stated["base_url"] = variables[customs.base_url_variable]
    return drafts


def _state_customary(draft: _Draft, variables: Mapping[str, Stated]) -> None:
    """Where a wire has no public address, state what its SDK would read from the environment and nobody has stated."""
    stated = draft.stated
    wire = stated.get("wire")
    customs = WIRES.get(str(wire.value)) if isinstance(wire, Stated) else None
    if customs is None or customs.public_base_url is not None:
        return
    if "base_url" not in stated and _text(variables, customs.base_url_variable):
        stated["base_url"] = variables[customs.base_url_variable]
        if not {"api_key", "api_key_env"} & stated.keys():
            name = customs.key_variables[0]  # made for that address
            stated["api_key_env"] = Stated(value=name, text=name, origin=stated["base_url"].origin)
    version = customs.api_version_variable
    if "api_version" not in stated and version is not None and _text(variables, version):
        stated["api_version"] = variables[version]


def _text(variables: Mapping[str, Stated], name: str) -> str:
    stated = variables.get(name)
    return str(stated.value).strip() if stated is not None else ""


def _check(options: ProviderOptions, draft: _Draft, problems: Problems) -> None:
    """Check what a field's type cannot say."""
    customs = WIRES[options.wire]

    def add(field: str, reason: str) -> None:
        problems.add(f"{draft.stated[field].origin}: providers.{options.name}.{field}{reason}")

    if options.base_url is not None and (reason := url_problem(options.base_url)):
        add("base_url", reason)
    if options.base_url is None and customs.public_base_url is None:
        what = f"the endpoint of your resource (or {customs.base_url_variable} in the environment)"
        problems.add(f"{draft.origin}: provider {options.name} has no base_url: {what}")
    if options.api_version is not None and (valid := _valid_versions(options.api_version, options.wire)):
        add("api_version", f" = {options.api_version}: valid: {valid}")
    for field, wires in _ONLY_FOR.items():
        if field in draft.stated and options.wire not in wires:
            add(field, f": only for wire {' or '.join(wires)}, not {options.wire}")
    if options.embedding_space is not None and options.embedding_model is None:
        add("embedding_space", ": names the space of an embedding_model, and there is none")
    for name, value in options.headers.items():
        if not _HEADER_NAME.fullmatch(name) or not value.isprintable():
            add("headers", f": {name!r} cannot be sent as a header")
        elif name.lower() in _FRAMING:
            add("headers", f": {name} says where a request ends, and is set by the HTTP engine")


def _valid_versions(version: str, wire: str) -> str | None:
    """Return what would be valid in place of `version`, None if it is."""
    customs = WIRES[wire]
    if version in customs.api_versions or (customs.dated_api_versions and _API_DATE.fullmatch(version)):
        return None
    dated = ("a date such as 2024-10-21",) if customs.dated_api_versions else ()
    return ", ".join((*customs.api_versions, *dated)) or f"wire {wire} has none"


def _key(
    options: ProviderOptions,
    draft: _Draft,
    variables: Mapping[str, Stated],
    problems: Problems,
    origins: dict[str, str],
) -> Secret | None:
    """Find the provider's key; what is wrong with it is said without showing it."""
    if options.auth == "none":
        return None
    who, place = f"provider {options.name}", draft.origin
    if options.api_key is not None:
        found: str | None = options.api_key.reveal().strip()
        place = draft.stated["api_key"].origin
    else:
        names = _key_variables(options, WIRES[options.wire])
        if not names:
            problems.add(
                f"{place}: {who} has no key: with a base_url of its own it needs api_key_env, the name of the "
                "variable that holds it (or auth: none)"
            )
            return None
        if not all(_VARIABLE.fullmatch(name) for name in names):
            place = draft.stated["api_key_env"].origin
            problems.add(f"{place}: {who}: api_key_env is not the name of a variable (is it the key itself?)")
            return None
        name = next((name for name in names if _text(variables, name)), names[0])
        found = _text(variables, name)
        if not found:
            problems.add(f"{place}: {who} has no key: {' or '.join(names)} is not set")
            return None
        origins[f"providers.{options.name}.api_key"] = variables[name].origin
    if not found or not (found.isascii() and found.isprintable()) or " " in found:
        problems.add(f"{place}: {who}: its key is empty or holds characters that cannot be sent")
        return None
    return Secret(found)


def _key_variables(options: ProviderOptions, customs: WireCustoms) -> tuple[str, ...]:
    if options.api_key_env is not None:
        return (options.api_key_env,)
    # A key is sent to the address it was made for, unless the settings say otherwise.
    public = options.base_url is None or options.base_url.rstrip("/") == customs.public_base_url
    return customs.key_variables if public else ()
