"""The faults of a scenario, entry by entry: planned, applied, fired."""

from __future__ import annotations

import json
from typing import Any

import pandas as pd

from seawall_chaos.recording import MethodEntry, ScenarioRecord
from seawall_reports.summary import FaultResult
from seawall_reports.wording import plain

EVIDENCE_MAX = 4


def fault_results(scenario: ScenarioRecord, faults: pd.DataFrame) -> list[FaultResult]:
    """One result per entry of the method, in its order, also for entries that were never applied."""
    return [_result(entry, faults[faults["entry"] == entry.entry]) for entry in scenario.method]


def _result(entry: MethodEntry, windows: pd.DataFrame) -> FaultResult:
    fired_by = {str(k): int(n) for k, n in windows.groupby("subject", sort=False)["fired"].sum().items()}
    last_start_s = entry.at_s + (entry.every_s or 0.0) * (entry.times - 1)
    acted = windows[windows["fired"] > 0] if (windows["fired"] > 0).any() else windows
    return FaultResult(
        entry=entry.entry,
        fault=plain(entry.fault),
        on=plain(entry.on),
        carriers=[plain(carrier) for carrier in windows["carrier"].unique()],
        params=params_text(entry.params),
        windows=entry.times,
        planned_start_s=entry.at_s,
        planned_end_s=last_start_s + entry.for_s,
        applied_s=float(windows["applied_s"].min()),
        healed_s=float(windows["healed_s"].max()),
        fired=sum(fired_by.values()),
        fired_by=fired_by,
        evidence=[plain(text) for text in acted["evidence"].unique()[:EVIDENCE_MAX]],
    )


def params_text(params: dict[str, Any]) -> str:
    """Parameters as "status 503, retry_after "20" "."""
    return plain(", ".join(f"{name} {json.dumps(value)}" for name, value in params.items()))
