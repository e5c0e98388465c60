"""A provider that is late with everything, the status line included."""

from seawall_chaos.faults.fault import FaultType, MitmproxyRule
from seawall_chaos.faults.simulated import on_simulator
from seawall_simulators.faults.delayed_head import DelayedHead


def on_mitmproxy(params: DelayedHead, _: str) -> MitmproxyRule:
    """The request is sent on only after the delay."""
    return MitmproxyRule("delayed_head", {"delay_s": params.delay_s})


FAULT = FaultType("delayed_head", DelayedHead, {"mitmproxy": on_mitmproxy, "simulator": on_simulator})
