"""From what `make security` measured to its report beside it."""

from __future__ import annotations

from pathlib import Path

import pydantic

from seawall_reports.build import write
from seawall_reports.security import markdown, page
from seawall_reports.security.document import MEASURED, Measured

PICTURE = "plots/roc.png"


class MeasuredError(Exception):
    """What was measured is missing or cannot be read; the message names the file and what is wrong."""


def build(folder: Path) -> Measured:
    """Write security.html, security.md and a plot into `folder`. Raises MeasuredError."""
    measured = _read(folder)
    plots = []
    if measured.curves:
        # Loaded here: matplotlib takes longer to import than everything else together.
        from seawall_reports.security.plot import draw  # noqa: PLC0415

        draw(measured.curves, folder / PICTURE)
        plots.append(PICTURE)
    write(folder / "security.html", page.render(measured, folder, plots).encode())
    write(folder / "security.md", markdown.render(measured).encode())
    return measured


def _read(folder: Path) -> Measured:
    path = folder / MEASURED
    try:
        return Measured.read(folder)
    except OSError as error:
        raise MeasuredError(f"{path}: nothing measured there ({error.strerror})") from error
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise MeasuredError(f"{path}: {where or 'not JSON'}: {first['msg']}") from error
