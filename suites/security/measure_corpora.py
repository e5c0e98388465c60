"""Figures from labelled corpora that are not part of the project, and from packages that happen to be installed.

Their rows leave this module as counts, and those that were missed as the beginning of a hash.
"""

import ast
import collections
import hashlib
import importlib.metadata
import importlib.util
import json
from pathlib import Path

from catalogue_judge import is_neutralised
from figures import lower_is_better, recall, roc_of
from measure_firewall import TRANSFORMS, rows, threshold
from measure_redaction import Tally, is_covered, score_row

from seawall.security.firewall import Action
from seawall.security.output import guard
from seawall.security.redaction import Detection, Kind, find

FILES = ("injection", "benign", "outputs", "pii", "secrets")
PACKAGES = ("spikee", "garak", "agentdojo")
HASH_CHARS = 12
# How the figures are called that need corpora.
IDS = ("corpora.", "pii.", "secrets.", "outputs.")
# What the output guard is not asked about: these go to the tool policy.
FOR_TOOLS = ("tool_arg", "benign_tool", "ssrf")


def hashed(text):
    return hashlib.sha256(text.encode()).hexdigest()[:HASH_CHARS]


def missed(kind, row):
    return {
        "kind": kind,
        "source": row["source"],
        "tier": row.get("tier") or "",
        "sha256": hashed(row["text"]),
    }


def described(corpora):
    """Which files there are, by hash and number of rows."""
    return {
        name: {
            "rows": len(rows(corpora / f"{name}.jsonl")),
            "sha256": hashlib.sha256((corpora / f"{name}.jsonl").read_bytes()).hexdigest()[:HASH_CHARS],
        }
        for name in FILES
    }


def measure_detection(corpora, firewall, limits):
    """Recall and false positives of the firewall, the curve of each channel, and what was missed."""
    blocked, benign, misses = collections.defaultdict(list), collections.defaultdict(list), []
    scores = {channel: ([], []) for channel in ("user", "untrusted")}
    for name in ("injection", "benign"):
        for row in rows(corpora / f"{name}.jsonl"):
            verdict = firewall.scan(row["text"], row["channel"])
            is_blocked = verdict.action is Action.BLOCK
            if row["label"]:
                blocked["tier", row["tier"], row["channel"]].append(is_blocked)
                blocked["source", row["source"], row["channel"]].append(is_blocked)
            else:
                kind = row["category"].partition(":")[0].replace("_", " ")
                benign["kind", kind, row["channel"]].append(is_blocked)
                benign["source", row["source"], row["channel"]].append(is_blocked)
            if bool(row["label"]) is not is_blocked:
                misses.append(missed("attack" if row["label"] else "false alarm", row))
            scores[row["channel"]][0 if row["label"] else 1].append(verdict.score)
    figures = [
        recall(
            f"corpora.recall.{by}.{name}.{channel}", f"corpora: recall by {by}", f"{name}, {channel}", hits
        )
        for (by, name, channel), hits in sorted(blocked.items())
    ] + [
        lower_is_better(
            f"corpora.benign.{by}.{name}.{channel}",
            f"corpora: harmless text blocked, by {by}",
            f"{name}, {channel}",
            hits,
        )
        for (by, name, channel), hits in sorted(benign.items())
    ]
    for channel, (attacks, harmless) in scores.items():
        limit = threshold(harmless)
        hits = [score > limit for score in attacks]
        figures.append(
            recall(f"corpora.r1.{channel}", "corpora: recall at 1 % false positives", channel, hits)
        )
    curves = {f"corpora, {channel}": roc_of(*both, limits[channel]) for channel, both in scores.items()}
    return figures, curves, misses


def measure_transforms(corpora, firewall):
    attacks = [
        row
        for row in rows(corpora / "injection.jsonl")
        if row["tier"] == "explicit_override" and row["text"].isascii() and len(row["text"]) < 1000
    ][::3]
    return [
        recall(
            f"corpora.transform.{name}",
            "corpora: explicit overrides in disguise",
            name,
            [firewall.scan(change(row["text"]), row["channel"]).action is Action.BLOCK for row in attacks],
        )
        for name, change in TRANSFORMS.items()
    ]


