"""`security.md`: the security report, to be read in a pull request."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from seawall_reports.markdown import escaped
from seawall_reports.security.document import Measured
from seawall_reports.security.verdict import gone_figures, headline, worse_figures
from seawall_reports.security.words import counted, groups, range_of, reason, share, shown
from seawall_reports.wording import plain


def render(measured: Measured) -> str:
    """The report in GitHub's Markdown."""
    return "\n".join(_lines(measured)) + "\n"


def _lines(measured: Measured) -> Iterator[str]:
    yield f"# Security: {escaped(headline(measured))}\n"
    yield from (f"- worse: {escaped(reason(each))}" for each in worse_figures(measured))
    yield from (f"- missing: {escaped(each)}" for each in gone_figures(measured))
    yield f"\nMeasured {escaped(measured.created_utc)}, seed {measured.seed}; {escaped(corpora_words(measured))}\n"
    for group, figures in groups(measured).items():
        yield f"## {escaped(group)}\n"
        rows = [
            [
                figure.name,
                shown(figure),
                range_of(figure.interval),
                counted(figure),
                ", ".join(figure.tags.values()),
            ]
            for figure in figures
        ]
        yield from _table(["", "measured", "interval, %", "counts", "published lists"], rows)
    yield "## Firewall by channel\n"
    curves = [
        [
            name,
            f"{curve.auc:.3f}",
            share(curve.at_threshold[1]),
            share(curve.at_threshold[0]),
            str(curve.attacks),
        ]
        for name, curve in measured.curves.items()
    ]
    yield from _table(["", "AUC", "recall", "false positives", "attacks"], curves)
    yield "## Entries of the catalogue that do not get their verdict\n"
    yield from _table(
        ["id", "family", "severity", "what became of it"],
        [[miss.id, miss.family, miss.severity, miss.why] for miss in measured.misses],
    )
    if measured.missed_rows:
        yield f"{len(measured.missed_rows)} rows of corpora were missed; `security.json` lists them by hash.\n"


def corpora_words(measured: Measured) -> str:
    """What was measured on."""
    corpora = measured.corpora
    files = (
        "no corpora were given, so the figures are those of the project's own sets."
        if corpora is None
        else f"corpora: {', '.join(f'{name} ({file.rows} rows, {file.sha256})' for name, file in corpora.items())}."
    )
    packages = "; ".join(f"{name}: {plain(word)}" for name, word in measured.packages.items())
    if corpora is not None:
        files += " Where the guards were made beside these, text from elsewhere fares worse."
    return f"{files} Packages with attacks: {packages}."


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    yield f"| {' | '.join(heads)} |"
    yield f"|{'---|' * len(heads)}"
    yield from (f"| {' | '.join(escaped(plain(cell)) for cell in row)} |" for row in rows)
    yield ""
