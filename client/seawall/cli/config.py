"""`seawall config`: are the settings usable, what are they, and where does each value come from?"""

from __future__ import annotations

import json

import click

from seawall.cli.bad_input import BadInput
from seawall.settings import Settings, SettingsError, load_settings
from seawall.settings.effective import effective_settings
from seawall.settings.table import settings_table

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
def table() -> None:
    """Print the documentation of every setting, in Markdown."""
    click.echo(settings_table(), nl=False)


@config.command()
@_FILE
@click.option("--json", "as_json", is_flag=True, help="One JSON object: {NAME: {value, origin}}.")
def show(file: str | None, *, as_json: bool) -> None:
    """Show every setting in force and where it comes from. Keys are not shown."""
    rows = list(effective_settings(_load(file)))
    if as_json:
        document = {row.name: {"value": row.shown, "origin": row.origin} for row in rows}
        click.echo(json.dumps(document, indent=2))
        return
    texts = [(f"{row.name} = {json.dumps(row.shown, ensure_ascii=False)}", row.origin) for row in rows]
    width = min(max(len(text) for text, _ in texts), 72)
    for text, origin in texts:
        click.echo(f"{text:<{width}}  # {origin}")


def _load(file: str | None) -> Settings:
    try:
        return load_settings(file)
    except SettingsError as error:
        raise BadInput("\n".join(error.problems)) from error
