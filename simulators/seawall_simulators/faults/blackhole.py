"""A provider that reads the request and never answers."""

from typing import Literal

from typing_extensions import override

from seawall_simulators.fault import Context, Fault
from seawall_simulators.script import Hang, Script


class Blackhole(Fault, frozen=True):
    """Keeps the connection open and silent until the client leaves."""

    fault: Literal["blackhole"] = "blackhole"

    @override
    def apply(self, script: Script, context: Context) -> Script:
        return (Hang(),)
