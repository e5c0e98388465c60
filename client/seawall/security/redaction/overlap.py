"""One verdict for each character where detectors disagree."""

from __future__ import annotations

import heapq
from collections.abc import Iterable

from seawall.security.finding import PRECEDENCE, Finding, Kind

_Rank = tuple[int, float, int, int, str]


def resolve(findings: Iterable[Finding], text: str) -> list[Finding]:
    """Return findings that overlap nowhere and together cover all that was found, in order of position.

    The kind of higher precedence wins (see `Kind`), then the higher score, then the longer. What is left of the
    loser at either side stays a finding of its own if it holds a letter or digit: nothing found is uncovered.
    The outcome does not depend on the order of `findings`.
    """
    pending = sorted({finding for finding in findings if finding.start < finding.end})
    resolved: list[Finding] = []
    active: list[tuple[_Rank, Finding]] = []
    position, index = 0, 0
    while index < len(pending) or active:
        if not active:
            position = max(position, pending[index].start)
        while index < len(pending) and pending[index].start <= position:
            heapq.heappush(active, (_rank(pending[index]), pending[index]))
            index += 1
        winner = active[0][1]
        upcoming = pending[index].start if index < len(pending) else winner.end
        stop = min(winner.end, upcoming)
        if stop > position:
            _append(resolved, winner, position, stop)
            position = stop
        while active and active[0][1].end <= position:
            heapq.heappop(active)
    return [finding for finding in resolved if _is_worth(finding, text)]


def _rank(finding: Finding) -> _Rank:
    return (
        PRECEDENCE[finding.kind],
        -finding.score,
        finding.start - finding.end,
        finding.start,
        finding.detector,
    )


def _append(resolved: list[Finding], winner: Finding, start: int, end: int) -> None:
    if resolved and resolved[-1].end == start and _same(resolved[-1], winner):
        start = resolved.pop().start
    resolved.append(Finding(start, end, winner.kind, winner.score, winner.detector))


def _same(left: Finding, right: Finding) -> bool:
    # Two findings of one person or address that touch are one; so is a secret found by two rules.
    return left.kind is right.kind and (left.detector == right.detector or left.kind is Kind.SECRET)


def _is_worth(finding: Finding, text: str) -> bool:
    return any(char.isalnum() for char in text[finding.start : finding.end])
