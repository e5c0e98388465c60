"""A connection that breaks in the middle of a response."""

from typing import Literal

from typing_extensions import override

from seawall_simulators.fault import Context, Fault, Tokens
from seawall_simulators.script import Close, CloseHow, Script, split


class Cut(Fault, frozen=True):
    """Closes the connection after `after_tokens` tokens, or half the body: by a TCP reset, or orderly (FIN)."""

    fault: Literal["cut"] = "cut"
    after_tokens: Tokens = 3
    how: CloseHow = "rst"

    @override
    def apply(self, script: Script, context: Context) -> Script:
        before, _ = split(script, self.after_tokens)
        return (*before, Close(self.how)) if before else script
