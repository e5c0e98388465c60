"""What the provider sends trickles through a narrow pipe."""

import pydantic

from seawall_chaos.faults.fault import FaultType, Params, Symptom, Toxic, ToxiproxyPlan


class Bandwidth(Params):
    """`rate_kb_per_s` is per connection, in units of 1000 bytes."""

    rate_kb_per_s: int = pydantic.Field(1000, ge=1, le=10_000_000)


def on_toxiproxy(params: Bandwidth) -> ToxiproxyPlan:
    """A bandwidth toxic on what the provider sends; it acts on open connections too."""
    symptom = Symptom("slow", bytes_per_ms=params.rate_kb_per_s)
    return ToxiproxyPlan(symptom, (Toxic("bandwidth", {"rate": params.rate_kb_per_s}),))


FAULT = FaultType("bandwidth", Bandwidth, {"toxiproxy": on_toxiproxy})
