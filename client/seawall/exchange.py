"""One attempt on the wire: the request is sent, the response is read, and the call's machine is told of it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from typing import cast

from seawall.continuation import Continuation
from seawall.messages import CompletionRequest, ProviderReply, TextDelta, ToolCallDelta, Usage
from seawall.providers.prefill import prefilled
from seawall.providers.rate_limit_headers import rate_window
from seawall.providers.wire import Codec, Decoder, Delta, HttpEngine, HttpResponse, Ping, Reply
from seawall.resilience.actions import Action, StartAttempt
from seawall.resilience.call import Call
from seawall.resilience.failures import ProviderError
from seawall.screen import AnswerScreen

REQUEST_ID_HEADER = "X-Client-Request-Id"
CarryOut = Callable[[Sequence[Action]], None]


class Exchange:
    """Carries out one `StartAttempt`. `goes_on_from`: the text that a continuing one is to go on from.

    Attributes:
        deltas: what has been read and not yet handed to the consumer.
        delivered: set by the driver when it has handed something out; reading then pauses.
        ended: set once the response has been read or has failed.
        reply: the whole answer, None until it is there.
        taking: whether what the driver is told just now is what has just been read.
        task: the task it runs in, None where the call's own task awaits it.
    """

    __slots__ = (
        "_body",
        "_carry_out",
        "_decoder",
        "_goes_on_from",
        "_machine",
        "_open",
        "_response",
        "_screen",
        "_streams",
        "delivered",
        "deltas",
        "ended",
        "reply",
        "start",
        "taking",
        "task",
    )

    _response: HttpResponse
    _decoder: Decoder
    _body: AsyncIterator[bytes]
    _streams: bool

    def __init__(
        self,
        start: StartAttempt,
        machine: Call,
        carry_out: CarryOut,
        screen: AnswerScreen | None = None,
        goes_on_from: str | None = None,
    ) -> None:
        self.start = start
        self._goes_on_from = goes_on_from
        self._screen = screen if goes_on_from is None else Continuation(goes_on_from)
        self._machine = machine
        self._carry_out = carry_out
        self._open = False
        self.deltas: list[TextDelta | ToolCallDelta] = []
        self.delivered = False
        self.ended = self.taking = False
        self.reply: Reply | None = None
        self.task: asyncio.Task[None] | None = None

    async def run(
        self, codec: Codec, engine: HttpEngine, request: CompletionRequest, *, stream: bool
    ) -> None:
        """Send the request and read the response; a streamed one up to the token that makes it the answer."""
        start = self.start
        self._streams = stream
        if self._goes_on_from is not None:
            request = prefilled(request, self._goes_on_from)
        try:
            http_request = codec.encode(request, stream=stream)
            http_request.headers[REQUEST_ID_HEADER] = start.client_request_id
            response = await engine.send(http_request, connect_timeout_s=start.connect_timeout_s)
            self._response, self._open = response, True
            self._machine.response_head(
                time.monotonic(), start.number, response.status, rate_window(response.headers)
            )
            self._decoder = codec.decoder(stream=stream)
            self._decoder.head(response.status, response.headers)
        except ProviderError as error:
            self._failed(error)
            return
        self._body = aiter(response)
        await self.read_on()

    async def read_on(self) -> None:
        """Read until the driver has delivered something, or the response ends."""
        self.delivered = False
        decoder, body = self._decoder, self._body
        try:
            while not decoder.finished:
                try:
                    data = await anext(body)
                except StopAsyncIteration:
                    break
                if deltas := decoder.feed(data):
                    self._take(deltas)
                    if self.delivered:
                        return
            reply = decoder.close()
        except ProviderError as error:
            self._failed(error)
            return
        self._open = False
        self._response.release()
        if self._screen is not None:
            try:
                reply = await self._screened(self._screen, reply)
            except ProviderError as error:
                self._failed(error, usage=reply.usage)
                return
        self.ended = True
        self.reply = reply
        self._carry_out(
            self._machine.attempt_succeeded(
                time.monotonic(),
                self.start.number,
                usage=reply.usage,
                request_id=reply.request_id,
                model=reply.model or None,
            )
        )

    def abort(self) -> None:
        """Close the connection if there is one and it is still needed."""
        if self._open:
            self._response.abort()

    def _take(self, deltas: Sequence[Delta]) -> None:
        now, machine, number = time.monotonic(), self._machine, self.start.number
        fresh: list[TextDelta | ToolCallDelta] = []
        for delta in deltas:
            if not isinstance(delta, Ping):
                fresh.append(delta)
            elif delta.thinking:
                self._carry_out(machine.progress(now, number))
            else:
                machine.ping(now, number)
        if fresh and self._screen is not None and not (fresh := self._screen.feed(fresh)):
            self._carry_out(machine.progress(now, number))
        if fresh:
            self._hand_on(now, fresh)

    def _hand_on(self, now: float, fresh: list[TextDelta | ToolCallDelta]) -> None:
        self.deltas += fresh
        if self._machine.may_continue and any(isinstance(delta, ToolCallDelta) for delta in fresh):
            self._machine.tool_begun(self.start.number)
        self.taking = True
        self._carry_out(self._machine.token(now, self.start.number, len(fresh)))
        self.taking = False

    async def _screened(self, screen: AnswerScreen, reply: Reply) -> Reply:
        """Return the answer as it may be shown, after handing on what was kept back of a stream."""
        self._carry_out(self._machine.whole(time.monotonic(), self.start.number))
        kept, reply = await screen.close(cast("ProviderReply", reply))
        if kept and self._streams:
            self._hand_on(time.monotonic(), kept)
        return reply

    def _failed(self, error: ProviderError, usage: Usage | None = None) -> None:
        self.ended = True
        self.abort()
        self._carry_out(
            self._machine.attempt_failed(time.monotonic(), self.start.number, error.failure, usage=usage)
        )
