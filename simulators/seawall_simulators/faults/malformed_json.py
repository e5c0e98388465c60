"""JSON that does not parse."""

from typing import Literal

from msgspec.structs import replace
from typing_extensions import override

from seawall_simulators.fault import Context, Fault, Tokens
from seawall_simulators.script import END, Script, Send, head_of, split, with_true_length


class MalformedJson(Fault, frozen=True):
    """Breaks the JSON of the frame after `after_tokens` tokens and goes on; of a body only half is sent."""

    fault: Literal["malformed_json"] = "malformed_json"
    after_tokens: Tokens = 3

    @override
    def apply(self, script: Script, context: Context) -> Script:
        head = head_of(script)
        before, after = split(script, self.after_tokens)
        if head is None or not before:
            return script
        if head.length is not None:
            return with_true_length((*before, END))
        for index, step in enumerate(after):
            if type(step) is Send:
                return (*before, *after[:index], replace(step, data=_broken(step.data)), *after[index + 1 :])
        return script


def _broken(frame: bytes) -> bytes:
    """The frame without the end of its JSON, still closed as a frame."""
    content = frame.rstrip(b"\r\n")
    start = content.find(b"{")
    cut = start + max(1, (len(content) - start) * 2 // 3) if start >= 0 else len(content) // 2
    return content[:cut] + frame[len(content) :]
