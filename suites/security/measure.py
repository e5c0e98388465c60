"""Measures the guards: `python suites/security/measure.py --out FOLDER [--corpora FOLDER]` writes security.json.

The payload catalogue is carried out against a real client; disguises, the attacker who learns and speed are measured on
texts of the catalogue. `--corpora` adds figures from labelled corpora. `seawall report security FOLDER` judges and shows.
"""

import argparse
import asyncio
import collections
import datetime as dt
import json
import os
import platform
import sys
import time
from pathlib import Path

import measure_corpora
import rates
from adaptive_attacker import DISGUISES, attack, attacks
from catalogue_attack import INPUTS, default_firewall
from catalogue_run import carry_out_all
from figures import lower_is_better, recall, roc_of, value
from measure_firewall import TRANSFORMS

import seawall
from seawall import Source
from seawall.security.firewall import Action
from seawall.security.grounding import Contract
from seawall.security.output import guard
from seawall.security.redaction import find
from seawall_simulators.payloads import catalogue, taxonomy

BASELINE = Path(__file__).with_name("baseline.json")
DOCS = Path(__file__).parents[2] / "docs"
ROUNDS = 500
BLOCK_CHARS, BLOCKS = 4096, 100
LISTS = {
    "owasp_2025": "OWASP 2025",
    "owasp_2026": "OWASP 2026",
    "atlas": "MITRE ATLAS",
    "nist": "NIST AI 600-1",
}


def measure_catalogue():
    """Each family's share of attacks that got their verdict, the same by published list, and what did not."""
    carried = asyncio.run(carry_out_all())
    families, places = collections.defaultdict(list), {name: collections.defaultdict(list) for name in LISTS}
    for entry, why in carried:
        families[entry.family].append(why is None)
        for name, number in taxonomy().families[entry.family]:
            if number is not None:
                places[name][number].append(why is None)
    figures = [
        recall(f"catalogue.{name}", "catalogue: attacks stopped, by family", name, held, tags=_tags(name))
        for name, held in sorted(families.items())
        if name != "benign"
    ]
    figures += [
        recall(
            f"{name}.{number}", f"catalogue by {title}", f"{number} {getattr(taxonomy(), name)[number]}", held
        )
        for name, title in LISTS.items()
        for number, held in sorted(places[name].items())
    ]
    harmless = [not held for held in families["benign"]]
    figures.append(
        lower_is_better("catalogue.benign", "catalogue: look-alikes", "altered, held or refused", harmless)
    )
    misses = [
        {"id": entry.id, "family": entry.family, "severity": entry.severity, "why": why}
        for entry, why in carried
        if why
    ]
    return figures, misses


def _tags(family):
    return {name: number for name, number in taxonomy().families[family] if number is not None}


def measure_curves(firewall, limits):
    """The firewall's curve for each channel, over attacks and look-alikes of the catalogue."""
    scores = {channel: ([], []) for channel in ("user", "untrusted")}
    for entry in catalogue().values():
        if entry.form in INPUTS and entry.expect in {"block", "allow"}:
            channel = "user" if entry.form == "user" else "untrusted"
            score = firewall.scan("\n".join(entry.texts()), channel).score
            scores[channel][entry.expect == "allow"].append(score)
    return {f"catalogue, {channel}": roc_of(*both, limits[channel]) for channel, both in scores.items()}


def measure_transforms(firewall):
    """How much of what is blocked in the open is blocked in each disguise."""
    plain = list(attacks(firewall))
    return [
        recall(
            f"transform.{name}",
            "catalogue: blocked attacks in disguise",
            name,
            [firewall.scan(change(each.text), each.channel).action is Action.BLOCK for each in plain],
        )
        for name, change in TRANSFORMS.items()
    ]


def measure_attacker(rounds, seed, firewall):
    """What survives of an attacker who learns, in all and by the last disguise."""
    done = attack(rounds, seed=seed, firewall=firewall)
    group = f"an attacker who learns: {rounds} rounds"
    figures = [lower_is_better("attacker.all", group, "survived", [each.survived for each in done])]
    for name in DISGUISES:
        survived = [each.survived for each in done if each.disguises[-1] == name]
        if any(survived):
            figures.append(
                lower_is_better(f"attacker.{name}", f"{group}, by last disguise", name, survived, held=False)
            )
    return figures


