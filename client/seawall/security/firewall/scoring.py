"""From findings to one score: what stands close together adds up, each channel with weights of its own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from seawall.security.firewall.rule import Category, RuleText, Severity
from seawall.security.firewall.verdict import Channel, Finding

SEVERITY_SCORES = {Severity.CRITICAL: 0.88, Severity.HIGH: 0.62, Severity.MEDIUM: 0.38, Severity.LOW: 0.16}
# The same words weigh less where they are more often meant well.
CHANNEL_WEIGHTS: dict[tuple[Channel, Category], float] = {
    (Channel.UNTRUSTED, Category.PERSONA): 0.85,
    (Channel.UNTRUSTED, Category.LEAK): 0.9,
    (Channel.USER, Category.EXFILTRATION): 0.85,
    (Channel.USER, Category.ADDRESSED): 0.9,
    (Channel.USER, Category.ROLE_MARKER): 0.9,
}
MENTION_WEIGHTS = (1.0, 0.55, 0.2)
DISGUISE_SCORE = 0.35  # somebody who hides an attack means it
HIDDEN_TEXT_SCORE = 0.86
WINDOW_CHARACTERS = 1500
REPEATED_WEIGHT = 0.35


class Scored(NamedTuple):
    """The score and the findings it was made of."""

    score: float
    findings: tuple[Finding, ...]


def match_score(rule: RuleText, channel: Channel, mention: int) -> float:
    """Return the score of one match; `mention` from 0 (made) to 2 (written about)."""
    return (
        SEVERITY_SCORES[rule.severity]
        * CHANNEL_WEIGHTS.get((channel, rule.category), 1.0)
        * MENTION_WEIGHTS[mention]
    )


def disguised(score: float) -> float:
    """Return the score of a match that shows only when a disguise is taken off."""
    return 1 - (1 - score) * (1 - DISGUISE_SCORE)


def stack(findings: Iterable[Finding]) -> Scored:
    """Return the best score of any window of the text: 1 minus the product of doubts, each rule counted once.

    Within a category, what says the same thing again counts for less. One pass: a rule's best finding in the window
    counts, so a long text does not add up to an attack.
    """
    ordered = sorted(findings)
    best, first = 0.0, 0
    strongest: dict[tuple[str, str], list[float]] = {}
    for finding in ordered:
        same = strongest.setdefault((finding.category, finding.rule), [])
        adds = not same or finding.score > max(same)
        same.append(finding.score)
        while ordered[first].start < finding.start - WINDOW_CHARACTERS:
            gone = ordered[first]
            strongest[gone.category, gone.rule].remove(gone.score)
            first += 1
        if adds:
            best = max(best, _certainty(strongest))
    return Scored(best, tuple(ordered))


def _certainty(strongest: dict[tuple[str, str], list[float]]) -> float:
    categories: dict[str, list[float]] = {}
    for (category, _), scores in strongest.items():
        if scores:
            categories.setdefault(category, []).append(max(scores))
    doubt = 1.0
    for scores in categories.values():
        scores.sort(reverse=True)
        doubt *= 1 - scores[0]
        for score in scores[1:]:
            doubt *= 1 - score * REPEATED_WEIGHT
    return 1 - doubt
