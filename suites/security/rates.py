"""The measured rates in docs/SECURITY.md: tables made of baseline.json, so that they cannot say anything else."""

import json
import re
from pathlib import Path

from seawall_reports.intervals import wilson
from seawall_reports.security.words import range_of, share

BASELINE = Path(__file__).with_name("baseline.json")
DOCUMENT = Path(__file__).parents[2] / "docs" / "SECURITY.md"
# Table by table: the marker in the document, and the figures by the beginning of their ids.
TABLES = {
    "catalogue": {"catalogue.": "{}"},
    "disguises": {"transform.": "{}", "attacker.all": "an attacker who learns: survived{}"},
    "corpora": {
        "corpora.r1.": "recall at 1 % false positives, {}",
        "corpora.recall.tier.": "blocked by default: {}",
        "corpora.benign.kind.": "harmless, blocked: {}",
        "pii.f1.": "F1 of {}",
        "pii.leak.ALL": "personal data: spans that leak{}",
        "pii.hard_negatives": "hard negatives in which personal data was found{}",
        "secrets.": "secrets: {}",
        "outputs.neutralised.": "attacks in answers of which nothing is live: {}",
        "outputs.altered.": "harmless answers that were altered: {}",
    },
}
SPECIAL = {
    "benign": "look-alikes that were altered, held or refused",
    "false": "found where there is none",
    "leak": "spans that leak",
}


def table(baseline, figures):
    """The lines of a table."""
    lines = ["| | measured | 95 % interval | counts |", "|---|---|---|---|"]
    for start, words in figures.items():
        # What is harmless stands behind the attacks.
        for id_, (hits, count) in sorted(baseline.items(), key=lambda item: item[0] == "catalogue.benign"):
            if id_.startswith(start):
                name = (
                    id_[len(start) :].rpartition(".")
                    if start.startswith("corpora.")
                    else ("", "", id_[len(start) :])
                )
                shown = f"{name[0]} ({name[2]})" if name[0] else SPECIAL.get(name[2], name[2])
                interval = range_of(wilson(hits, count))
                lines.append(
                    f"| {words.format(shown)} | {share(hits / count)} | {interval} | {hits} of {count} |"
                )
    return "\n".join(lines)


def document():
    """The document with tables of the baseline as it is."""
    text = DOCUMENT.read_text(encoding="utf-8")
    baseline = json.loads(BASELINE.read_text(encoding="utf-8"))
    for name, figures in TABLES.items():
        between = re.compile(rf"(<!-- measured: {name} -->\n).*?(<!-- end -->)", re.DOTALL)
        text = between.sub(lambda found, f=figures: f"{found[1]}{table(baseline, f)}\n{found[2]}", text)
    return text


def write():
    """Bring the document up to date."""
    DOCUMENT.write_text(document(), encoding="utf-8")
