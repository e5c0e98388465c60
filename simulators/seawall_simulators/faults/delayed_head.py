"""A provider that is late with everything, the status line included."""

from typing import Literal

from typing_extensions import override

from seawall_simulators.fault import Context, Fault, Seconds
from seawall_simulators.script import Script, Wait


class DelayedHead(Fault, frozen=True):
    """Says nothing at all for `delay_s` more than usual."""

    fault: Literal["delayed_head"] = "delayed_head"
    delay_s: Seconds = 1.0

    @override
    def apply(self, script: Script, context: Context) -> Script:
        return (Wait(self.delay_s), *script)
