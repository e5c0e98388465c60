"""A connection that breaks in the middle of a response."""

from seawall_chaos.faults.fault import FaultType, MitmproxyRule
from seawall_chaos.faults.simulated import on_simulator
from seawall_chaos.faults.wire_frames import event_rule
from seawall_simulators.faults.cut import Cut


def on_mitmproxy(params: Cut, wire: str) -> MitmproxyRule:
    """The client's connection is closed right behind the tokens, by FIN or by RST."""
    own = {"after_tokens": params.after_tokens, "how": params.how}
    return event_rule("cut", own, wire)


FAULT = FaultType(
    "cut",
    Cut,
    {"mitmproxy": on_mitmproxy, "simulator": on_simulator},
    resets=lambda params: params.how == "rst",
)
