"""What the pictures of one scenario are drawn from."""

from __future__ import annotations

import dataclasses
import functools

import pandas as pd

from seawall_reports.summary import ScenarioResult


@dataclasses.dataclass(frozen=True)
class Scene:
    """A scenario's results and its part of the recording; `colours` are those of the run's subjects."""

    result: ScenarioResult
    calls: pd.DataFrame
    attempts: pd.DataFrame
    faults: pd.DataFrame
    colours: dict[str, str]

    @property
    def end_s(self) -> float:
        """Where the time axis ends: with the load."""
        return self.result.duration_s

    @functools.cached_property
    def calls_by_subject(self) -> dict[str, pd.DataFrame]:
        """The calls of each subject in the order of their intended start; subjects without calls are left out."""
        ordered = self.calls.sort_values("intended_s", kind="stable")
        return {str(subject): calls for subject, calls in ordered.groupby("subject", sort=False)}

    def calls_of(self, subject: str) -> pd.DataFrame:
        """The calls of one subject, maybe none."""
        return self.calls_by_subject.get(subject, self.calls.iloc[:0])
