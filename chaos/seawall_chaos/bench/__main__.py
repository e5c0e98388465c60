"""`python -m seawall_chaos.bench`: what the client costs and how it behaves under faults, beside its rivals."""

from __future__ import annotations

import datetime as dt
import os
import platform
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from seawall_chaos.bench.cells import CELLS, scenario_of
from seawall_chaos.bench.costs import measure_costs, measure_simulators
from seawall_chaos.bench.figures import Figures
from seawall_chaos.bench.promises import measure_promises
from seawall_chaos.bench.scale import measure_scale
from seawall_chaos.errors import StackError
from seawall_chaos.rivals import RIVALS, interpreter
from seawall_chaos.run import RunPlan, create_run_folder
from seawall_chaos.session import INCONCLUSIVE, INTERRUPTED, point_latest, run_to_recording
from seawall_simulators.document import nearest

PARTS = ("cost", "simulators", "scale", "faults")
SUBJECTS = ("oracle", "seawall", "baseline", "openai-sdk", *RIVALS)
ROUNDS, QUICK_ROUNDS = 3, 1
ROUND_S, QUICK_ROUND_S = 2.0, 0.5


def say(line: str) -> None:
    """Progress goes where results do not."""
    click.echo(line, err=True)


class Bench:
    """One run of the bench into `folder`: the parts that are wanted, one after the other."""

    def __init__(self, figures: Figures, folder: Path, parts: Sequence[str], command: str) -> None:
        self.figures = figures
        self.folder = folder
        self.parts = parts
        self._command = command

    def run(self) -> bool:
        """Measure; returns whether a person ended it before its end. What was measured until then is kept and marked."""
        steps: list[tuple[str, Callable[[], None]]] = [
            ("cost", self._costs),
            ("simulators", self._simulators),
            ("scale", self._scale),
        ]
        self.figures.write(self.folder)
        interrupted = self._faults()
        try:
            if not interrupted:
                for part, step in steps:
                    if part in self.parts:
                        step()
                        self.figures.write(self.folder)
        except KeyboardInterrupt:
            interrupted = True
        except (subprocess.SubprocessError, StackError) as error:
            self.figures.partial = _told(error)
        if interrupted:
            self.figures.partial = "interrupted"
        self.figures.write(self.folder)
        return interrupted

    def provision(self) -> None:
        """Make the rivals' environments; one that cannot be made is left out, with the reason."""
        for subject in RIVALS:
            try:
                interpreter(subject, say)
            except StackError as error:
                reason = str(error).strip().splitlines()[-1]
                self.figures.skipped[subject] = reason
                say(f"{subject} is left out: {reason}")

    def _faults(self) -> bool:
        names = [name for name in CELLS if name in self.parts]
        if not names:
            return False
        subjects = [subject for subject in SUBJECTS if subject not in self.figures.skipped]
        files = [scenario_of(name, quick=self.figures.quick) for name in names]
        plan = RunPlan(scenarios=files, subjects=subjects, seed=self.figures.seed, command=self._command)
        manifest, interrupted = run_to_recording(plan, self.folder)
        self.figures.partial = manifest.partial_reason
        return interrupted

    def _costs(self) -> None:
        measure_costs(self.figures, QUICK_ROUNDS if self.figures.quick else ROUNDS, say)

    def _simulators(self) -> None:
        quick = self.figures.quick
        rounds, round_s = (QUICK_ROUNDS, QUICK_ROUND_S) if quick else (ROUNDS, ROUND_S)
        measure_simulators(self.figures, rounds, round_s, say)

    def _scale(self) -> None:
        say("crowds: 2,000 calls on one loop, 64 threads, probes, callers who leave ...")
        self.figures.scale = [*measure_scale(), *measure_promises()]


def _told(error: Exception) -> str:
    words = getattr(error, "stderr", None) or str(error)
    return str(words).strip().splitlines()[-1][:300]


def _host() -> dict[str, str | int | float]:
    return {
        "system": platform.platform(),
        "python": platform.python_version(),
        "cpus": os.cpu_count() or 0,
        "load_1m_before": round(os.getloadavg()[0], 2),
    }


def _parts(_context: click.Context, _parameter: click.Parameter, value: str | None) -> list[str]:
    known = [*PARTS, *CELLS]
    wanted = [name.strip() for name in (value or ",".join(PARTS)).split(",")]
    for name in wanted:
        if name not in known:
            raise click.BadParameter(f"no part '{name}'{nearest(name, known)}")
    return [name for name in known if name in wanted or (name in CELLS and "faults" in wanted)]


@click.command()
@click.option("--quick", is_flag=True, help="A tenth of the calls: shows that it works, and meets no target.")
@click.option("--only", "parts", callback=_parts, help=f"Some of: {', '.join((*PARTS, *CELLS))}.")
@click.option("--seed", type=click.IntRange(0, 2**31 - 1), default=1, show_default=True)
@click.option("--out", type=click.Path(file_okay=False, path_type=Path), default=Path("reports/out/bench"))
def main(*, quick: bool, parts: list[str], seed: int, out: Path) -> None:
    """Measure the client beside its rivals, bare HTTP and an oracle, and write a report of it.

    A target that is missed is said to be missed; it does not fail the command. Ctrl-C keeps what was measured.
    """
    folder = create_run_folder(out, seed)
    created = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    figures = Figures(created_utc=created, seed=seed, quick=quick, host=_host())
    bench = Bench(figures, folder, parts, shlex.join(["make", "bench", *(["QUICK=1"] if quick else [])]))
    try:
        bench.provision()
    except KeyboardInterrupt:
        shutil.rmtree(folder)
        say("interrupted before anything was measured")
        sys.exit(INTERRUPTED)
    try:
        interrupted = bench.run()
    except KeyboardInterrupt:
        say(f"stopped; what was measured until then is in {folder}")
        sys.exit(INTERRUPTED)
    point_latest(folder)
    code = _report(folder)
    sys.exit(INTERRUPTED if interrupted else code or (INCONCLUSIVE if figures.partial else 0))


def _report(folder: Path) -> int:
    """Write the report by the command of that name: the harness does not read its own reports."""
    command = [sys.executable, "-c", "from seawall.cli import main; main()", "report", "bench", str(folder)]
    return subprocess.run(command, check=False).returncode  # noqa: S603


if __name__ == "__main__":
    main()
