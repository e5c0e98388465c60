"""Scanning what goes to a model for attempts to take it over. Pure, linear in the length of the text, no I/O."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, Annotated, Literal, NamedTuple

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
from seawall.security.firewall.view import View

if TYPE_CHECKING:
    from seawall.security.firewall.ngram import NgramModel, Strongest

Score = Annotated[float, msgspec.Meta(ge=0, le=1)]
FINDINGS_MAX = 256
FINDING_SCORE_MIN = 0.1
MODEL_OPERATIONS = 4
RULES, MODEL = "rules", "model"


class Scan(NamedTuple):
    """How far a scan went."""

    tiers: tuple[str, ...]
    operations: int
    incomplete: str | None


class WhenExceeded(StrEnum):
    """What a scan that ran out of operations says."""

    CLOSED = "closed"
    OPEN = "open"


class Thresholds(msgspec.Struct, frozen=True, kw_only=True):
    """Scores from which on a text is flagged and blocked.

    Set so that about 1 % of harmless text is blocked, on sources that the model was not trained on.
    """

    flag: Score = 0.5
    block: Score = 0.6


class FirewallOptions(msgspec.Struct, frozen=True, kw_only=True):
    """How to scan. `operations_max` counts characters read by each step; about 100 a microsecond.

    `model`: whether the n-gram model is asked where it could change what is done; it needs numpy and is left out
    without.
    """

    user: Thresholds = Thresholds()
    untrusted: Thresholds = Thresholds()
    operations_max: Annotated[int, msgspec.Meta(ge=1)] = 2_000_000_000
    when_exceeded: WhenExceeded = WhenExceeded.CLOSED
    limits: ReadingLimits = ReadingLimits()
    model: bool = True


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
        views: list[View] = []
        tiers: tuple[str, ...] = (RULES,)
        incomplete = None
        try:
            self._read(text, channel, budget, findings, views)
            if (model := self._model()) and self._could_change(stack(findings).score, model, channel):
                tiers = (RULES, MODEL)
                findings.extend(_learned(model, views, channel, budget))
        except BudgetExceededError as error:
            incomplete = str(error)
        return self._verdict(stack(findings), channel, Scan(tiers, budget.spent, incomplete))

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

    def _verdict(self, scored: Scored, channel: Channel, scan: Scan) -> Verdict:
        thresholds = self._thresholds(channel)
        action = Action.ALLOW
        if scored.score >= thresholds.flag:
            action = Action.BLOCK if scored.score >= thresholds.block else Action.FLAG
        if scan.incomplete and self._options.when_exceeded is WhenExceeded.CLOSED:
            action = Action.BLOCK
        findings = tuple(found for found in scored.findings if found.score >= FINDING_SCORE_MIN)
        return Verdict(action, round(scored.score, 4), _foremost(findings), *scan)

    def _thresholds(self, channel: Channel) -> Thresholds:
        return self._options.user if channel is Channel.USER else self._options.untrusted

    def _could_change(self, score: float, model: NgramModel, channel: Channel) -> bool:
        """Tell whether what the model says may change what is done with a text that rules gave `score`."""
        thresholds = self._thresholds(channel)
        return score < thresholds.block and 1 - (1 - score) * (1 - model.most(channel)) >= thresholds.flag

    def _model(self) -> NgramModel | None:
        return default_model() if self._options.model else None

    def _read(
        self, text: str, channel: Channel, budget: Budget, findings: list[Finding], views: list[View]
    ) -> None:
        """Add what rules find and the views they read; what is blocked as it stands is not decoded any further."""
        hidden = find_hidden_runs(text)
        found: dict[tuple[int, int, str], Finding] = {}
        findings.extend(map(_hidden_finding, hidden))
        for reading in readings(text, hidden, self._rules, self._options.limits, budget):
            views.append(reading.view)
            mentions, before = Mentions(reading.view, channel), len(found)
            for match in self._matches(reading, channel, budget):
                key = (*reading.view.span(match.start, match.end), match.rule.text.id)
                if key not in found:
                    strength = mentions.strength(match.start, match.end)
                    found[key] = _finding(
                        match, key, match_score(match.rule.text, channel, strength), reading.view
                    )
                    findings.append(found[key])
            if len(found) > before and stack(found.values()).score >= self._thresholds(channel).block:
                return

    def _matches(self, reading: Reading, channel: Channel, budget: Budget) -> Iterator[Match]:
        view = reading.view
        rules = [
            index for index in reading.keywords.rules if channel in self._rules.rules[index].text.channels
        ]
        budget.charge(len(view) * len(rules))
        squeezed = "spacing" in view.transforms
        yield from self._rules.matches(view.folded_bytes, rules, squeezed=squeezed)


def _finding(match: Match, place: tuple[int, int, str], score: float, view: View) -> Finding:
    start, end, rule = place
    if view.transforms:
        score = disguised(score)
    return Finding(start, end, rule, match.rule.text.category, round(score, 4), view.transforms)


def _learned(model: NgramModel, views: list[View], channel: Channel, budget: Budget) -> Iterator[Finding]:
    """Yield the window of any view that looks most like an attack to the model."""
    best: tuple[Strongest, View] | None = None
    for view in views:
        budget.charge(len(view) * MODEL_OPERATIONS)
        window = model.strongest(view.folded_bytes.data, channel)
        if best is None or window.margin > best[0].margin:
            best = window, view
    if best is not None:
        window, view = best
        text = view.folded_bytes
        start, end = text.position(window.start), text.position(window.end)
        if end > start:
            score = round(model.score(window.margin, channel), 4)
            yield Finding(*view.span(start, end), "model.ngram", Category.LEARNED, score, view.transforms)


@cache
def default_model() -> NgramModel | None:
    """Return the model that comes with the package, read on first use; None without numpy."""
    try:
        from seawall.security.firewall.ngram import load_model  # noqa: PLC0415 - an extra
    except ModuleNotFoundError:
        return None
    return load_model()


def _foremost(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Return the weightiest findings, in order of position."""
    if len(findings) <= FINDINGS_MAX:
        return findings
    return tuple(sorted(sorted(findings, key=lambda finding: -finding.score)[:FINDINGS_MAX]))


def _hidden_finding(run: HiddenRun) -> Finding:
    return Finding(run.start, run.end, f"hidden.{run.kind}", Category.SMUGGLING, HIDDEN_TEXT_SCORE)
