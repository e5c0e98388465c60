"""An error said inside a response that began as a success."""

from typing import Literal

from pydantic import Field
from typing_extensions import override

from seawall_simulators.fault import Context, Fault, Tokens
from seawall_simulators.script import END, Script, Send, head_of, split, whole

_OK = 200


class ErrorEvent(Fault, frozen=True):
    """Sends the provider's error event after `after_tokens` tokens and ends; a body becomes a 200 with the error."""

    fault: Literal["error_event"] = "error_event"
    after_tokens: Tokens = 3
    code: str | None = Field(default=None, max_length=200)
    """The provider's error code; None: what it says when overloaded."""

    @override
    def apply(self, script: Script, context: Context) -> Script:
        head = head_of(script)
        if context.answer is None or head is None or head.status != _OK:
            return script
        if head.length is None:
            before, _ = split(script, self.after_tokens)
            return (*before, Send(context.answer.error_frame(self.code), "error"), END) if before else script
        _, body = context.wire.error(
            context.wire.overload_status, code=self.code, message=None, request_id=context.request_id
        )
        return (*script[: script.index(head)], *whole(_OK, head.headers, body))
