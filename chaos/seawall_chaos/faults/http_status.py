"""An error status with the body and headers the provider would give it."""

from seawall_chaos.faults.fault import FaultType
from seawall_chaos.faults.simulated import on_simulator
from seawall_chaos.faults.wire_frames import respond_rule
from seawall_simulators.faults.http_status import HttpStatus

FAULT = FaultType("http_status", HttpStatus, {"mitmproxy": respond_rule, "simulator": on_simulator})