def measure_speed(firewall):
    """CPU time of each stage on blocks of 4 KB: of ordinary text, and of attacks one after the other."""
    prose = [path.read_text(encoding="utf-8") for path in sorted(DOCS.glob("*.md"))]
    attacks_ = [text for entry in catalogue().values() if entry.form in INPUTS for text in entry.texts()]
    figures = []
    for words, texts in (("the project's documents", prose), ("nothing but attacks", attacks_)):
        whole = "\n\n".join(texts * (1 + BLOCKS * BLOCK_CHARS // sum(map(len, texts))))
        blocks = [whole[start : start + BLOCK_CHARS] for start in range(0, BLOCKS * BLOCK_CHARS, BLOCK_CHARS)]
        contract = Contract(sources=(Source(id="1", text=whole[:BLOCK_CHARS]),), cite=True, figures=True)
        stages = {
            "firewall": lambda text: firewall.scan(text, "untrusted"),
            "redaction": find,
            "grounding": contract.violations,
            "output": guard,
        }
        group = f"CPU time on {words}"
        for name, work in stages.items():
            spent = sorted(_seconds(work, text) for text in (*blocks[:5], *blocks))
            median, p99 = spent[len(spent) // 2], spent[int(len(spent) * 0.99)]
            figures += [
                value(f"speed.{name}.{words}", group, f"{name}, median", median * 1e6 / 4, "µs/KB"),
                value(f"speed.{name}.{words}.p99", group, f"{name}, p99 at 4 KB", p99 * 1e3, "ms"),
            ]
    return figures


def _seconds(work, text):
    started = time.process_time()
    work(text)
    return time.process_time() - started


def measure(arguments):
    firewall, limits = default_firewall()
    say("the catalogue against the client ...")
    figures, misses = measure_catalogue()
    say("disguises, the attacker who learns, speed ...")
    figures += measure_transforms(firewall) + measure_attacker(arguments.rounds, arguments.seed, firewall)
    figures += measure_speed(firewall)
    curves, missed_rows, corpora = measure_curves(firewall, limits), [], None
    packaged, packages = measure_corpora.measure_packages(firewall)
    if arguments.corpora is not None:
        say("corpora ...")
        more, more_curves, missed_rows = measure_corpora.measure(arguments.corpora, firewall, limits)
        figures += more
        curves |= more_curves
        corpora = measure_corpora.described(arguments.corpora)
    return {
        "schema": 1,
        "created_utc": dt.datetime.now(dt.UTC).isoformat(timespec="seconds"),
        "seed": arguments.seed,
        "versions": {"seawall": seawall.__version__, "python": platform.python_version()},
        "host": {"system": platform.system(), "cpus": os.cpu_count() or 0},
        "corpora": corpora,
        "packages": packages,
        "figures": figures + packaged,
        "curves": curves,
        "misses": misses,
        "missed_rows": missed_rows,
        "baseline": json.loads(BASELINE.read_text(encoding="utf-8")) if BASELINE.is_file() else {},
    }


def baseline_of(found, before):
    """What later runs are held to: counts of every share. Without corpora, those of corpora stay as they were."""
    held = {
        each["id"]: [each["hits"], each["count"]]
        for each in found["figures"]
        if each.get("held", True) and each.get("count") and not each["id"].startswith("packages.")
    }
    kept = {
        id_: counts
        for id_, counts in before.items()
        if found["corpora"] is None and id_.startswith(measure_corpora.IDS)
    }
    return dict(sorted({**kept, **held}.items()))


def say(line):
    print(line, file=sys.stderr)  # noqa: T201 - progress goes where results do not


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("reports/out/security"))
    parser.add_argument("--corpora", type=Path)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--write-baseline",
        action="store_true",
        help="hold later runs to these figures, and show them in docs/SECURITY.md",
    )
    arguments = parser.parse_args()
    missing = [
        name
        for name in measure_corpora.FILES
        if arguments.corpora and not (arguments.corpora / f"{name}.jsonl").is_file()
    ]
    if missing:
        say(f"error: {arguments.corpora}: no {missing[0]}.jsonl there")
        return 2
    found = measure(arguments)
    if arguments.write_baseline:
        found["baseline"] = baseline_of(found, found["baseline"])
        lines = ",\n".join(f"  {json.dumps(id_)}: {counts}" for id_, counts in found["baseline"].items())
        BASELINE.write_text(f"{{\n{lines}\n}}\n", encoding="utf-8")
        rates.write()
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / "security.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
