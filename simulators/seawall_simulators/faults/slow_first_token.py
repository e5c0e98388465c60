"""A response that begins at once and then has nothing to say for a while."""

from typing import Literal

from typing_extensions import override

from seawall_simulators.fault import Context, Fault, Seconds
from seawall_simulators.script import Script, Wait, first_content


class SlowFirstToken(Fault, frozen=True):
    """Sends the head in time and waits `delay_s` before the first token, or the body."""

    fault: Literal["slow_first_token"] = "slow_first_token"
    delay_s: Seconds = 1.0

    @override
    def apply(self, script: Script, context: Context) -> Script:
        index = first_content(script)
        if index is None:
            return script
        return (*script[:index], Wait(self.delay_s), *script[index:])
