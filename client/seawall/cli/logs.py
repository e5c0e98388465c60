"""`seawall logs`: what an operator asks of the log first."""

from __future__ import annotations

import gzip
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import click
import msgspec

from seawall.cli.bad_input import BadInput
from seawall.cli.log_summary import Summary
from seawall.cli.log_table import table

LINE_BYTES_MAX = 1_048_576
_GZIP_MAGIC = b"\x1f\x8b"
_INCONCLUSIVE = 3


@click.group()
def logs() -> None:
    """Read Seawall's log lines."""


@logs.command()
@click.argument("files", nargs=-1, type=click.Path())
@click.option("--json", "as_json", is_flag=True, help="One JSON object instead of tables.")
def summarize(files: tuple[str, ...], *, as_json: bool) -> None:
    """Summarise FILES, plain or gzip; without any, or for "-", standard input.

    Lines that are not Seawall's are skipped and counted, and so are torn ones. Exits with 3 if there is no line
    of Seawall's at all.
    """
    summary = Summary()
    for name in files or ("-",):
        _read(name, summary)
    document = summary.document()
    click.echo(msgspec.json.encode(document).decode() if as_json else table(document))
    if not document.calls.count and not document.providers:
        raise click.exceptions.Exit(_INCONCLUSIVE)


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
