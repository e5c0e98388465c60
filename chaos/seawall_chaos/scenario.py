"""What a scenario file may say. One file is one scenario; unknown keys are errors."""

from __future__ import annotations

from typing import Annotated, Any, Literal, NamedTuple, Self

import pydantic

from seawall_chaos.durations import Duration, Seconds
from seawall_chaos.endpoints import PathName
from seawall_chaos.faults import COMMON, FAULTS, Fault, parse_fault
from seawall_chaos.gates import Gate, UnknownNameError
from seawall_chaos.subjects import subject_names
from seawall_simulators.behaviour import Behaviour

SCENARIO_S_MAX = 3600.0
CALLS_MAX = 200_000
Name = Annotated[str, pydantic.StringConstraints(pattern=r"^[a-z][a-z0-9_-]{0,31}$")]


class Surroundings(NamedTuple):
    """What an entry of the method is checked against: the rest of its file."""

    providers: frozenset[str]
    duration_s: float | None
    path: PathName


class _Document(pydantic.BaseModel):
    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)


class Load(_Document):
    """Calls that callers make whether or not earlier ones were answered.

    `deadline_s` is how long a caller waits for the whole of an answer; `outstanding_max` is how many calls may be
    under way at once before the harness, not the subject, is the limit (then the run is inconclusive).
    """

    rate_per_s: float = pydantic.Field(default=12.0, gt=0, le=1000)
    arrivals: Literal["poisson", "constant"] = "poisson"
    stream_share: float = pydantic.Field(default=0.5, ge=0, le=1)
    deadline_s: Seconds = pydantic.Field(default=8.0, gt=0, le=600)
    outstanding_max: int = pydantic.Field(default=512, ge=1, le=100_000)


class Provider(_Document):
    """A fake provider: the wire it speaks and how it behaves when nothing is wrong."""

    wire: Literal["openai", "azure", "anthropic", "gemini"]
    model: Name | None = None
    behaviour: Behaviour = Behaviour()


class AtLeast(_Document):
    """A lower bound on a share."""

    at_least: float = pydantic.Field(ge=0, le=1)


class SteadyStateRule(_Document):
    """What must hold before any fault: for `for_s`, the same load is answered this well."""

    success_rate: AtLeast = AtLeast(at_least=0.99)
    for_s: Seconds = pydantic.Field(default=1.0, gt=0, le=600)


class Entry(_Document):
    """One line of the method: a fault on a provider, `times` times for `for`, the first `at`, one every `every`.

    Whatever else the line says are the fault's own parameters.
    """

    at: Duration
    for_s: Duration = pydantic.Field(alias="for", gt=0)
    every: Duration | None = None
    times: int = pydantic.Field(default=1, ge=1, le=1000)
    on: str
    fault: str
    params: dict[str, Any]

    @pydantic.model_validator(mode="before")
    @classmethod
    def _gather_params(cls, raw: object) -> object:
        if not isinstance(raw, dict):
            return raw
        own = {"at", "for", "every", "times", "on", "fault"}
        params = {key: value for key, value in raw.items() if key not in own}
        return {key: value for key, value in raw.items() if key in own} | {"params": params}

    @pydantic.field_validator("on")
    @classmethod
    def _provider_exists(cls, on: str, info: pydantic.ValidationInfo) -> str:
        if isinstance(info.context, Surroundings) and on not in info.context.providers:
            raise UnknownNameError("provider", on, info.context.providers)
        return on

    @pydantic.field_validator("fault")
    @classmethod
    def _fault_exists(cls, fault: str) -> str:
        if fault not in FAULTS:
            raise UnknownNameError("fault", fault, FAULTS)
        return fault

    @pydantic.field_validator("params")
    @classmethod
    def _params_fit(cls, params: dict[str, Any], info: pydantic.ValidationInfo) -> dict[str, Any]:
        if "fault" in info.data:
            own = {key: value for key, value in params.items() if key not in COMMON}
            FAULTS[info.data["fault"]].params.model_validate(own)
            fault = parse_fault({"fault": info.data["fault"], **params})
            if isinstance(info.context, Surroundings):
                fault.carried_by(info.context.path)
        return params

    @pydantic.model_validator(mode="after")
    def _windows_fit(self, info: pydantic.ValidationInfo) -> Self:
        if (self.times > 1) != (self.every is not None):
            raise ValueError("every and times belong together: give both or neither")
        if self.every is not None and self.every < self.for_s:
            raise ValueError(f"windows overlap: every {self.every:g}s, each for {self.for_s:g}s")
        end_s = self.at + (self.every or 0.0) * (self.times - 1) + self.for_s
        duration_s = info.context.duration_s if isinstance(info.context, Surroundings) else None
        if duration_s is not None and end_s > duration_s + 1e-9:
            raise ValueError(f"the fault ends at {end_s:g}s, after the scenario's {duration_s:g}s")
        return self

    def parse(self, *, seed: int) -> Fault:
        """The fault, with `seed` for its chances unless the file gives one."""
        return parse_fault({"fault": self.fault, "seed": seed, **self.params})


class ExpectedGate(Gate):
    """A gate on subjects that exist."""

    @pydantic.field_validator("subject", "times")
    @classmethod
    def _subject_exists(cls, subject: str | None) -> str | None:
        if subject is not None and subject not in subject_names():
            raise UnknownNameError("subject", subject, subject_names())
        return subject


def _three_wires() -> dict[str, Provider]:
    return {
        "alpha": Provider(wire="openai"),
        "beta": Provider(wire="anthropic"),
        "gamma": Provider(wire="gemini"),
    }


class Scenario(_Document):
    """Steady state, then the method's faults over `duration_s` of load, then gates.

    `providers` stand in the order in which subjects prefer them. `time_scale` multiplies `duration_s` and every
    duration of the method (0.01 makes an hour 36 seconds), and nothing else.
    """

    title: str = pydantic.Field(min_length=1, max_length=200)
    description: str = pydantic.Field(default="", max_length=5000)
    set: tuple[str, ...] = ()
    path: PathName = "full"
    duration_s: Seconds = pydantic.Field(gt=0)
    time_scale: float = pydantic.Field(default=1.0, gt=0, le=1)
    load: Load = Load()
    providers: dict[Name, Provider] = pydantic.Field(
        default_factory=_three_wires, min_length=1, max_length=16
    )
    steady_state: SteadyStateRule = SteadyStateRule()
    method: tuple[Entry, ...] = ()
    expect: tuple[ExpectedGate, ...] = ()

    @pydantic.model_validator(mode="after")
    def _bounded(self) -> Self:
        if self.run_s > SCENARIO_S_MAX:
            raise ValueError(f"runs for {self.run_s:g}s, longer than {SCENARIO_S_MAX:g}s; see time_scale")
        if self.run_s * self.load.rate_per_s > CALLS_MAX:
            raise ValueError(f"makes more than {CALLS_MAX} calls")
        return self

    @property
    def run_s(self) -> float:
        """How long the load lasts, time scale applied."""
        return self.duration_s * self.time_scale
