"""A response that ends as HTTP wants it, and too early."""

from seawall_chaos.faults.fault import FaultType, MitmproxyRule
from seawall_chaos.faults.simulated import on_simulator
from seawall_chaos.faults.wire_frames import event_rule
from seawall_simulators.faults.truncation import Truncation


def on_mitmproxy(params: Truncation, wire: str) -> MitmproxyRule:
    """The body is ended right behind the tokens, in order."""
    return event_rule("truncation", {"after_tokens": params.after_tokens}, wire)


FAULT = FaultType("truncation", Truncation, {"mitmproxy": on_mitmproxy, "simulator": on_simulator})
