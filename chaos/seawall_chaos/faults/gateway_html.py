"""The HTML page of a gateway in front of the provider."""

from seawall_chaos.faults.fault import FaultType
from seawall_chaos.faults.simulated import on_simulator
from seawall_chaos.faults.wire_frames import respond_rule
from seawall_simulators.faults.gateway_html import GatewayHtml

FAULT = FaultType("gateway_html", GatewayHtml, {"mitmproxy": respond_rule, "simulator": on_simulator})
