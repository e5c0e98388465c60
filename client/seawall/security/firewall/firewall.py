"""Scanning what goes to a model for attempts to take it over. Pure, linear in the length of the text, no I/O."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from typing import Annotated, Literal

import msgspec

from seawall.security.firewall.budget import Budget, BudgetExceededError
from seawall.security.firewall.hidden_text import HiddenRun, find_hidden_runs
from seawall.security.firewall.mention import Mentions
from seawall.security.firewall.parts import JoinedParts
from seawall.security.firewall.readings import Reading, ReadingLimits, readings
from seawall.security.firewall.rule import Category
from seawall.security.firewall.rule_set import Match, RuleSet, default_rules
from seawall.security.firewall.scoring import HIDDEN_TEXT_SCORE, Scored, disguised, match_score, stack
from seawall.security.firewall.verdict import Action, Channel, Finding, Verdict

Score = Annotated[float, msgspec.Meta(ge=0, le=1)]
FINDINGS_MAX = 256


class WhenExceeded(StrEnum):
    """What a scan that ran out of operations says."""

    CLOSED = "closed"
    OPEN = "open"


class Thresholds(msgspec.Struct, frozen=True, kw_only=True):
    """Scores from which on a text is flagged and blocked."""

    flag: Score = 0.5
    block: Score = 0.8


class FirewallOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How to scan. `operations_max` counts characters read by each step; about 100 a microsecond."""

    user: Thresholds = Thresholds()
    untrusted: Thresholds = Thresholds()
    operations_max: Annotated[int, msgspec.Meta(ge=1)] = 2_000_000_000
    when_exceeded: WhenExceeded = WhenExceeded.CLOSED
    limits: ReadingLimits = ReadingLimits()


class Firewall:
    """Scans texts. Holds no state between scans and may be shared."""

    def __init__(self, options: FirewallOptions | None = None, rules: RuleSet | None = None) -> None:
        self._options = options or FirewallOptions()
        self._rules = rules or default_rules()

    def scan(self, text: str, channel: Channel | Literal["user", "untrusted"] = Channel.USER) -> Verdict:
        """Return what to do with `text`. Spans of findings are of `text` as it was given."""
        channel = Channel(channel)
        budget = Budget(self._options.operations_max)
        findings: list[Finding] = []
        incomplete = None
        try:
            findings.extend(self._findings(text, channel, budget))
        except BudgetExceededError as error:
            incomplete = str(error)
        return self._verdict(stack(findings), channel, budget.spent, incomplete)

    def scan_parts(
        self,
        parts: Sequence[str],
        channel: Channel | Literal["user", "untrusted"] = Channel.USER,
        *,
        separator: str = "",
    ) -> tuple[Verdict, JoinedParts]:
        """Scan parts as one text, so that an attack cut into pieces shows.

        `separator` stands between parts: nothing for pieces of one text, a line break for separate messages (then
        the seams are read without it too). The second value tells which part each span lies in.
        """
        joined = JoinedParts(parts, separator)
        verdict = self.scan(joined.text, channel)
        if separator and len(parts) > 1:
            seamless = self.scan("".join(parts), channel)
            if seamless.score > verdict.score:
                return seamless, JoinedParts(parts, "")
        return verdict, joined

    def _verdict(self, scored: Scored, channel: Channel, operations: int, incomplete: str | None) -> Verdict:
        thresholds = self._options.user if channel is Channel.USER else self._options.untrusted
        action = Action.ALLOW
        if scored.score >= thresholds.flag:
            action = Action.BLOCK if scored.score >= thresholds.block else Action.FLAG
        if incomplete and self._options.when_exceeded is WhenExceeded.CLOSED:
            action = Action.BLOCK
        return Verdict(action, round(scored.score, 4), _foremost(scored.findings), operations, incomplete)

    def _findings(self, text: str, channel: Channel, budget: Budget) -> Iterator[Finding]:
        hidden = find_hidden_runs(text)
        for run in hidden:
            yield _hidden_finding(run)
        known: set[tuple[int, int, str]] = set()
        for reading in readings(text, hidden, self._rules, self._options.limits, budget):
            mentions = Mentions(reading.view, channel)
            for match in self._matches(reading, channel, budget):
                start, end = reading.view.span(match.start, match.end)
                key = (start, end, match.rule.text.id)
                if key not in known:
                    known.add(key)
                    score = match_score(
                        match.rule.text.severity,
                        match.rule.text.category,
                        channel,
                        mentions.strength(match.start, match.end),
                    )
                    yield _finding(match, key, score, reading.view.transforms)

    def _matches(self, reading: Reading, channel: Channel, budget: Budget) -> Iterator[Match]:
        view = reading.view
        rules = [
            index for index in reading.keywords.rules if channel in self._rules.rules[index].text.channels
        ]
        budget.charge(len(view) * len(rules))
        squeezed = "spacing" in view.transforms
        yield from self._rules.matches(view.folded_bytes, rules, squeezed=squeezed)


def _finding(match: Match, place: tuple[int, int, str], score: float, transforms: tuple[str, ...]) -> Finding:
    start, end, rule = place
    if transforms:
        score = disguised(score)
    return Finding(start, end, rule, match.rule.text.category, round(score, 4), transforms)


def _foremost(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Return the weightiest findings, in order of position."""
    if len(findings) <= FINDINGS_MAX:
        return findings
    return tuple(sorted(sorted(findings, key=lambda finding: -finding.score)[:FINDINGS_MAX]))


def _hidden_finding(run: HiddenRun) -> Finding:
    return Finding(run.start, run.end, f"hidden.{run.kind}", Category.SMUGGLING, HIDDEN_TEXT_SCORE)
