"""A response that begins at once and then has nothing to say for a while."""

from seawall_chaos.faults.fault import FaultType, MitmproxyRule
from seawall_chaos.faults.simulated import on_simulator
from seawall_chaos.faults.wire_frames import event_rule
from seawall_simulators.faults.slow_first_token import SlowFirstToken


def on_mitmproxy(params: SlowFirstToken, wire: str) -> MitmproxyRule:
    """The head passes; from the first token (or the body) on everything is held back."""
    return event_rule("slow_first_token", {"delay_s": params.delay_s}, wire)


FAULT = FaultType("slow_first_token", SlowFirstToken, {"mitmproxy": on_mitmproxy, "simulator": on_simulator})
