"""`bench.html`: one file that needs nothing else."""

from __future__ import annotations

from pathlib import Path

from markupsafe import Markup

from seawall_reports.bench.document import BenchReport, Mark
from seawall_reports.bench.words import SATURATED, bound, figure, interval, range_of
from seawall_reports.page import embedded, environment, stylesheet
from seawall_reports.picture import Picture
from seawall_reports.wording import bare

CAPTION = (
    "Ring: p50. Dot: p99, with its 95 % interval as a band. Tick: the longest call. Latency from the intended start on "
    "a logarithmic scale, failed calls included; the dashed line is half a second."
)
# How the page's classes and signs show a mark.
CLASSES = {Mark.MET: "PASS", Mark.MISSED: "FAIL"}
SIGNS = {Mark.MET: "\u2713", Mark.MISSED: "\u2717"}


def render(report: BenchReport, folder: Path) -> str:
    """The page for `report`, whose pictures lie in `folder`."""
    jinja = environment()
    jinja.filters |= {
        "figure": figure,
        "bare": lambda number, metric: bare(metric, number),
        "range": interval,
        "range_of": range_of,
        "bound": bound,
    }
    jinja.globals |= {"CLASSES": CLASSES, "SIGNS": SIGNS, "SATURATED": SATURATED}
    pictures = [embedded(Picture("bench", file, CAPTION, _alt(report)), folder) for file in report.plots]
    groups: dict[str, list[object]] = {}
    for target in report.targets:
        groups.setdefault(target.of, []).append(target)
    return jinja.get_template("bench.html.j2").render(
        run=report,
        groups=groups,
        missed=[target for target in report.targets if target.mark is Mark.MISSED],
        pictures=pictures,
        style=Markup(stylesheet()),  # noqa: S704 - our own file
    )


def _alt(report: BenchReport) -> str:
    """What the picture shows, in numbers."""
    parts = []
    for fault in report.faults:
        cells = ", ".join(f"{name} {bare('p99_ms', cell.p99_ms)} ms" for name, cell in fault.cells.items())
        parts.append(f"{fault.name}: {cells}")
    return f"p99 latency of every subject under every fault. {'; '.join(parts)}."
