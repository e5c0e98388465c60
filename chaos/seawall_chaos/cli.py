"""`seawall chaos`: run scenarios, and look at them before."""

from __future__ import annotations

import json
import re
import shlex
import shutil
import sys
from pathlib import Path

import click

from seawall_chaos.library import load_all, select, shipped
from seawall_chaos.loader import ScenarioFile
from seawall_chaos.subjects import subject_names
from seawall_chaos.timeline import expand
from seawall_chaos.timeline import steps as timeline_steps
from seawall_chaos.yaml_document import DocumentError
from seawall_simulators.document import nearest

BAD_INPUT = 2
INTERRUPTED = 130
DEFAULT_SUBJECTS = "baseline,openai-sdk,seawall"
SEED_MAX = 2**31 - 1


@click.group()
def chaos() -> None:
    """Scenarios under which clients are compared, with real faults through real proxies."""


def _refuse(error: DocumentError) -> click.exceptions.Exit:
    for problem in error.problems:
        click.echo(f"error: {problem}", err=True)
    return click.exceptions.Exit(BAD_INPUT)


def _workers(
    _context: click.Context, _parameter: click.Parameter, values: tuple[str, ...]
) -> dict[str, list[str]]:
    workers: dict[str, list[str]] = {}
    for value in values:
        name, _, command = value.partition("=")
        if not re.fullmatch(r"[a-z][a-z0-9-]{0,31}", name) or not command.strip():
            raise click.BadParameter(f"'{value}': wanted is NAME=COMMAND, the name in small letters")
        if name in subject_names():
            raise click.BadParameter(f"'{name}' is one of the harness's own subjects")
        argv = shlex.split(command)
        program = shutil.which(argv[0])
        if program is None:
            raise click.BadParameter(f"'{value}': no program '{argv[0]}'")
        workers[name] = [program, *argv[1:]]
    return workers


def _subjects(context: click.Context, _parameter: click.Parameter, value: str) -> list[str]:
    known = (*subject_names(), *context.params.get("workers", {}))
    names = [name.strip() for name in value.split(",") if name.strip()]
    for name in names:
        if name not in known:
            raise click.BadParameter(f"no subject '{name}'{nearest(name, known)}")
    if not names or len(set(names)) < len(names):
        raise click.BadParameter(f"'{value}': each subject once, at least one")
    return names


@chaos.command()
@click.argument("scenarios", nargs=-1, metavar="[SCENARIO|SET|FILE|FOLDER]...")
@click.option(
    "--seed", default=1, show_default=True, type=click.IntRange(0, SEED_MAX), help="Settles load and chances."
)
@click.option(
    "--out",
    default="reports/out",
    show_default=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the folder of the run is made.",
)
@click.option(
    "--subjects",
    default=DEFAULT_SUBJECTS,
    show_default=True,
    callback=_subjects,
    help="Clients to compare, comma-separated.",
)
@click.option(
    "--worker",
    "workers",
    multiple=True,
    is_eager=True,
    callback=_workers,
    metavar="NAME=COMMAND",
    help="A subject of your own: a program that makes calls as docs/BENCH.md says, in any language.",
)
def run(
    scenarios: tuple[str, ...], seed: int, out: Path, subjects: list[str], workers: dict[str, list[str]]
) -> None:
    """Run scenarios (default: the set `quick`), record what happened and build the report.

    The exit code is the report's: 0 all gates passed, 1 a gate failed, 3 inconclusive.
    """
    try:
        code = _run(scenarios or ("quick",), seed, out, subjects, workers)
    except KeyboardInterrupt:
        click.echo("interrupted before the run began", err=True)
        code = INTERRUPTED
    sys.exit(code)


def _run(
    names: tuple[str, ...], seed: int, out: Path, subjects: list[str], workers: dict[str, list[str]]
) -> int:
    try:
        files = select(names)
    except DocumentError as error:
        raise _refuse(error) from error
    # Here and not above: what it loads (Parquet, HTTP) would make every --help slow.
    from seawall_chaos.run import create_run_folder  # noqa: PLC0415
    from seawall_chaos.session import run_to_report  # noqa: PLC0415

    try:
        folder = create_run_folder(out, seed)
    except OSError as error:
        raise click.BadParameter(f"{error.filename or out}: {error.strerror}", param_hint="--out") from error
    command = ["seawall", "chaos", "run", *names, "--seed", str(seed), "--subjects", ",".join(subjects)]
    for name, argv in workers.items():
        command += ["--worker", f"{name}={shlex.join(argv)}"]
    return run_to_report(
        files, subjects, seed=seed, folder=folder, command=shlex.join(command), workers=workers
    )


@chaos.command("list")
def list_() -> None:
    """The scenarios that come with the harness."""
    for file in shipped():
        sets = f" [{', '.join(file.scenario.set)}]" if file.scenario.set else ""
        click.echo(f"{file.name:<26}{file.scenario.title}{sets}")


@chaos.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
def check(files: tuple[Path, ...]) -> None:
    """Read scenario files and report every mistake in them, with its line."""
    for file in _read(files):
        calls = round(file.scenario.run_s * file.scenario.load.rate_per_s)
        click.echo(
            f"{file.file}: ok, {file.scenario.run_s:g}s, about {calls} calls, "
            f"fault windows: {len(expand(file.scenario))}, gates: {len(file.scenario.expect)}"
        )


@chaos.command()
@click.argument("scenario")
def timeline(scenario: str) -> None:
    """When which fault comes and goes in SCENARIO (a file, or one that comes with the harness)."""
    try:
        files = select([scenario])
    except DocumentError as error:
        raise _refuse(error) from error
    for file in files:
        click.echo(f"{file.name}: {file.scenario.run_s:g}s on path {file.scenario.path}")
        for step in timeline_steps(expand(file.scenario)):
            entry = file.scenario.method[step.window.entry - 1]
            params = "".join(f" {key}={json.dumps(value)}" for key, value in entry.params.items())
            click.echo(
                f"{step.at_s:9.3f}s  {step.action:<6}  {step.window.on:<12} {step.window.fault}"
                f"{params if step.action == 'inject' else ''}  (entry {step.window.entry}, window {step.window.window})"
            )


@chaos.command()
def provision() -> None:
    """Find or install Toxiproxy and mitmproxy; done by `make` before a run."""
    from seawall_chaos.provision import provision as provision_all  # noqa: PLC0415

    provision_all()


def _read(files: tuple[Path, ...]) -> list[ScenarioFile]:
    try:
        return load_all(files)
    except DocumentError as error:
        raise _refuse(error) from error
