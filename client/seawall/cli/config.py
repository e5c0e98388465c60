"""`seawall config`: are the settings usable, what are they, and where does each value come from?"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import click
import msgspec

from seawall.cli.bad_input import BadInput
from seawall.providers.customs import WIRES
from seawall.settings import Settings, SettingsError, load_settings
from seawall.settings.schema import PROVIDER_FIELDS, SETTINGS, dotted

_FILE = click.argument("file", required=False, type=click.Path())


@click.group()
def config() -> None:
    """Check and show the settings."""


@config.command()
@_FILE
def check(file: str | None) -> None:
    """Check the settings of FILE, .env and the environment; say everything that is wrong.

    Exits with 0 if they are good, else with 2. Sends nothing.
    """
    settings = _load(file)
    names = ", ".join(provider.name for provider in settings.providers)
    click.echo(f"good: {len(settings.providers)} provider{'s' * (len(settings.providers) != 1)} ({names})")


@config.command()
@_FILE
@click.option("--json", "as_json", is_flag=True, help="One JSON object: {NAME: {value, origin}}.")
def show(file: str | None, *, as_json: bool) -> None:
    """Show every setting in force and where it comes from. Keys are not shown."""
    rows = list(_rows(_load(file)))
    if as_json:
        document = {name: {"value": value, "origin": origin} for name, value, origin in rows}
        click.echo(json.dumps(document, indent=2))
        return
    texts = [(f"{name} = {json.dumps(value, ensure_ascii=False)}", origin) for name, value, origin in rows]
    width = min(max(len(text) for text, _ in texts), 72)
    for text, origin in texts:
        click.echo(f"{text:<{width}}  # {origin}")


def _load(file: str | None) -> Settings:
    try:
        return load_settings(file)
    except SettingsError as error:
        raise BadInput("\n".join(error.problems)) from error


def _rows(settings: Settings) -> Iterator[tuple[str, Any, str]]:
    origins = settings.origins
    for provider in settings.providers:
        for field in PROVIDER_FIELDS:
            name = f"providers.{provider.name}.{field}"
            value = getattr(provider, field)
            if field == "base_url":
                value = value or WIRES[provider.wire].public_base_url
            yield name, _public(field, value), origins.get(name, "default")
    for path in SETTINGS:
        found: Any = settings
        for key in path:
            found = getattr(found, key)
        yield dotted(path), _public(path[-1], found), origins.get(dotted(path), "default")


def _public(field: str, value: Any) -> Any:
    if value is None:
        return None
    if field == "api_key":
        return "***"
    if field == "headers":
        return dict.fromkeys(value, "***")
    if field == "proxy" and "@" in value:
        return "***@" + value.rpartition("@")[2]
    return msgspec.to_builtins(value)
