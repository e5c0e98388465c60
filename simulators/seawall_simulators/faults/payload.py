"""A malicious answer, or its harmless look-alike, from the payload catalogue."""

from typing import Literal

from pydantic import Field, field_validator
from typing_extensions import override

from seawall_simulators.document import nearest
from seawall_simulators.fault import Context, Fault
from seawall_simulators.payload import BodyPayload
from seawall_simulators.payloads import catalogue
from seawall_simulators.script import Script, head_of

_OK = 200


class PayloadFault(Fault, frozen=True):
    """Says what the catalogue's entry `payload` has, as the model's own words, calls or bytes.

    The whole response is replaced: among several faults it comes first. Of several samples each asking of the very
    same gets the next.
    The journal keeps what the model would have said, so that a run counts a client which passes the payload on as
    given a wrong answer.
    """

    fault: Literal["payload"] = "payload"
    payload: str = Field(default="benign-plain-answer", max_length=80)

    @field_validator("payload")
    @classmethod
    def _exists(cls, payload: str) -> str:
        if payload in catalogue():
            return payload
        hint = nearest(payload, catalogue())
        if "did you mean" not in hint:
            hint = "; `seawall providers payloads` lists them"
        raise ValueError(f"no such payload{hint}")

    @override
    def apply(self, script: Script, context: Context) -> Script:
        head = head_of(script)
        if context.answer is None or context.say is None or head is None or head.status != _OK:
            return script
        entry = catalogue()[self.payload]
        if isinstance(entry, BodyPayload):
            return entry.content.script(context.answer)
        replies = entry.replies()
        return context.say(replies[context.occurrence % len(replies)])
