"""A malicious answer, or its harmless look-alike, from the payload catalogue."""

from seawall_chaos.faults.fault import FaultType
from seawall_chaos.faults.simulated import on_simulator
from seawall_simulators.faults.payload import PayloadFault

FAULT = FaultType("payload", PayloadFault, {"simulator": on_simulator})
