"""Measures firewall and output guard on labelled corpora: `python suites/security/measure_firewall.py --corpora DIR`.

Reads injection.jsonl, benign.jsonl and outputs.jsonl there. R@1 is the recall at the threshold that 1 % of the benign
rows of the same channel pass; `left out` takes that threshold from all other benign sources only, so that it shows what a
threshold is worth on text it was not set on. Intervals are Wilson's, 95 %.
"""

# ruff: noqa: T201 - a report

import argparse
import base64
import bisect
import codecs
import collections
import json
import math
import sys
import time
from pathlib import Path

from seawall.security.firewall import Action, Firewall
from seawall.security.output import guard

LEET = str.maketrans("aeiostAEIOST", "431057431057")
LOOKALIKES = str.maketrans("aceopxyijs", "\u0430\u0441\u0435\u043e\u0440\u0445\u0443\u0456\u0458\u0455")
TAGS = str.maketrans({code: 0xE0000 + code for code in range(32, 127)})
FULL_WIDTH = str.maketrans({code: code + 0xFEE0 for code in range(33, 127)})
BOLD = str.maketrans({**{65 + n: 0x1D400 + n for n in range(26)}, **{97 + n: 0x1D41A + n for n in range(26)}})


def selectors(text):
    return "".join(chr(0xFE00 + byte) if byte < 16 else chr(0xE0100 + byte - 16) for byte in text.encode())


TRANSFORMS = {
    "plain": str,
    "upper case": str.upper,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base32": lambda text: base64.b32encode(text.encode()).decode(),
    "hexadecimal": lambda text: text.encode().hex(),
    "binary": lambda text: " ".join(f"{byte:08b}" for byte in text.encode()),
    "percent": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()),
    "json escapes": lambda text: json.dumps(
        "".join(f"\\u{ord(char):04x}" for char in text if ord(char) < 65536)
    )[1:-1].replace("\\\\", "\\"),
    "entities": lambda text: "".join(f"&#{ord(char)};" for char in text),
    "rot13": lambda text: codecs.encode(text, "rot13"),
    "reversed": lambda text: text[::-1],
    "leetspeak": lambda text: text.translate(LEET),
    "look-alikes": lambda text: text.translate(LOOKALIKES),
    "zero width": "\u200b".join,
    "full width": lambda text: text.translate(FULL_WIDTH),
    "bold letters": lambda text: text.translate(BOLD),
    "accents": lambda text: "".join(f"{char}\u0301" if char.isalpha() else char for char in text),
    "spaced letters": lambda text: "   ".join(" ".join(word) for word in text.split()),
    "tags": lambda text: f"What is this? {text.translate(TAGS)}",
    "selectors": lambda text: f"What is this? {selectors(text)}",
    "bidi override": lambda text: f"\u202e{text[::-1]}\u202c",
}


