"""The command itself, and the sub-commands that other installed packages add to it."""

from __future__ import annotations

from importlib.metadata import EntryPoint, entry_points

import click

from seawall._version import __version__
from seawall.cli.bad_input import BadInput
from seawall.cli.config import config
from seawall.cli.logs import logs
from seawall.cli.scan import scan

GROUP = "seawall.commands"


class PluggableGroup(click.Group):
    """A group whose foreign sub-commands are imported only when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return all names."""
        return sorted({*super().list_commands(ctx), *_plugins()})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a sub-command of our own, or import one of somebody else's."""
        own = super().get_command(ctx, cmd_name)
        if own is not None:
            return own
        plugin = _plugins().get(cmd_name)
        return _load(plugin) if plugin is not None else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List foreign sub-commands by where they come from: help must not import them."""
        plugins = _plugins()
        rows = [
            (name, own.get_short_help_str())
            if (own := self.commands.get(name)) is not None
            else (name, _distribution(plugins[name]))
            for name in self.list_commands(ctx)
        ]
        with formatter.section("Commands"):
            formatter.write_dl(rows)


def _plugins() -> dict[str, EntryPoint]:
    return {plugin.name: plugin for plugin in entry_points(group=GROUP)}


def _distribution(plugin: EntryPoint) -> str:
    return f"(from {plugin.dist.name})" if plugin.dist is not None else ""


def _load(plugin: EntryPoint) -> click.Command:
    try:
        command = plugin.load()
    except Exception as error:
        # Foreign code may raise anything while it is imported.
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise BadInput(f"the command {plugin.name} ({plugin.value}) cannot be loaded: {reason}") from error
    if not isinstance(command, click.Command):
        raise BadInput(f"the command {plugin.name} ({plugin.value}) is no click command")
    return command


@click.group(cls=PluggableGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="seawall", message="%(prog)s %(version)s")
def root() -> None:
    """An LLM client that answers as long as any one provider can, and what belongs to it."""


root.add_command(config)
root.add_command(logs)
root.add_command(scan)
