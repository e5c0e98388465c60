"""A connection reset where the answer should be."""

from typing import Literal

from typing_extensions import override

from seawall_simulators.fault import Context, Fault
from seawall_simulators.script import Close, Script


class TcpReset(Fault, frozen=True):
    """Reads the request and resets the connection (a true RST)."""

    fault: Literal["tcp_reset"] = "tcp_reset"

    @override
    def apply(self, script: Script, context: Context) -> Script:
        return (Close("rst"),)
