"""Nobody listens: new connections are refused, open ones end."""

from seawall_chaos.faults.fault import FaultType, Params, Symptom, ToxiproxyPlan


class ConnectionRefused(Params):
    """It has no parameters."""


def on_toxiproxy(_: ConnectionRefused) -> ToxiproxyPlan:
    """Toxiproxy closes its listener and every connection."""
    return ToxiproxyPlan(Symptom("refused"), down=True, firings="canaries")


FAULT = FaultType("connection_refused", ConnectionRefused, {"toxiproxy": on_toxiproxy})
