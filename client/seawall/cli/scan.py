"""`seawall scan`: what would the security pipeline make of this text?"""

from __future__ import annotations

import sys
from bisect import bisect_right
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from seawall.cli.bad_input import BadInput

if TYPE_CHECKING:
    from seawall.security.scan import Scan, Stage

_BYTES_MAX = 10_000_000
_FOUND = 1
_STAGES = ("firewall", "redaction", "output")


@click.command()
@click.argument("files", nargs=-1, type=click.Path())
@click.option(
    "--stage",
    "stages",
    multiple=True,
    type=click.Choice(_STAGES),
    help="What to look with; may be given again. Default: firewall and redaction, as for what goes to a model.",
)
@click.option(
    "--channel",
    type=click.Choice(("user", "untrusted")),
    default="untrusted",
    show_default=True,
    help="Whose words these are: the same sentence is fine from a user and an attack inside a document.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line: file, stage, acts, findings.")
def scan(files: tuple[str, ...], *, stages: tuple[Stage, ...], channel: str, as_json: bool) -> None:
    """Scan FILES, or standard input without any or for "-", for attacks, personal data and secrets.

    Prints FILE:LINE:COLUMN, the stage, the rule and its score; never the text found. Exits with 1 if a stage would
    not let a text pass as it is, with 0 if all would.
    """
    try:
        from seawall.security.scan import scan as scan_text  # noqa: PLC0415 - an extra, and slow to import
    except ImportError as error:
        raise BadInput("scan needs the extra: pip install 'seawall[security]'") from error
    acted = False
    for name in files or ("-",):
        text = _read(name)
        for stage in stages or ("firewall", "redaction"):
            found = scan_text(text, stage=stage, channel="user" if channel == "user" else "untrusted")
            acted = acted or found.acts
            for line in _json(name, found) if as_json else _lines(name, text, found):
                click.echo(line)
    if acted:
        raise click.exceptions.Exit(_FOUND)


def _read(name: str) -> str:
    try:
        if name == "-":
            data = sys.stdin.buffer.read(_BYTES_MAX + 1)
        else:
            with Path(name).open("rb") as file:
                data = file.read(_BYTES_MAX + 1)
    except OSError as error:
        reason = error.strerror or str(error)
        raise BadInput(f"{name}: {reason.lower()}") from error
    if len(data) > _BYTES_MAX:
        raise BadInput(f"{name}: longer than {_BYTES_MAX:,} bytes; split it")
    return data.decode("utf-8", "replace")


def _json(name: str, found: Scan) -> list[str]:
    document = {"file": name, **msgspec.to_builtins(found)}
    return [msgspec.json.encode(document).decode()]


def _lines(name: str, text: str, found: Scan) -> list[str]:
    starts = [0]
    for line in text.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    lines = []
    for each in found.findings:
        row = bisect_right(starts, each.start)
        column = each.start - starts[row - 1] + 1
        lines.append(f"{name}:{row}:{column}: {each.stage} {each.rule} {each.score:g}")
    if found.acts and found.stage == "firewall":
        lines.append(f"{name}: firewall would block this")
    return lines
