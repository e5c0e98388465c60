# ruff: noqa: T201 - a report is printed
"""Measures detection on labelled corpora: `python suites/security/measure_redaction.py --corpora DIR`.

Reads pii.jsonl, secrets.jsonl and benign.jsonl there. A found span counts as right if it is of the gold span's kind and
they share at least half of what they cover together; `exact` asks for the same ends. A gold span leaks if any letter or
digit of it would leave.
"""

import argparse
import collections
import json
import sys
import time
from pathlib import Path

from seawall.security.redaction import Detection, Kind, find

# What a corpus calls it, and what a finding may be called there without being wrong.
ALIASES = {
    "ADDRESS": {"ADDRESS", "ZIP", "GPE"},
    "DATE_OF_BIRTH": {"DATE_OF_BIRTH", "DATE_TIME"},
}
GOLD_KINDS = {kind.value for kind in Kind} - {"SECRET"}
HOSTILE = {
    "digits": "4",
    "digit groups": "4111 1111 1111 1111 ",
    "phones": "(415) 555-2671 ",
    "at signs": "a@",
    "brackets": "[[",
    "names": "Anna Smith, ",
    "capitals": "Aa ",
    "colons": "a:",
    "iban starts": "GB82",
    "assignments": "secret_key = ",
    "key starts": "-----BEGIN PRIVATE KEY-----\n",
    "jwt starts": "eyJhbGci.",
    "base64": "QUJDRA",
    "addresses": "12 Main Street, ",
    "urls": "https://a:b@",
    "commas": "a,b\n",
    "cyrillic": "жЖ ",
    "quotes": '"password": \'',
}


def rows(path):
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def overlap(left, right):
    shared = min(left[1], right[1]) - max(left[0], right[0])
    return shared / (max(left[1], right[1]) - min(left[0], right[0])) if shared > 0 else 0.0


def is_covered(row, gold, found):
    return all(
        any(finding.start <= position < finding.end for finding in found)
        for position in range(gold["start"], gold["end"])
        if row["text"][position].isalnum()
    )


class Tally:
    """Counts of one kind in one source."""

    def __init__(self):
        self.gold = self.right = self.exact = self.wrong = self.leaked = self.untouched = 0

    def line(self):
        precision = self.right / (self.right + self.wrong) if self.right + self.wrong else 1.0
        recall = self.right / self.gold if self.gold else 1.0
        f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
        return (
            f"{self.gold:5} {precision:6.3f} {recall:6.3f} {f1:6.3f}  {self.exact / max(1, self.gold):5.3f}  "
            f"{self.leaked / max(1, self.gold):6.3f}  {self.untouched / max(1, self.gold):6.3f}"
        )


def score_row(row, tallies, misses):
    found = find(row["text"], Detection(kinds=frozenset(Kind) - {Kind.SECRET}))
    source = row["source"]
    used = set()
    for gold in row["spans"]:
        if gold["label"] not in GOLD_KINDS:
            continue
        span = gold["start"], gold["end"]
        same = [f for f in found if f.kind == gold["label"]]
        best = max(same, key=lambda f: overlap(span, (f.start, f.end)), default=None)
        is_right = best is not None and overlap(span, (best.start, best.end)) >= 0.5
        covered = is_covered(row, gold, found)
        touched = any(overlap(span, (f.start, f.end)) for f in found)
        for key in ((source, gold["label"]), ("all", gold["label"]), (source, "ALL"), ("all", "ALL")):
            tally = tallies[key]
            tally.gold += 1
            tally.right += is_right
            tally.exact += best is not None and is_right and span == (best.start, best.end)
            tally.leaked += not covered
            tally.untouched += not touched
        if is_right:
            used.add(best)
        if not is_right or not covered:
            misses.append(("miss" if not is_right else "leak", gold["label"], row, span))
    for finding in found:
        allowed = ALIASES.get(finding.kind, {finding.kind.value})
        excused = any(
            gold["label"] in allowed and overlap((finding.start, finding.end), (gold["start"], gold["end"]))
            for gold in row["spans"]
        )
        if finding not in used and not excused:
            for key in (
                (source, finding.kind.value),
                ("all", finding.kind.value),
                (source, "ALL"),
                ("all", "ALL"),
            ):
                tallies[key].wrong += 1
            misses.append(("false", finding.kind.value, row, (finding.start, finding.end)))


def measure_pii(corpora, verbose):
    tallies, misses = collections.defaultdict(Tally), []
    flagged = collections.Counter()
    total = collections.Counter()
    for row in rows(corpora / "pii.jsonl"):
        if row["category"] == "pii_negative":
            total[row["source"]] += 1
            found = find(row["text"])
            flagged[row["source"]] += bool(found)
            misses += [("false", f.kind.value, row, (f.start, f.end)) for f in found]
        else:
            score_row(row, tallies, misses)
    print("PII: source, kind, gold spans, precision, recall, F1, exact recall, leaked, untouched")
    for (source, kind), tally in sorted(tallies.items()):
        print(f"{source:28} {kind:14} {tally.line()}")
    for source, count in total.items():
        print(
            f"{source:28} hard negatives flagged: {flagged[source]}/{count} = {flagged[source] / count:.3f}"
        )
    show(misses, verbose)