def measure_pii(corpora):
    tallies, misses, flagged = collections.defaultdict(Tally), [], []
    for row in rows(corpora / "pii.jsonl"):
        if row["category"] == "pii_negative":
            flagged.append(bool(find(row["text"])))
        else:
            score_row(row, tallies, misses)
    figures = [
        lower_is_better("pii.hard_negatives", "personal data", "hard negatives with a finding", flagged)
    ]
    for (source, kind), tally in sorted(tallies.items()):
        if source == "all" and tally.gold:
            found = tally.right + tally.wrong
            figures.append(
                recall(
                    f"pii.f1.{kind}", "personal data: F1 by kind", kind, (2 * tally.right, tally.gold + found)
                )
            )
            figures.append(
                lower_is_better(
                    f"pii.leak.{kind}", "personal data: spans that leak", kind, (tally.leaked, tally.gold)
                )
            )
    return figures, [
        missed(f"personal data, {verdict}", row) for verdict, _, row, _ in misses if verdict != "false"
    ]


def measure_secrets(corpora):
    hits, alarms, leaks, misses = [], [], [], []
    for row in rows(corpora / "secrets.jsonl"):
        found = find(row["text"], Detection(kinds=frozenset({Kind.SECRET})))
        (hits if row["label"] else alarms).append(bool(found))
        leaks += [not is_covered(row, gold, found) for gold in row["spans"]]
        if bool(row["label"]) is not bool(found):
            misses.append(missed("secret" if row["label"] else "secret, false alarm", row))
    figures = [
        recall("secrets.recall", "secrets", "rows with a secret that was found", hits),
        lower_is_better("secrets.false", "secrets", "rows without one in which one was found", alarms),
        lower_is_better("secrets.leak", "secrets", "secrets of which something would leave", leaks),
    ]
    return figures, misses


def measure_outputs(corpora):
    """What is left of attacks in answers, read by parsers that the client does not use; what becomes of the others."""
    neutralised, altered, misses = collections.defaultdict(list), collections.defaultdict(list), []
    for row in rows(corpora / "outputs.jsonl"):
        if row["category"].startswith(FOR_TOOLS):
            continue
        guarded = guard(row["text"]).text
        if row["label"]:
            neutralised[row["source"]].append(is_neutralised(row["text"], guarded))
            if not neutralised[row["source"]][-1]:
                misses.append(missed("output", row))
        else:
            altered[row["source"]].append(guarded != row["text"])
            if altered[row["source"]][-1]:
                misses.append(missed("output, altered", row))
    figures = [
        recall(f"outputs.neutralised.{source}", "attacks in answers of which nothing is live", source, held)
        for source, held in sorted(neutralised.items())
    ]
    figures += [
        lower_is_better(f"outputs.altered.{source}", "harmless answers that were altered", source, changed)
        for source, changed in sorted(altered.items())
    ]
    return figures, misses


def measure(corpora, firewall, limits):
    """All figures, curves and misses of a folder of corpora."""
    figures, curves, misses = measure_detection(corpora, firewall, limits)
    figures += measure_transforms(corpora, firewall)
    for part in (measure_pii, measure_secrets, measure_outputs):
        more, missed_here = part(corpora)
        figures += more
        misses += missed_here
    return figures, curves, misses


def measure_packages(firewall):
    """Recall on the attacks that installed packages bring, and a word for each that is not there."""
    figures, words = [], {}
    for name in PACKAGES:
        spec = importlib.util.find_spec(name)
        if spec is None or spec.origin is None:
            words[name] = "not installed"
            continue
        channel, texts = _READERS[name](Path(spec.origin).parent)
        words[name] = f"{importlib.metadata.version(name)}, {len(texts)} attacks"
        hits = [firewall.scan(text, channel).action is Action.BLOCK for text in texts]
        figures.append(recall(f"packages.{name}", "packaged attacks", f"{name}, {channel}", hits))
    return figures, words


def _spikee(folder):
    files = sorted((folder / "data" / "workspace" / "datasets").glob("*/jailbreaks.jsonl"))
    return "untrusted", sorted({row["text"] for file in files for row in _lines(file)})


def _lines(file):
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]


def _garak(folder):
    files = sorted((folder / "data" / "dan").glob("*.json"))
    return "user", [text for file in files for text in json.loads(file.read_text(encoding="utf-8"))]


def _agentdojo(folder):
    """What the injections of its suites want, which is all that its plainest attack says."""
    goals = set()
    for file in (folder / "default_suites").glob("*/*/injection_tasks.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            is_goal = isinstance(node, ast.Assign) and any(
                getattr(to, "id", "") == "GOAL" for to in node.targets
            )
            if is_goal and isinstance(node.value, ast.Constant):
                goals.add(node.value.value)
            elif is_goal and isinstance(node.value, ast.JoinedStr):
                goals.add(
                    "".join(
                        part.value if isinstance(part, ast.Constant) else "X" for part in node.value.values
                    )
                )
    return "untrusted", sorted(goals)


_READERS = {"spikee": _spikee, "garak": _garak, "agentdojo": _agentdojo}
