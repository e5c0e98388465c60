"""How the command says that it was given something it cannot use."""

from __future__ import annotations

from typing import IO, Any

import click


class BadInput(click.ClickException):
    """Ends the command with exit code 2 and the message, one line for each thing that is wrong."""

    exit_code = 2

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the message to stderr."""
        for line in self.message.splitlines():
            click.echo(f"seawall: {line}", file=file, err=True)
