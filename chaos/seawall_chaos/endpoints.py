"""What a stack is made of and what it shows to the outside: plain, frozen descriptions."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

PathName = Literal["full", "toxiproxy", "direct"]
Carrier = Literal["simulator", "mitmproxy", "toxiproxy"]


@dataclass(frozen=True, slots=True)
class ProviderSpec:
    """One fake provider as a scenario asks for it; `behaviour` is the simulators' document of that name."""

    name: str
    wire: str
    model: str
    behaviour: Mapping[str, Any] = field(default_factory=dict)
    api_key: str | None = None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a client reaches a provider: `base_url` is what the official SDK of that wire takes."""

    name: str
    wire: str
    model: str
    base_url: str
    api_key: str


@dataclass(frozen=True, slots=True)
class Injection:
    """A fault in force, or that was: times are `time.monotonic()` of this host."""

    id: str
    fault: str
    on: str
    carrier: Carrier
    applied_monotonic_s: float
    healed_monotonic_s: float | None = None


@dataclass(frozen=True, slots=True)
class Firing:
    """One time a fault really acted, seen by the carrier itself, a proxy's log or a journal.

    `canary` marks what the stack's own test connection met: it proves that the fault is in force, not that the
    client under test was hit. Where a fault leaves nothing but canaries (a refused connection reaches no
    process that could count it), the client's own attempts inside the window are the count.
    """

    at_monotonic_s: float
    client_request_id: str | None
    evidence: str
    canary: bool = False