def rows(path):
    with path.open(encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def interval(hits, count):
    """Return the share and its 95 % interval."""
    if not count:
        return "   -"
    share, z = hits / count, 1.96
    middle = (share + z * z / (2 * count)) / (1 + z * z / count)
    half = z * math.sqrt(share * (1 - share) / count + z * z / (4 * count * count)) / (1 + z * z / count)
    return f"{share:.3f} [{max(0, middle - half):.2f}, {min(1, middle + half):.2f}]"


def auc(positive, negative):
    ordered = sorted(negative)
    below = sum(bisect.bisect_left(ordered, s) + bisect.bisect_right(ordered, s) for s in positive)
    return below / (2 * len(positive) * len(negative))


def threshold(negative, share=0.01):
    """Return the score that at most `share` of the benign rows lie above."""
    ordered = sorted(negative, reverse=True)
    return ordered[int(len(ordered) * share)]


def print_groups(title, groups):
    print(f"\n{title:58} rows  flagged                blocked")
    for name, verdicts in sorted(groups.items()):
        flagged = sum(verdict.action is not Action.ALLOW for verdict in verdicts)
        blocked = sum(verdict.action is Action.BLOCK for verdict in verdicts)
        count = len(verdicts)
        print(f"{' '.join(name):58} {count:4}  {interval(flagged, count):22} {interval(blocked, count)}")


def measure_detection(corpora, firewall, verbose):
    scored = [
        (row, firewall.scan(row["text"], row["channel"]))
        for name in ("injection", "benign")
        for row in rows(corpora / f"{name}.jsonl")
    ]
    attacks, benign = collections.defaultdict(list), collections.defaultdict(list)
    for row, verdict in scored:
        groups = attacks if row["label"] else benign
        groups[row["channel"], row["source"], row.get("tier") or "", row.get("lang") or ""].append(verdict)
    print_groups("attacks: channel, source, tier, language", attacks)
    print_groups("benign: channel, source, language", benign)
    for channel in ("user", "untrusted"):
        measure_channel(channel, [pair for pair in scored if pair[0]["channel"] == channel])
    for row, verdict in scored if verbose else ():
        if bool(row["label"]) is (verdict.action is Action.ALLOW):
            rules = ", ".join(sorted({finding.rule for finding in verdict.findings}))
            print(
                f"{'miss' if row['label'] else 'false'} {verdict.score:.2f} {row['source']}: {row['text'][:160]!r} {rules}"
            )


def measure_channel(channel, scored):
    positive = [verdict.score for row, verdict in scored if row["label"]]
    negative = [verdict.score for row, verdict in scored if not row["label"]]
    limit = threshold(negative)
    print(
        f"\n{channel}: AUC {auc(positive, negative):.3f}, R@1 {sum(s > limit for s in positive) / len(positive):.3f} at {limit:.2f}"
    )
    tiers = collections.defaultdict(list)
    for row, verdict in scored:
        if row["label"]:
            tiers[row["tier"]].append(verdict.score > limit)
    for tier, caught in sorted(tiers.items()):
        print(f"  {tier:20} R@1 {interval(sum(caught), len(caught))} of {len(caught)}")
    for source in sorted({row["source"] for row, _ in scored if not row["label"]}):
        inside = [verdict.score for row, verdict in scored if not row["label"] and row["source"] == source]
        outside = [verdict.score for row, verdict in scored if not row["label"] and row["source"] != source]
        if outside and len(inside) >= 20:
            left_out = threshold(outside)
            print(
                f"  left out {source:34} threshold {left_out:.2f}: false positives {sum(s > left_out for s in inside) / len(inside):.3f}"
            )


def measure_transforms(corpora, firewall):
    attacks = [
        row
        for row in rows(corpora / "injection.jsonl")
        if row["tier"] == "explicit_override" and row["text"].isascii() and len(row["text"]) < 1000
    ]
    print(f"\n{len(attacks)} explicit overrides in each disguise: flagged, blocked")
    for name, transform in TRANSFORMS.items():
        verdicts = [firewall.scan(transform(row["text"]), row["channel"]) for row in attacks]
        flagged = sum(verdict.action is not Action.ALLOW for verdict in verdicts)
        print(
            f"{name:16} {interval(flagged, len(verdicts))}  {sum(v.action is Action.BLOCK for v in verdicts) / len(verdicts):.3f}"
        )


def measure_outputs(corpora):
    counts = collections.Counter()
    for row in rows(corpora / "outputs.jsonl") + rows(corpora / "benign.jsonl"):
        if not row["category"].startswith(("tool_arg", "benign_tool", "ssrf")):
            counts[row["label"], row["source"], guard(row["text"]).text != row["text"]] += 1
    print("\noutput guard: source, altered (tool arguments are not its business)")
    for label, source in sorted({key[:2] for key in counts}):
        changed, kept = counts[label, source, True], counts[label, source, False]
        print(
            f"{'attack' if label else 'benign'} {source:36} {interval(changed, changed + kept)} of {changed + kept}"
        )


def measure_speed(corpora, firewall):
    everything = rows(corpora / "benign.jsonl") + rows(corpora / "injection.jsonl")
    for name, work in (
        ("firewall", lambda row: firewall.scan(row["text"], row["channel"])),
        ("output guard", lambda row: guard(row["text"])),
    ):
        for label in (0, 1):
            some = [row for row in everything if row["label"] == label][::3]
            for row in some:
                work(row)
            started = time.process_time()
            for row in some:
                work(row)
            spent = time.process_time() - started
            print(
                f"{name}, {'attacks' if label else 'benign'}: {spent * 1e6 * 1024 / sum(len(row['text']) for row in some):.0f} µs/KB"
            )
    four = [(row["text"] * (4096 // len(row["text"]) + 1))[:4096] for row in everything[::10]]
    spent = []
    for text in four:
        started = time.process_time()
        firewall.scan(text, "untrusted")
        spent.append(time.process_time() - started)
    print(
        f"firewall at 4 KB: median {sorted(spent)[len(spent) // 2] * 1e3:.2f} ms, p99 {sorted(spent)[int(len(spent) * 0.99)] * 1e3:.2f} ms"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpora", type=Path, required=True)
    parser.add_argument("--only", choices=["detection", "transforms", "outputs", "speed"])
    parser.add_argument("--misses", action="store_true", help="list every miss and false alarm")
    arguments = parser.parse_args()
    if not (arguments.corpora / "injection.jsonl").is_file():
        print(f"{arguments.corpora}: no injection.jsonl there", file=sys.stderr)
        return 2
    firewall = Firewall()
    parts = {
        "detection": lambda: measure_detection(arguments.corpora, firewall, arguments.misses),
        "transforms": lambda: measure_transforms(arguments.corpora, firewall),
        "outputs": lambda: measure_outputs(arguments.corpora),
        "speed": lambda: measure_speed(arguments.corpora, firewall),
    }
    for name, measure in parts.items():
        if arguments.only in (None, name):
            measure()
    return 0


if __name__ == "__main__":
    sys.exit(main())