def measure_secrets(corpora, verbose):
    counts = collections.defaultdict(collections.Counter)
    misses = []
    for row in rows(corpora / "secrets.jsonl"):
        found = find(row["text"], Detection(kinds=frozenset({Kind.SECRET})))
        counts[row["source"]][row["label"], bool(found)] += 1
        counts["all"][row["label"], bool(found)] += 1
        if row["label"] and not found:
            misses.append(("miss", row["category"], row, (0, 0)))
        if not row["label"]:
            misses += [("false", f.detector, row, (f.start, f.end)) for f in found]
        for gold in row["spans"]:
            leaked = not is_covered(row, gold, found)
            counts[row["source"]]["leaked", leaked] += 1
            counts["all"]["leaked", leaked] += 1
    print("\nsecrets: source, rows with, recall, rows without, false positive rate, spans, leaked")
    for source, count in sorted(counts.items()):
        positive, negative = count[1, True] + count[1, False], count[0, True] + count[0, False]
        spans = count["leaked", True] + count["leaked", False]
        print(
            f"{source:28} {positive:5} {count[1, True] / max(1, positive):6.3f} {negative:5} "
            f"{count[0, True] / max(1, negative):6.3f} {spans:5} {count['leaked', True] / max(1, spans):6.3f}"
        )
    show(misses, verbose)


def measure_benign(corpora, verbose):
    by_kind, by_source, size = collections.Counter(), collections.Counter(), collections.Counter()
    total, flagged = collections.Counter(), collections.Counter()
    misses = []
    for row in rows(corpora / "benign.jsonl"):
        found = find(row["text"])
        size[row["source"]] += len(row["text"])
        total[row["source"]] += 1
        flagged[row["source"]] += bool(found)
        for finding in found:
            by_kind[finding.kind.value] += 1
            by_source[row["source"]] += 1
            misses.append(("found", finding.kind.value, row, (finding.start, finding.end)))
    print("\nbenign text: source, rows, rows with a finding, findings per KB")
    for source in sorted(total):
        print(
            f"{source:36} {total[source]:5} {flagged[source] / total[source]:6.3f} "
            f"{1024 * by_source[source] / size[source]:6.3f}"
        )
    kilobytes = sum(size.values()) / 1024
    print("per KB:", ", ".join(f"{kind} {count / kilobytes:.4f}" for kind, count in by_kind.most_common()))
    show(misses, verbose)


def measure_speed(corpora):
    blocks = collections.defaultdict(list)
    for name in ("pii", "secrets", "benign"):
        texts = collections.defaultdict(list)
        for row in rows(corpora / f"{name}.jsonl"):
            texts[row["source"]].append(row["text"])
        for source, some in texts.items():
            whole = "\n\n".join(some)
            blocks[name, source] = [whole[start : start + 4096] for start in range(0, len(whole), 4096)][:40]
    for some in blocks.values():
        for text in some:
            find(text)  # engines fill their caches on first use
    print("\nspeed on blocks of 4 KB, in CPU time: set, source, µs/KB")
    for (name, source), some in blocks.items():
        started = time.process_time()
        for text in some:
            find(text)
        print(f"{name:8} {source:34} {(time.process_time() - started) / sum(map(len, some)) * 1024e6:7.0f}")
    print("\nhostile input of 1 MB: µs/KB, and the cost of doubling it")
    for name, unit in HOSTILE.items():
        seconds = []
        for size in (1 << 20, 1 << 21):
            text = (unit * (size // len(unit) + 1))[:size]
            started = time.process_time()
            find(text)
            seconds.append(time.process_time() - started)
        print(
            f"{name:16} {seconds[0] * 1e6 / 1024:8.0f} {seconds[1] / max(seconds[0], 1e-9):6.2f}", flush=True
        )


def show(misses, verbose):
    for verdict, kind, row, (start, end) in misses if verbose else ():
        around = row["text"][max(0, start - 50) : end + 30]
        print(f"  {verdict:5} {kind:14} {row['source']}: {row['text'][start:end]!r} in {around!r}")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpora", type=Path, required=True)
    parser.add_argument("--only", choices=["pii", "secrets", "benign", "speed"])
    parser.add_argument("--misses", action="store_true", help="list every miss and false alarm")
    arguments = parser.parse_args()
    if not (arguments.corpora / "pii.jsonl").is_file():
        print(f"{arguments.corpora}: no pii.jsonl there", file=sys.stderr)
        return 2
    parts = {"pii": measure_pii, "secrets": measure_secrets, "benign": measure_benign}
    for name, measure in parts.items():
        if arguments.only in (None, name):
            measure(arguments.corpora, arguments.misses)
    if arguments.only in (None, "speed"):
        measure_speed(arguments.corpora)
    return 0


if __name__ == "__main__":
    sys.exit(main())
