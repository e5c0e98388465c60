"""A subject over a whole run."""

from __future__ import annotations

import math
from collections.abc import Sequence

from seawall_reports.summary import ScenarioResult, Total


def total(subject: str, scenarios: Sequence[ScenarioResult]) -> Total:
    """All calls of `subject` together, and the worst of its scenarios."""
    parts = [scenario.subjects[subject] for scenario in scenarios if subject in scenario.subjects]
    calls, ok_calls = sum(part.calls for part in parts), sum(part.ok_calls for part in parts)
    return Total(
        calls=calls,
        ok_calls=ok_calls,
        wrong_calls=sum(part.wrong_calls for part in parts),
        success_rate=ok_calls / calls if calls else math.nan,
        worst_p99_ms=_worst([part.p99_ms for part in parts]),
        worst_attempts_per_call=_worst([part.attempts_per_call for part in parts]),
    )


def _worst(numbers: Sequence[float | None]) -> float:
    return max((n for n in numbers if n is not None and not math.isnan(n)), default=math.nan)
