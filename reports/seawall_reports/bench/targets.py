"""The project's targets for behaviour under faults, and whether the cells of a run meet them."""

from __future__ import annotations

import math
import zlib
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import pandas as pd

from seawall_chaos.recording import Recording
from seawall_reports.bench.cells import ORACLE
from seawall_reports.bench.document import Cell, Fault, Mark, Target
from seawall_reports.intervals import CONFIDENCE, RESAMPLES, Floats, quantiles, resampled_quantile
from seawall_reports.measures import Interval
from seawall_reports.summarise import CONTENDER
from seawall_reports.wording import TIMES

CALLS_MIN = 600
P99 = 0.99
# Where nobody can answer, more than one request for a call is what a client is for.
HOPELESS = "all-hang"
AT_MOST, AT_LEAST = "at_most", "at_least"
# By fault: the field of the cell, how people call it, its unit, and what it has to keep.
DEMANDS: Mapping[str, Sequence[tuple[str, str, str, str, float]]] = {
    "healthy": [("success_rate", "calls answered", "%", AT_LEAST, 1.0)],
    "503": [
        ("success_rate", "calls answered", "%", AT_LEAST, 1.0),
        ("p99_to_healthy", "p99 ÷ p99 of a healthy day", TIMES, AT_MOST, 1.5),
        ("max_ms", "longest call", "ms", AT_MOST, 300),
        ("calls_per_request", "upstream calls per request", "", AT_MOST, 1.01),
    ],
    "429": [
        ("success_rate", "calls answered", "%", AT_LEAST, 1.0),
        ("max_ms", "longest call", "ms", AT_MOST, 300),
        ("early_requests", "requests to the first provider before Retry-After was over", "", AT_MOST, 0),
        ("renewed_requests", "requests to it at the expiry", "", AT_MOST, 1),
    ],
    "hang": [
        ("success_rate", "calls answered", "%", AT_LEAST, 1.0),
        ("over_500_share", "calls that took over 500 ms", "%", AT_MOST, 0.01),
        ("calls_per_request", "upstream calls per request", "", AT_MOST, 1.05),
    ],
    "slow": [
        ("success_rate", "calls answered", "%", AT_LEAST, 1.0),
        ("p95_ms", "p95 latency", "ms", AT_MOST, 150),
        ("calls_per_request", "upstream calls per request", "", AT_MOST, 1.05),
        ("returned_share", "calls of the last 5 s that the first provider answered", "%", AT_LEAST, 0.9),
    ],
    "stall": [
        ("success_rate", "streams complete and clean", "%", AT_LEAST, 0.99),
        ("first_provider_calls", "requests to the first provider", "", AT_MOST, 10),
    ],
    "cut": [
        ("success_rate", "streams complete and clean", "%", AT_LEAST, 0.99),
        ("first_provider_calls", "requests to the first provider", "", AT_MOST, 10),
    ],
    "truncated": [
        ("success_rate", "streams complete and clean", "%", AT_LEAST, 0.99),
        ("wrong_calls", "fragments taken for the answer", "", AT_MOST, 0),
    ],
    HOPELESS: [("overshoot_p99_ms", "p99 deadline overshoot", "ms", AT_MOST, 50)],
}
RETRY_AFTER_S = 20.0
# What is under way when the first 429 comes, and how much earlier a clock may say that the time has come.
SLACK_S = 0.5
LAST_S = 5.0


def fault_targets(recording: Recording, faults: Sequence[Fault]) -> list[Target]:
    """Every target for behaviour under faults, fault by fault, then those over all of them."""
    by_name = {fault.name: fault for fault in faults}
    rows: list[Target] = []
    for name, demands in DEMANDS.items():
        cell = by_name[name].cells.get(CONTENDER) if name in by_name else None
        rows += [_of_cell(recording, name, cell, demand) for demand in demands]
    return [*rows, *_over_all(recording, by_name)]


def judged(
    *,
    what: str,
    of: str,
    unit: str,
    relation: str,
    bound: float,
    measured: float | None,
    interval: Interval | None = None,
    calls: int | None = None,
    doubt: str | None = None,
) -> Target:
    """A target and its mark. Too few calls, or a doubt about them, and it is neither met nor missed."""
    mark, note = Mark.MISSED, ""
    if doubt is not None:
        mark, note = Mark.INCONCLUSIVE, doubt
    elif measured is None or math.isnan(measured):
        mark, note = Mark.UNMEASURED, "not part of this run"
    elif calls is not None and calls < CALLS_MIN:
        mark, note = Mark.TOO_FEW, f"{calls} calls; {CALLS_MIN} are needed"
    elif measured <= bound if relation == AT_MOST else measured >= bound:
        mark = Mark.MET
    return Target.model_validate(
        {
            "what": what,
            "of": of,
            "unit": unit,
            "measured": measured,
            "interval": interval,
            "relation": relation,
            "bound": bound,
            "mark": mark,
            "note": note,
        }
    )


