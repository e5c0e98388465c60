"""The command `seawall`. Needs the extra `cli`; importing this module does not."""

from __future__ import annotations

import importlib.util
import sys


def main() -> None:
    """Run the command; the exit code is 0, or 2 for bad usage or input, or what a sub-command returns."""
    if importlib.util.find_spec("click") is None:
        sys.stderr.write("seawall: the command needs an extra: pip install 'seawall[cli]'\n")
        sys.exit(2)
    from seawall.cli.root import root  # noqa: PLC0415 - imports click

    root(prog_name="seawall")
