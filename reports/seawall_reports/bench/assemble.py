"""From what a bench left in its folder to its report beside it."""

from __future__ import annotations

from pathlib import Path

import pydantic

from seawall_chaos.bench.figures import FIGURES, Figures
from seawall_chaos.recording import FOLDER, Recording, RecordingError
from seawall_reports.bench import markdown, page
from seawall_reports.bench.cells import faults_of
from seawall_reports.bench.costs import contenders_of, cost_targets, simulators_of
from seawall_reports.bench.document import BenchReport, Mark, Target
from seawall_reports.bench.targets import fault_targets
from seawall_reports.build import write
from seawall_reports.wording import count, plain

REPORT = "bench.json"
PICTURE = "plots/bench.png"


def build(folder: Path) -> BenchReport:
    """Write bench.html, bench.md, bench.json and a plot into `folder`.

    Raises:
        seawall_chaos.recording.RecordingError: what was measured is missing, unreadable or of another schema.
    """
    figures = _figures(folder)
    recording = Recording.open(folder) if (folder / FOLDER).is_dir() else None
    report = assemble(figures, recording, folder.resolve().name)
    if report.faults:
        # Loaded here: matplotlib takes longer to import than everything else together.
        from seawall_reports.bench.plot import draw  # noqa: PLC0415

        draw(report.faults, folder / PICTURE)
        report = report.model_copy(update={"plots": [PICTURE]})
    write(folder / "bench.html", page.render(report, folder).encode())
    write(folder / "bench.md", markdown.render(report).encode())
    # Last, since programs wait for it.
    write(folder / REPORT, report.model_dump_json(by_alias=True, indent=2).encode() + b"\n")
    return report


def assemble(figures: Figures, recording: Recording | None, run: str) -> BenchReport:
    """Measure and judge a whole run of the bench."""
    faults = faults_of(recording) if recording is not None else []
    targets = list(cost_targets(figures))
    if recording is not None:
        targets += fault_targets(recording, faults)
    versions = recording.manifest.versions if recording is not None else {}
    return BenchReport(
        run=plain(run),
        created_utc=plain(figures.created_utc),
        headline=headline(targets),
        partial=None if figures.partial is None else plain(figures.partial),
        quick=figures.quick,
        seed=figures.seed,
        host={plain(k): plain(v) if isinstance(v, str) else v for k, v in figures.host.items()},
        versions={plain(name): plain(version) for name, version in versions.items()},
        skipped={plain(name): plain(reason) for name, reason in figures.skipped.items()},
        cost_cpu_busy=figures.cpu_busy,
        targets=targets,
        contenders=contenders_of(figures),
        simulators=simulators_of(figures),
        faults=faults,
    )


def headline(targets: list[Target]) -> str:
    """How many targets are met, in one sentence."""
    marks = [target.mark for target in targets]
    met, missed = marks.count(Mark.MET), marks.count(Mark.MISSED)
    open_ = len(marks) - met - missed
    rest = f"; {open_} undecided" if open_ else ""
    return f"{met} of {count(len(marks), 'target')} met, {missed} missed{rest}."


def _figures(folder: Path) -> Figures:
    try:
        return Figures.read(folder)
    except OSError as error:
        raise RecordingError(f"{folder / FIGURES}: no bench there ({error.strerror})") from error
    except pydantic.ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise RecordingError(f"{folder / FIGURES}: {where or 'not JSON'}: {first['msg']}") from error
