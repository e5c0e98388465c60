"""Gates evaluated: what was demanded against what was measured."""

from __future__ import annotations

import math
from collections.abc import Mapping

from seawall_chaos.gates import Gate
from seawall_reports.measures import Measures
from seawall_reports.summary import GateResult, SubjectResult
from seawall_reports.verdict import Verdict
from seawall_reports.wording import TIMES, bare, label, plain, value

# Bounds are written in decimal; a share of calls that equals one must not miss it by the last bit.
_ULPS = 1e-9


def evaluate(gate: Gate, subjects: Mapping[str, SubjectResult]) -> GateResult:
    """Judge one gate. What could not be measured is INCONCLUSIVE; what never came has missed its gate."""
    measured = _measured(gate, gate.subject, subjects)
    limit = _limit(gate)
    bound = limit if gate.times is None else limit * _measured(gate, gate.times, subjects)
    verdict = _verdict(gate, measured, bound)
    return GateResult(
        subject=gate.subject,
        metric=gate.metric,
        kind=gate.kind,
        relation="at_least" if gate.at_least is not None else "at_most",
        limit=limit,
        times=gate.times,
        bound=bound,
        measured=measured,
        verdict=verdict,
        demand=demand(gate),
        reason=_reason(gate, measured, bound, verdict),
    )


def demand(gate: Gate) -> str:
    """The gate in words."""
    if gate.times is None:
        return f"{_what(gate)} {_relation(gate)} {value(gate.metric, _limit(gate))}"
    return f"{_what(gate)} {_relation(gate)} {_limit(gate):g} {TIMES} {plain(gate.times)}"


def _what(gate: Gate) -> str:
    kinds = {None: "", "complete": " (non-streamed calls)", "stream": " (streams)"}
    return f"{plain(gate.subject)}: {label(gate.metric)}{kinds[gate.kind]}"


def _measured(gate: Gate, subject: str, subjects: Mapping[str, SubjectResult]) -> float:
    if subject not in subjects:
        return math.nan
    result: Measures = subjects[subject]
    if gate.kind is not None:
        result = subjects[subject].kinds[gate.kind]
    if result.calls == 0:
        return math.nan
    number: float | None = getattr(result, gate.metric)
    return math.nan if number is None else float(number)


def _verdict(gate: Gate, measured: float, bound: float) -> Verdict:
    if math.isnan(measured) or not math.isfinite(bound):
        return Verdict.INCONCLUSIVE
    slack = _ULPS * max(1.0, abs(bound))
    met = measured >= bound - slack if gate.at_least is not None else measured <= bound + slack
    return Verdict.PASS if met else Verdict.FAIL


def _reason(gate: Gate, measured: float, bound: float, verdict: Verdict) -> str:
    if math.isnan(measured):
        return f"{_what(gate)} could not be measured in this run"
    if not math.isfinite(bound):
        return f"{_what(gate)} has nothing to be compared with: {gate.times} has no such value"
    origin = "" if gate.times is None else f" ({_limit(gate):g} {TIMES} {gate.times})"
    allowed = f"{_relation(gate)} {value(gate.metric, bound)}{origin}"
    found = "never came" if math.isinf(measured) else f"is {value(gate.metric, measured)}"
    if verdict is Verdict.FAIL and bare(gate.metric, measured) == bare(gate.metric, bound):
        found, allowed = f"is {measured:.6g}", f"{_relation(gate)} {bound:.6g}{origin}"
    must = "as demanded" if verdict is Verdict.PASS else "not as demanded"
    return f"{_what(gate)} {found}; {must}, {allowed}"


def _limit(gate: Gate) -> float:
    return next(bound for bound in (gate.at_least, gate.at_most) if bound is not None)


def _relation(gate: Gate) -> str:
    return "at least" if gate.at_least is not None else "at most"
