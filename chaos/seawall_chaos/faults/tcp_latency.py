"""Every byte from the provider comes later."""

import pydantic

from seawall_chaos.faults.fault import FaultType, Params, Symptom, Toxic, ToxiproxyPlan


class TcpLatency(Params):
    """`latency_ms` is added to each piece of data, give or take `jitter_ms`; the spacing within a stream stays."""

    latency_ms: int = pydantic.Field(100, ge=0, le=600_000)
    jitter_ms: int = pydantic.Field(0, ge=0, le=600_000)

    @pydantic.model_validator(mode="after")
    def _jitter_fits(self) -> "TcpLatency":
        if self.jitter_ms > self.latency_ms:
            raise ValueError("jitter_ms must not exceed latency_ms: data cannot arrive before it was sent")
        return self


def on_toxiproxy(params: TcpLatency) -> ToxiproxyPlan:
    """A latency toxic on what the provider sends; it acts on open connections too."""
    attributes = {"latency": params.latency_ms, "jitter": params.jitter_ms}
    symptom = Symptom("slow", least_ms=params.latency_ms - params.jitter_ms)
    return ToxiproxyPlan(symptom, (Toxic("latency", attributes),))


FAULT = FaultType("tcp_latency", TcpLatency, {"toxiproxy": on_toxiproxy})
