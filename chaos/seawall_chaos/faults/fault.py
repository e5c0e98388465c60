"""What a fault is: typed parameters, and how each carrier carries it out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import pydantic

from seawall_chaos.endpoints import Carrier, PathName
from seawall_chaos.errors import FaultError

ON_PATH: Mapping[PathName, tuple[Carrier, ...]] = {
    "full": ("toxiproxy", "mitmproxy", "simulator"),
    "toxiproxy": ("toxiproxy", "simulator"),
    "direct": ("simulator",),
}


class Params(pydantic.BaseModel):
    """Parameters of a fault: frozen, and strangers are errors."""

    model_config = pydantic.ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Toxic:
    """One toxic, as Toxiproxy's API takes it."""

    type: str
    attributes: Mapping[str, int]
    stream: str = "downstream"


@dataclass(frozen=True, slots=True)
class ToxiproxyPlan:
    """What Toxiproxy is told.

    `down` closes the listener. `ended` says which open connections end first, so that clients open new ones: none,
    the idle ones (each request is then seen as a connection), or all (busy ones after their response; needed for a
    toxic that treats a connection differently from its first byte on). `firings` says where the count comes from:
    connections that Toxiproxy's log says it accepted, requests the providers journalled while it was in force, or
    nothing but canaries where nobody could count. `symptom` is what a canary has to meet.
    """

    symptom: Symptom
    toxics: tuple[Toxic, ...] = ()
    down: bool = False
    ended: Literal["none", "idle", "all"] = "none"
    firings: Literal["connections", "requests", "canaries"] = "requests"


@dataclass(frozen=True, slots=True)
class Symptom:
    """What a client meets under a fault of the connection.

    `refused`: no connection. `silent`: no byte for a while. `reset`: ECONNRESET. `slow`: the answer takes at least
    `least_ms` and another millisecond for each `bytes_per_ms` of it.
    """

    kind: Literal["refused", "silent", "reset", "slow"]
    least_ms: float = 0.0
    bytes_per_ms: float = float("inf")


@dataclass(frozen=True, slots=True)
class MitmproxyRule:
    """What the addon in mitmproxy is told."""

    action: str
    params: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class FaultType:
    """One kind of fault; its carriers stand in order of preference.

    `toxiproxy` is given the parameters and returns a ToxiproxyPlan; `mitmproxy` the parameters and the name of the
    wire, and returns a MitmproxyRule; `simulator` the parameters, and returns the simulators' document. `resets` says
    of parameters whether the client is to see a true RST, which Toxiproxy makes an orderly end of if it is not told.
    `impossible` are carriers that cannot on some paths: what stands before them would hide the fault.
    """

    name: str
    params: type[pydantic.BaseModel]
    carriers: Mapping[Carrier, Callable[..., Any]]
    resets: Callable[[Any], bool] = lambda _: False
    impossible: frozenset[tuple[Carrier, PathName]] = frozenset()


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault with its parameters, ready to be injected.

    `probability` is the share of requests it acts on, drawn from `seed` and the request's own id; `model` limits
    it to requests for that model; `carrier` overrides who carries it out.
    """

    type: FaultType
    params: pydantic.BaseModel
    probability: float = 1.0
    seed: int = 0
    model: str | None = None
    carrier: Carrier | None = None

    @property
    def name(self) -> str:
        """The name in scenario files."""
        return self.type.name

    @property
    def resets(self) -> bool:
        """Whether the client is to see a true RST."""
        return self.type.resets(self.params)

    def document(self) -> dict[str, Any]:
        """The parameters as a scenario file would spell them, every default written out."""
        common = {"probability": self.probability, "seed": self.seed, "model": self.model}
        own = self.params.model_dump(mode="json", exclude={"fault", "id"})
        return {"fault": self.name, **own, **common}

    def carried_by(self, path: PathName) -> Carrier:
        """Who carries the fault out on `path`; FaultError where nobody can."""
        hidden = {carrier for carrier, where in self.type.impossible if where == path}
        able: list[Carrier] = [c for c in self.type.carriers if c in ON_PATH[path] and c not in hidden]
        if self.carrier is not None and self.carrier not in able:
            raise FaultError(
                f"{self.name}: carrier {self.carrier} is not possible on path {path}"
                f" (possible: {', '.join(able) or 'none'})"
            )
        if self.carrier is not None:
            able = [self.carrier]
        if self.probability < 1 or self.model is not None:
            # Toxiproxy draws per connection, cannot be seeded, and knows nothing of requests.
            able = [c for c in able if c != "toxiproxy"]
        if not able:
            raise FaultError(
                f"{self.name}: nothing on path {path} can carry it out"
                " (Toxiproxy acts on every connection: no probability, no model)"
            )
        return able[0]
