"""What a scenario demands of a subject: one gate is one bound on one metric."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, Self

import pydantic

METRICS: dict[str, str] = {
    "success_rate": "share of the calls that are ok (0 to 1)",
    "wrong_calls": "how many calls returned a text that the provider did not mean to say",
    "p50_ms": "median latency of all calls, failed ones included",
    "p95_ms": "95th percentile of the latency of all calls, failed ones included",
    "p99_ms": "99th percentile of the latency of all calls, failed ones included",
    "p999_ms": "99.9th percentile of the latency of all calls, failed ones included",
    "max_ms": "longest latency of all calls, failed ones included",
    "first_token_p50_ms": "median time to the first token, of calls that had one",
    "first_token_p95_ms": "95th percentile of the time to the first token, of calls that had one",
    "first_token_p99_ms": "99th percentile of the time to the first token, of calls that had one",
    "attempts_per_call": "requests sent to providers per call: each that one saw, and each of the client's that none saw",
    "provider_requests_per_call": "requests that reached a provider, per call",
    "wasted_tokens_per_call": "tokens that providers sent and that did not become the answer, per call",
    "recovery_s": "time from healing the last fault until five calls in a row are ok and no slower than usual",
    "deadline_overshoot_p99_ms": "99th percentile of how much longer than their deadline calls took",
}


class UnknownNameError(ValueError):
    """A name that is not one of those `known`."""

    def __init__(self, what: str, name: str, known: Iterable[str]) -> None:
        super().__init__(f"unknown {what}")
        self.name = name
        self.known = sorted(known)


class Gate(pydantic.BaseModel):
    """`metric` of `subject` is at least, or at most, a bound.

    `kind` restricts it to non-streamed ("complete") or streamed ("stream") calls. With `times`, the bound is
    multiplied by the same metric of that other subject in the same run.
    """

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)

    subject: str
    metric: str
    kind: Literal["complete", "stream"] | None = None
    at_least: float | None = None
    at_most: float | None = None
    times: str | None = None

    @pydantic.field_validator("metric")
    @classmethod
    def _known(cls, metric: str) -> str:
        if metric not in METRICS:
            raise UnknownNameError("metric", metric, METRICS)
        return metric

    @pydantic.model_validator(mode="after")
    def _bounded(self) -> Self:
        if (self.at_least is None) == (self.at_most is None):
            raise ValueError("exactly one of at_least and at_most is needed")
        return self
