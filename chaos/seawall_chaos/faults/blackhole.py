"""Requests vanish: the connection is accepted, nothing ever comes back."""

from seawall_chaos.faults.fault import FaultType, MitmproxyRule, Symptom, Toxic, ToxiproxyPlan
from seawall_chaos.faults.simulated import on_simulator
from seawall_simulators.faults.blackhole import Blackhole


def on_toxiproxy(_: Blackhole) -> ToxiproxyPlan:
    """Nothing passes either way; healing ends the connections that hung."""
    toxics = tuple(Toxic("timeout", {"timeout": 0}, stream=stream) for stream in ("upstream", "downstream"))
    return ToxiproxyPlan(Symptom("silent"), toxics, ended="idle", firings="connections")


def on_mitmproxy(_: Blackhole, __: str) -> MitmproxyRule:
    """The request is read and kept."""
    return MitmproxyRule("blackhole", {})


FAULT = FaultType(
    "blackhole",
    Blackhole,
    {"toxiproxy": on_toxiproxy, "mitmproxy": on_mitmproxy, "simulator": on_simulator},
)
