"""Counts of calls, or of attempts, that belong together; however many, in bounded memory."""

from __future__ import annotations

from collections import Counter

from seawall.cli.latency_sketch import LatencySketch
from seawall.cli.log_line import LogLine

OTHER = "(other)"
NAMES_MAX = 200


def count(counter: Counter[str], name: str) -> None:
    """Count a name; when there are too many different ones, under `OTHER`."""
    if name not in counter and len(counter) >= NAMES_MAX:
        name = OTHER
    counter[name] += 1


class Tally:
    """Outcomes, reasons and latencies. Latencies are those of answers; `of_failures`: and of what failed."""

    __slots__ = (
        "_of_failures",
        "cost",
        "first_token_ms",
        "input_tokens",
        "latency_ms",
        "outcomes",
        "output_tokens",
        "reasons",
        "whys",
    )

    def __init__(self, *, of_failures: bool = False) -> None:
        self._of_failures = of_failures
        self.outcomes: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.whys: Counter[str] = Counter()
        self.latency_ms = LatencySketch()
        self.first_token_ms = LatencySketch()
        self.input_tokens = 0
        self.output_tokens = 0
        self.cost = 0.0

    def add(self, line: LogLine) -> None:
        """Count a line."""
        count(self.outcomes, line.outcome)
        if line.reason:
            count(self.reasons, line.reason)
        if line.why:
            count(self.whys, line.why)
        if line.outcome == "answered" or (self._of_failures and line.outcome == "failed"):
            self.latency_ms.add(line.latency_ms)
            if line.first_token_ms is not None:
                self.first_token_ms.add(line.first_token_ms)
        self.input_tokens += line.input_tokens or 0
        self.output_tokens += line.output_tokens or 0
        self.cost += line.cost or 0.0

    @property
    def success_rate(self) -> float | None:
        """The share of answers; cancelled ones are left out. None where there is nothing to share."""
        answered, failed = self.outcomes["answered"], self.outcomes["failed"]
        return answered / (answered + failed) if answered + failed else None
