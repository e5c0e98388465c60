"""From the recording in a run's folder to the report beside it."""

from __future__ import annotations

from pathlib import Path

from seawall_chaos.recording import Recording
from seawall_reports import junit, markdown, page
from seawall_reports.summarise import summarise
from seawall_reports.summary import Summary

SUMMARY = "summary.json"


def build(run_folder: Path) -> Summary:
    """Write report.html, report.md, summary.json, junit.xml and plots into `run_folder`.

    Raises:
        seawall_chaos.recording.RecordingError: the recording is missing, unreadable or of another schema.
    """
    # Loaded here: matplotlib takes longer to import than everything else together.
    from seawall_reports.plots.gallery import draw  # noqa: PLC0415

    recording = Recording.open(run_folder)
    judged = summarise(recording)
    pictures = draw(recording, judged, run_folder)
    scenarios = [
        scenario.model_copy(update={"plots": [picture.file for picture in shown]})
        for scenario, shown in zip(judged.scenarios, pictures, strict=True)
    ]
    summary = judged.model_copy(update={"scenarios": scenarios})
    write(run_folder / "report.html", page.render(summary, pictures, run_folder).encode())
    write(run_folder / "report.md", markdown.render(summary, pictures).encode())
    write(run_folder / "junit.xml", junit.render(summary))
    # Last, since programs wait for it.
    write(run_folder / SUMMARY, summary.model_dump_json(by_alias=True, indent=2).encode() + b"\n")
    return summary


def write(path: Path, content: bytes) -> None:
    """Replace `path` at once, so that nobody reads half of it."""
    part = path.with_name(f".{path.name}.part")
    part.write_bytes(content)
    part.replace(path)
