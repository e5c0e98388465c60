"""How far a run is, on stderr: a line that lives on a terminal, plain lines elsewhere."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Mapping
from typing import TextIO

from seawall_chaos.evidence import Evidence, call_rows, fault_rows
from seawall_chaos.outcome import Outcome
from seawall_chaos.trial import Trial, TrialResult


class Progress:
    """Tells a person what is going on."""

    def __init__(self, stream: TextIO, scenarios: int) -> None:
        """`scenarios` is how many there will be."""
        self._stream = stream
        self._live = stream.isatty()
        self._total = scenarios
        self._number = 0
        self._name = ""
        self._announced = False
        self._since = time.monotonic()

    def say(self, text: str) -> None:
        """One line that stays."""
        clear = "\r\x1b[K" if self._live else ""
        self._stream.write(f"{clear}{text}\n")
        self._stream.flush()

    def scenario_begins(self, name: str, path: str) -> None:
        """The next scenario is being made ready."""
        self._number += 1
        self._since = time.monotonic()
        self._announced = False
        self._name = f"[{self._number}/{self._total}] {name}"
        self._rewrite(f"{self._name}: getting ready on path {path}")

    def tick(self, trial: Trial) -> None:
        """Calls are being made. On a terminal, live counts: what the clients say, not yet judged."""
        run_s = trial.scenario.run_s
        answered = any(lane.worker.outcomes for lane in trial.lanes)
        if not self._live and not self._announced and answered:
            self._announced = True
            self.say(f"{self._name}: under load for {run_s:g}s on path {trial.scenario.path}")
        if trial.start_s is not None:
            at_s = min(run_s, max(0.0, time.monotonic() - trial.start_s))
            counts = (
                _live_count(lane.worker.started, lane.worker.outcomes, lane.subject) for lane in trial.lanes
            )
            self._rewrite(f"{self._name}  {at_s:.1f}/{run_s:g}s  {'  '.join(counts)}")

    def _rewrite(self, line: str) -> None:
        if self._live:
            self._stream.write(f"\r\x1b[K{line[: shutil.get_terminal_size().columns - 1]}")
            self._stream.flush()

    def scenario_ends(self, result: TrialResult) -> None:
        """What the scenario came to."""
        took_s = time.monotonic() - self._since
        parts = [_judged(evidence) for evidence in result.evidence.values()]
        self.say(f"{self._name}: {'; '.join(parts)} ({took_s:.1f}s)")


def _live_count(started: Mapping[int, float], outcomes: Mapping[int, Outcome], subject: str) -> str:
    failed = sum(outcome.failure is not None for outcome in outcomes.values())
    return f"{subject} {len(outcomes) - failed}/{len(started)}" + (f" ({failed} failed)" if failed else "")


def _judged(evidence: Evidence) -> str:
    statuses = Counter(call.status for call in call_rows(evidence))
    bad = "".join(
        f", {statuses[status]} {status}" for status in ("failed", "wrong", "unfinished") if statuses[status]
    )
    fired = [row.fired for row in fault_rows(evidence)]
    faults = f", faults fired {sum(fired)}x" if fired else ""
    return f"{evidence.subject} {statuses['ok']}/{len(evidence.plan)} ok{bad}{faults}"
