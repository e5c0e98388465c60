"""One request and the playing of its response."""

from collections.abc import Callable, Iterator
from hashlib import sha256
from itertools import cycle
from time import monotonic
from typing import TYPE_CHECKING, Protocol

from seawall_simulators.render import LAST_CHUNK, chunk, has_body, head_bytes
from seawall_simulators.script import (
    END,
    Close,
    CloseHow,
    End,
    Hang,
    Head,
    Mark,
    Script,
    Send,
    Step,
    Wait,
    whole,
)
from seawall_simulators.wire import Request

if TYPE_CHECKING:
    from asyncio import TimerHandle
    from hashlib import _Hash

_WHOLE_STEPS = len(whole(200, (), b""))


class Link(Protocol):
    """The connection a response is played on."""

    number: int
    paused: bool
    """The client does not read as fast as it is sent to."""
    on_resume: Callable[[], None] | None

    def write(self, data: bytes) -> None:
        """Sends bytes."""

    def call_later(self, delay_s: float, action: Callable[[], None]) -> "TimerHandle":
        """Runs an action on the connection's loop."""
        ...

    def end(self, how: CloseHow) -> None:
        """Closes the connection once what was written is on its way."""

    def done(self, *, keep_alive: bool) -> None:
        """The response is complete; the connection may go on with the next request."""


class Exchange:
    """Plays one script on one connection, by timers alone: no task, no await.

    `on_finish(exchange, left)` is called exactly once, when the response has ended or the client has left.
    """

    # Class attributes, so that a request that needs none of them pays for none of them.
    finished = False
    status: int | None = None
    first_byte_s: float | None = None
    tokens_sent = 0
    fired: tuple[Mark, ...] = ()
    on_finish: "Callable[[Exchange, bool], None] | None" = None
    _chunked = False
    _bodiless = False
    _due_s = 0.0
    _digest: "_Hash | None" = None
    _timer: "TimerHandle | None" = None
    _steps: Iterator[Step] = iter(())

    def __init__(
        self, link: Link, request: Request, receiver: "Receiver", *, keep_alive: bool, legacy: bool
    ) -> None:
        self.link = link
        self.request = request
        self.receiver = receiver
        self._keep_alive = keep_alive
        self._legacy = legacy  # HTTP/1.0, which knows no chunks
        if request.method == "HEAD":
            self._bodiless = True

    def be_last(self) -> None:
        """The connection ends with this response."""
        self._keep_alive = False

    @property
    def body_sha256(self) -> bytes | None:
        """The digest of the body bytes sent so far, before transfer encoding; None before any byte."""
        return None if self._digest is None else self._digest.digest()

    def play(self, script: Script) -> None:
        """Begins the response."""
        if self.finished:
            return
        if len(script) == _WHOLE_STEPS and not (self._bodiless or self.link.paused):
            head, content, end = script
            if type(head) is Head and type(content) is Send and end is END and has_body(head.status):
                self._say_whole(head, content.data)
                return
        self._steps = iter(script)
        self._due_s = monotonic()
        self._advance()

    def _say_whole(self, head: Head, body: bytes) -> None:
        """A body at once: what `_advance` does with these steps, without its machinery, since most answers are such."""
        self.link.write(self._head(head) + body)
        self._digest = sha256(body)
        self.first_byte_s = monotonic()
        self._finish(left=False)
        self.link.done(keep_alive=self._keep_alive)

    def abandon(self) -> None:
        """The client has left, or is thrown out."""
        if self.finished:
            return
        if self._timer is not None:
            self._timer.cancel()
        self._finish(left=True)

    def _advance(self) -> None:
        """Plays on until something has to be waited for. All that needs no waiting is one write."""
        self._timer = None
        if self.link.paused:
            self.link.on_resume = self._advance
            return
        out: list[bytes] = []
        body: list[bytes] = []
        for step in self._steps:
            match step:
                case Send():
                    self._send(step, out, body)
                case Head():
                    out.append(self._head(step))
                case Mark():
                    self.fired = (*self.fired, step)
                    self._due_s = monotonic()  # what was late before shortens no fault
                case Wait():
                    self._due_s += step.seconds
                    delay_s = self._due_s - monotonic()
                    if delay_s > 0.0:
                        self._flush(out, body)
                        self._timer = self.link.call_later(delay_s, self._advance)
                        return
                case End():
                    if self._chunked and not self._bodiless:
                        out.append(LAST_CHUNK)
                    self._flush(out, body)
                    self._finish(left=False)
                    self.link.done(keep_alive=self._keep_alive)
                    return
                case Hang() | Close():
                    self._flush(out, body)
                    self._break_off(step)
                    return

    def _head(self, head: Head) -> bytes:
        self.status = head.status
        if not has_body(head.status):
            self._bodiless = True
        if head.length is None:
            if self._legacy:
                self._keep_alive = False
            else:
                self._chunked = True
        return head_bytes(head, close=not self._keep_alive, chunked=self._chunked)

    def _send(self, step: Send, out: list[bytes], body: list[bytes]) -> None:
        data = step.data
        if not data or self._bodiless:
            return
        out.append(chunk(data) if self._chunked else data)
        body.append(data)
        if step.role == "token":
            self.tokens_sent += 1

    def _flush(self, out: list[bytes], body: list[bytes]) -> None:
        if out:
            self.link.write(b"".join(out))
            if self._digest is None:
                self._digest = sha256(b"".join(body))
                self.first_byte_s = monotonic()
            else:
                self._digest.update(b"".join(body))

    def _break_off(self, step: Hang | Close) -> None:
        if isinstance(step, Close):
            self._finish(left=False)
            self.link.end(step.how)
        elif step.ping is not None:
            self._steps = cycle((Wait(step.every_s), Send(step.ping, "ping")))
            self._due_s = monotonic()
            self._advance()

    def _finish(self, *, left: bool) -> None:
        self.finished = True
        if self.on_finish is not None:
            self.on_finish(self, left)


Receiver = Callable[[Exchange], None]
"""Takes a request and sees to it that, now or later, its exchange plays a script."""
