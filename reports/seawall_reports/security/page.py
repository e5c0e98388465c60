"""`security.html`: one file that needs nothing else."""

from __future__ import annotations

from pathlib import Path

from markupsafe import Markup

from seawall_reports.page import embedded, environment, stylesheet
from seawall_reports.picture import Picture
from seawall_reports.security.document import Measured
from seawall_reports.security.markdown import corpora_words
from seawall_reports.security.verdict import exit_code, gone_figures, headline, worse_figures
from seawall_reports.security.words import counted, groups, range_of, reason, share, shown
from seawall_reports.wording import plain

VERDICTS = {0: "PASS", 1: "FAIL", 3: "INCONCLUSIVE"}
CAPTION = (
    "Firewall scores on each channel. A point is a threshold; the dot is the one that blocks by default. Right: the same "
    "with few false positives spread out, the dashed line is 1 %. A dot at the left edge has none."
)


def render(measured: Measured, folder: Path, plots: list[str]) -> str:
    """The page, whose pictures lie in `folder`."""
    jinja = environment()
    jinja.filters |= {
        "shown": shown, "counted": counted, "range_of": range_of, "share": share, "reason": reason, "plain": plain,
    }  # fmt: skip
    worse, gone = worse_figures(measured), gone_figures(measured)
    return jinja.get_template("security.html.j2").render(
        measured=measured,
        headline=headline(measured),
        verdict=VERDICTS[exit_code(measured)],
        worse=worse,
        gone=gone,
        worse_ids={each.figure.id for each in worse},
        groups=groups(measured),
        corpora=corpora_words(measured),
        pictures=[embedded(Picture("roc", file, CAPTION, _alt(measured)), folder) for file in plots],
        style=Markup(stylesheet()),  # noqa: S704 - our own file
    )


def _alt(measured: Measured) -> str:
    """What the picture shows, in numbers."""
    parts = [
        f"{name}: area {curve.auc:.3f}, recall {share(curve.at_threshold[1])} at {share(curve.at_threshold[0])}"
        for name, curve in measured.curves.items()
    ]
    return f"True against false positives of the firewall. {'; '.join(parts)}."
