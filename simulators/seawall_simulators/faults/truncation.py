"""A response that ends as HTTP wants it, and too early."""

from typing import Literal

from typing_extensions import override

from seawall_simulators.fault import Context, Fault, Tokens
from seawall_simulators.script import END, Script, split, with_true_length


class Truncation(Fault, frozen=True):
    """Ends after `after_tokens` tokens, or half the body, cleanly: no transport error, no terminal event."""

    fault: Literal["truncation"] = "truncation"
    after_tokens: Tokens = 3

    @override
    def apply(self, script: Script, context: Context) -> Script:
        before, _ = split(script, self.after_tokens)
        return with_true_length((*before, END)) if before else script
