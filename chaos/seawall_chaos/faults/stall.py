"""A response that stops in the middle and keeps the connection open."""

from seawall_chaos.faults.fault import FaultType, MitmproxyRule
from seawall_chaos.faults.simulated import on_simulator
from seawall_chaos.faults.wire_frames import event_rule
from seawall_simulators.faults.stall import Stall


def on_mitmproxy(params: Stall, wire: str) -> MitmproxyRule:
    """What comes after the tokens is held back; the provider goes on undisturbed."""
    every_s = params.ping_every_s if params.ping else 0.0
    own = {"after_tokens": params.after_tokens, "for_s": params.for_s, "ping_every_s": every_s}
    return event_rule("stall", own, wire)


FAULT = FaultType("stall", Stall, {"mitmproxy": on_mitmproxy, "simulator": on_simulator})
