"""A connection reset where the answer should be."""

from seawall_chaos.faults.fault import FaultType, MitmproxyRule, Symptom, Toxic, ToxiproxyPlan
from seawall_chaos.faults.simulated import on_simulator
from seawall_simulators.faults.tcp_reset import TcpReset


def on_toxiproxy(_: TcpReset) -> ToxiproxyPlan:
    """The first byte of a request resets its connection.

    Toxiproxy sends a true RST only on connections that were opened under the toxic, so the others end first.
    """
    toxic = Toxic("reset_peer", {"timeout": 0}, stream="upstream")
    return ToxiproxyPlan(Symptom("reset"), (toxic,), ended="all", firings="connections")


def on_mitmproxy(_: TcpReset, __: str) -> MitmproxyRule:
    """The request is read and its connection reset."""
    return MitmproxyRule("tcp_reset", {})


FAULT = FaultType(
    "tcp_reset",
    TcpReset,
    {"toxiproxy": on_toxiproxy, "mitmproxy": on_mitmproxy, "simulator": on_simulator},
    resets=lambda _: True,
    # mitmproxy answers 502 where its upstream resets before an answer.
    impossible=frozenset({("simulator", "full")}),
)
