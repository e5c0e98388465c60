"""A response that stops in the middle and keeps the connection open."""

from typing import Literal

from pydantic import Field
from typing_extensions import override

from seawall_simulators.fault import Context, Fault, Seconds, Tokens
from seawall_simulators.script import Hang, Script, Send, Step, Wait, split


class Stall(Fault, frozen=True):
    """Stops after `after_tokens` tokens, or half the body.

    With `ping` it goes on sending the wire's keep-alive frame every `ping_every_s`, where the wire has one and
    the response is a stream. `for_s` ends the stall and the response continues; None: until the client leaves.
    """

    fault: Literal["stall"] = "stall"
    after_tokens: Tokens = 3
    ping: bool = False
    ping_every_s: float = Field(default=1.0, ge=0.01, le=3600)
    for_s: Seconds | None = None

    @override
    def apply(self, script: Script, context: Context) -> Script:
        before, after = split(script, self.after_tokens)
        if not before:
            return script
        streamed = context.answer is not None and context.answer.stream
        ping = context.answer.ping if self.ping and streamed and context.answer else None
        if self.for_s is None:
            return (*before, Hang(ping, self.ping_every_s))
        return (*before, *self._pause(self.for_s, ping), *after)

    def _pause(self, for_s: float, ping: bytes | None) -> tuple[Step, ...]:
        if ping is None:
            return (Wait(for_s),)
        pings = int(for_s / self.ping_every_s)
        rest_s = for_s - pings * self.ping_every_s
        return (*(Wait(self.ping_every_s), Send(ping, "ping")) * pings, Wait(rest_s))
