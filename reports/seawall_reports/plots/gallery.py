"""All pictures of a run, written as PNG files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from matplotlib.figure import Figure

from seawall_chaos.recording import Recording
from seawall_reports.picture import CAPTIONS, Picture, alt_text
from seawall_reports.plots.answered import answered
from seawall_reports.plots.breakers import breakers, has_breakers
from seawall_reports.plots.ecdf import ecdf
from seawall_reports.plots.scene import Scene
from seawall_reports.plots.style import in_style, save, subject_colours
from seawall_reports.plots.timeline import timeline
from seawall_reports.summary import Summary

FOLDER = "plots"


def draw(recording: Recording, summary: Summary, run_folder: Path) -> list[list[Picture]]:
    """Draw the pictures of every scenario into `run_folder`/plots; those of an earlier report go."""
    folder = run_folder / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for stale in folder.glob("*.png"):
        stale.unlink()
    with in_style():
        return [list(_pictures(scene, folder, n)) for n, scene in enumerate(_scenes(recording, summary), 1)]


def _scenes(recording: Recording, summary: Summary) -> Iterator[Scene]:
    colours = subject_colours(summary.subjects)
    for result, record in zip(summary.scenarios, recording.manifest.scenarios, strict=True):
        calls, attempts, faults = (
            table[table["scenario"] == record.name]
            for table in (recording.calls, recording.attempts, recording.faults)
        )
        yield Scene(result=result, calls=calls, attempts=attempts, faults=faults, colours=colours)


def _pictures(scene: Scene, folder: Path, number: int) -> Iterator[Picture]:
    if not scene.result.subjects:
        return
    # Names come from file names of others; what they hold beyond these letters is not needed to tell them apart.
    slug = re.sub(r"[^a-z0-9-]", "", scene.result.name.lower())[:40] or "scenario"
    for kind, figure in _figures(scene):
        path = folder / f"{number:02}-{slug}-{kind}.png"
        save(figure, path)
        yield Picture(
            kind=kind, file=f"{FOLDER}/{path.name}", caption=CAPTIONS[kind], alt=alt_text(kind, scene.result)
        )


def _figures(scene: Scene) -> Iterator[tuple[str, Figure]]:
    yield "timeline", timeline(scene)
    yield "ecdf", ecdf(scene)
    yield "answered", answered(scene)
    if has_breakers(scene.attempts):
        yield "breakers", breakers(scene)
