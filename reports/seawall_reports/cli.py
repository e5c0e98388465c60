"""`seawall report`: build the report of a run, and show it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import NoReturn

import click

BAD_INPUT = 2
LATEST = Path("reports/out/latest")
LATEST_BENCH = Path("reports/out/bench/latest")
SECURITY = Path("reports/out/security")

_run_folder = click.argument(
    "run_dir", default=LATEST, metavar="[RUN_DIR]", type=click.Path(path_type=Path, file_okay=False)
)


@click.group()
def report() -> None:
    """Verdicts, tables and pictures from the recordings of runs.

    RUN_DIR is the folder of a run; without it, the latest one.
    """


@report.command()
@_run_folder
def build(run_dir: Path) -> None:
    """Judge the recording in RUN_DIR and write report.html, report.md, summary.json, junit.xml and plots there.

    The exit code is the verdict's: 0 PASS, 1 FAIL, 3 INCONCLUSIVE; 2 if there is no recording to judge.
    """
    # Here and not above: data frames would make every --help slow.
    from seawall_chaos.recording import RecordingError  # noqa: PLC0415
    from seawall_reports import terminal  # noqa: PLC0415
    from seawall_reports.build import build as build_report  # noqa: PLC0415

    try:
        summary = build_report(run_dir)
    except (RecordingError, OSError) as error:
        _refuse(str(error))
    _print(*terminal.verdict_lines(summary))
    _print(f"report: {run_dir / 'report.html'}")
    sys.exit(summary.exit_code)


@report.command()
@_run_folder
def show(run_dir: Path) -> None:
    """Print the verdict and the numbers of the report in RUN_DIR; the exit code is the verdict's."""
    import pydantic  # noqa: PLC0415

    from seawall_reports import terminal  # noqa: PLC0415
    from seawall_reports.summary import Summary  # noqa: PLC0415

    path = run_dir / "summary.json"
    try:
        summary = Summary.model_validate_json(path.read_bytes())
    except OSError as error:
        _refuse(f"{path}: {error.strerror}; build it with: seawall report build {run_dir}")
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        _refuse(f"{path}: {'.'.join(map(str, first['loc'])) or 'not JSON'}: {first['msg']}")
    _print(*terminal.verdict_lines(summary), "", *terminal.table_lines(summary))
    sys.exit(summary.exit_code)


@report.command()
@click.argument(
    "folder", default=LATEST_BENCH, metavar="[FOLDER]", type=click.Path(path_type=Path, file_okay=False)
)
def bench(folder: Path) -> None:
    """Judge what `make bench` left in FOLDER (the latest one) and write bench.html, bench.md, bench.json and a plot there.

    A target that is missed is shown as missed; the exit code is 0, or 2 if there is nothing to judge.
    """
    from seawall_chaos.recording import RecordingError  # noqa: PLC0415
    from seawall_reports.bench.assemble import build as build_bench  # noqa: PLC0415
    from seawall_reports.bench.words import bench_lines  # noqa: PLC0415

    try:
        found = build_bench(folder)
    except (RecordingError, OSError) as error:
        _refuse(str(error))
    _print(*bench_lines(found), f"report: {folder / 'bench.html'}")


@report.command()
@click.argument(
    "folder", default=SECURITY, metavar="[FOLDER]", type=click.Path(path_type=Path, file_okay=False)
)
def security(folder: Path) -> None:
    """Judge what `make security` measured into FOLDER and write security.html, security.md and a plot there.

    The exit code is 1 if a figure is worse than the baseline beyond its interval, 2 if there is nothing to judge,
    3 if there is no baseline.
    """
    from seawall_reports.security.build import MeasuredError  # noqa: PLC0415
    from seawall_reports.security.build import build as build_security  # noqa: PLC0415
    from seawall_reports.security.verdict import exit_code  # noqa: PLC0415
    from seawall_reports.security.words import security_lines  # noqa: PLC0415

    try:
        measured = build_security(folder)
    except (MeasuredError, OSError) as error:
        _refuse(str(error))
    _print(*security_lines(measured), f"report: {folder / 'security.html'}")
    sys.exit(exit_code(measured))


@report.command()
def schema() -> None:
    """Print the JSON Schema of summary.json."""
    from seawall_reports.summary import Summary  # noqa: PLC0415

    click.echo(json.dumps(Summary.model_json_schema(mode="serialization"), indent=2))


def _print(*lines: str) -> None:
    for line in lines:
        # click drops styles where the output is no terminal; NO_COLOR (no-color.org) drops them everywhere.
        click.echo(line, color=False if os.environ.get("NO_COLOR") else None)


def _refuse(message: str) -> NoReturn:
    click.echo(f"error: {message}", err=True)
    sys.exit(BAD_INPUT)
