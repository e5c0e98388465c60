"""`seawall logs`: what an operator asks of the log first."""

from __future__ import annotations

import gzip
import os
import re
import sys
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

import click
import msgspec

from seawall.cli.bad_input import BadInput
from seawall.cli.log_groups import KEYS
from seawall.cli.log_summary import Summary, SummaryDocument
from seawall.cli.log_table import markdown, table

LINE_BYTES_MAX = 1_048_576
_GZIP_MAGIC = b"\x1f\x8b"
_INCONCLUSIVE = 3
_AGO = re.compile(r"([0-9]{1,9})([smhd])")
_UNITS_S = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
_SHAPES: dict[str, Callable[[SummaryDocument], str]] = {
    "table": table,
    "json": lambda document: msgspec.json.encode(document).decode(),
    "markdown": markdown,
}


@click.group()
def logs() -> None:
    """Read Seawall's log lines."""


@logs.command()
@click.argument("files", nargs=-1, type=click.Path())
@click.option(
    "--since", help="Only lines from then on: 15m, 2h, 3d ago, or a time such as 2026-11-22T09:30Z."
)
@click.option("--by", help=f"One row for each: {', '.join(KEYS)}.")
@click.option(
    "--format",
    "shape",
    type=click.Choice(list(_SHAPES)),
    default="table",
    show_default=True,
    help="What to print.",
)
def summarize(files: tuple[str, ...], *, since: str | None, by: str | None, shape: str) -> None:
    """Summarise FILES, plain or gzip; without any, or for "-", standard input.

    Reads one line at a time, so files may be of any size; percentiles are within half a percent. Lines that are
    not Seawall's are skipped and counted, and so are torn ones. Exits with 3 if no call and no attempt is left.
    """
    try:
        summary = Summary(since=None if since is None else _time(since), by=by)
    except ValueError as error:
        raise BadInput(str(error)) from error
    for name in files or ("-",):
        _read(name, summary)
    document = summary.document()
    click.echo(_SHAPES[shape](document), color=False if os.environ.get("NO_COLOR") else None)
    if not document.calls.count and not document.providers:
        raise click.exceptions.Exit(_INCONCLUSIVE)


def _time(since: str) -> datetime:
    """Return the time that is meant. Raises ValueError."""
    if (ago := _AGO.fullmatch(since)) is not None:
        with suppress(OverflowError):
            return datetime.now(UTC) - timedelta(seconds=int(ago[1]) * _UNITS_S[ago[2]])
        raise ValueError(f"--since {since}: further back than time is counted")
    try:
        time = datetime.fromisoformat(since)
    except ValueError:
        raise ValueError(f"--since {since}: expected 30s, 15m, 2h, 3d or 2026-11-22T09:30Z") from None
    return time.replace(tzinfo=UTC) if time.tzinfo is None else time


def _read(name: str, summary: Summary) -> None:
    try:
        if name == "-":
            _read_stream(sys.stdin.buffer, summary)
        else:
            with Path(name).open("rb") as file:
                _read_stream(file, summary)
    except (EOFError, zlib.error):
        summary.torn += 1  # a file that was being written; what was whole has been read
    except OSError as error:
        reason = error.strerror or str(error)
        raise BadInput(f"{name}: {reason.lower()}") from error


def _read_stream(stream: IO[bytes], summary: Summary) -> None:
    peeked: bytes = getattr(stream, "peek", lambda _size: b"")(2)
    plain: IO[bytes] = (
        gzip.GzipFile(fileobj=stream) if peeked[:2] == _GZIP_MAGIC else stream  # type: ignore[assignment]
    )
    for line in _lines(plain):
        summary.add(line)


def _lines(stream: IO[bytes]) -> Iterator[bytes]:
    """Yield lines; of one beyond the limit only its first part, which then counts as torn."""
    while line := stream.readline(LINE_BYTES_MAX):
        yield line
        while len(line) == LINE_BYTES_MAX and not line.endswith(b"\n"):
            line = stream.readline(LINE_BYTES_MAX)
