"""JSON that does not parse."""

from seawall_chaos.faults.fault import FaultType, MitmproxyRule
from seawall_chaos.faults.simulated import on_simulator
from seawall_chaos.faults.wire_frames import event_rule
from seawall_simulators.faults.malformed_json import MalformedJson


def on_mitmproxy(params: MalformedJson, wire: str) -> MitmproxyRule:
    """The event behind the tokens loses the end of its JSON."""
    return event_rule("malformed_json", {"after_tokens": params.after_tokens}, wire)


FAULT = FaultType("malformed_json", MalformedJson, {"mitmproxy": on_mitmproxy, "simulator": on_simulator})