def _of_cell(
    recording: Recording,
    name: str,
    cell: Cell | None,
    demand: tuple[str, str, str, str, float],
) -> Target:
    field, what, unit, relation, bound = demand
    measured, interval = None, None
    if cell is not None:
        measured, interval = _measured(recording, name, cell, field)
    return judged(
        what=what,
        of=name,
        unit=unit,
        relation=relation,
        bound=bound,
        measured=measured,
        interval=interval,
        calls=None if cell is None else cell.calls,
        doubt=None if cell is None else cell.doubt,
    )


def _measured(
    recording: Recording, name: str, cell: Cell, field: str
) -> tuple[float | None, Interval | None]:
    calls = _own(recording.calls, CONTENDER, name)
    match field:
        case "p99_to_healthy":
            healthy = _own(recording.calls, CONTENDER, "healthy")
            return _ratio(calls["latency_ms"], healthy["latency_ms"], seed=f"{name} healthy")
        case "early_requests" | "renewed_requests":
            return _requests_again(recording, name, early=field == "early_requests"), None
        case "returned_share":
            late = calls[calls["intended_s"] >= calls["intended_s"].max() - LAST_S]
            first = next(iter(recording.manifest.scenarios[0].providers))
            return float((late["provider"] == first).mean()), None
    return getattr(cell, field), cell.intervals.get(field)


def _own(frame: pd.DataFrame, subject: str, scenario: str) -> pd.DataFrame:
    return frame[(frame["subject"] == subject) & (frame["scenario"] == scenario)]


def _requests_again(recording: Recording, name: str, *, early: bool) -> float:
    """How often the first provider was asked before the time it named, or from then on."""
    attempts = _own(recording.attempts, CONTENDER, name)
    first = next(iter(recording.manifest.scenarios[0].providers))
    asked = attempts[(attempts["side"] == "provider") & (attempts["provider"] == first)]["started_s"]
    since = asked - asked.min()
    expiry_s = RETRY_AFTER_S - SLACK_S
    return float(((since > SLACK_S) & (since < expiry_s)).sum() if early else (since >= expiry_s).sum())


def _over_all(recording: Recording, faults: Mapping[str, Fault]) -> Iterator[Target]:
    """What has to hold in every cell, by the worst; and the distance to the oracle over all calls."""
    cells = {name: fault.cells[CONTENDER] for name, fault in faults.items() if CONTENDER in fault.cells}
    calls = min((cell.calls for cell in cells.values()), default=0)
    doubt = next((f"{name}: {cell.doubt}" for name, cell in cells.items() if cell.doubt), None)
    missing = "not every fault was part of this run" if set(DEMANDS) - set(cells) else None
    common = {"of": "all faults", "calls": calls, "doubt": doubt or missing}
    hopeful = {name: cell for name, cell in cells.items() if name != HOPELESS}
    yield judged(
        what="upstream calls per request, worst fault",
        unit="",
        relation=AT_MOST,
        bound=1.2,
        measured=max((c.calls_per_request or 0.0 for c in hopeful.values()), default=None),
        **common,  # type: ignore[arg-type]
    )
    yield judged(
        what="p99 deadline overshoot, worst fault",
        unit="ms",
        relation=AT_MOST,
        bound=50,
        measured=max((c.overshoot_p99_ms or 0.0 for c in cells.values()), default=None),
        **common,  # type: ignore[arg-type]
    )
    known = recording.calls[recording.calls["scenario"].isin(list(hopeful))]
    own, oracle = (known.loc[known["subject"] == name, "latency_ms"] for name in (CONTENDER, ORACLE))
    measured, interval = _ratio(own, oracle, seed="oracle")
    yield judged(
        what="p99 ÷ p99 of the oracle, all calls",
        unit=TIMES,
        relation=AT_MOST,
        bound=1.25,
        measured=measured,
        interval=interval,
        **common,  # type: ignore[arg-type]
    )


def _ratio(
    own: pd.Series[float], other: pd.Series[float], *, seed: str
) -> tuple[float | None, Interval | None]:
    """The ratio of both p99, with its bootstrap interval."""
    if own.empty or other.empty:
        return None, None
    samples: list[Floats] = [np.sort(each.to_numpy(dtype="float64")) for each in (own, other)]
    generator = np.random.default_rng(zlib.crc32(seed.encode()))
    drawn = [resampled_quantile(sample, P99, generator, RESAMPLES) for sample in samples]
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(drawn[0] / drawn[1], [tail, 1 - tail])
    value = quantiles(samples[0], [P99])[0] / quantiles(samples[1], [P99])[0]
    return value, Interval(low=float(low), high=float(high))
