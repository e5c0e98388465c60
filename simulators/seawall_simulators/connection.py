"""One client connection: bytes to requests, one response at a time, and every way to end it."""

import asyncio
import socket
import struct
from collections import deque
from collections.abc import Callable
from time import monotonic

import httptools
from httptools.parser.errors import HttpParserCallbackError, HttpParserError, HttpParserUpgrade

from seawall_simulators.exchange import Exchange
from seawall_simulators.render import head_bytes
from seawall_simulators.script import CloseHow, Head
from seawall_simulators.site import Site, Target, split_target
from seawall_simulators.turn import Turn
from seawall_simulators.wire import Request

HEAD_BYTES_MAX = 65_536
HEADERS_MAX = 128
BODY_BYTES_MAX = 32 * 1024 * 1024
PIPELINED_MAX = 32
PARTIAL_REQUEST_S_MAX = 30.0

_BODY_DIGITS_MAX = len(str(BODY_BYTES_MAX))
_TARGETS_MAX = 1000
_TARGET_BYTES_MAX = 256
_LINGER_S = 1.0
_FLUSH_POLL_S = 0.001
_FLUSH_POLLS_MAX = 1000
_RESET = struct.pack("ii", 1, 0)
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_NAMES_MAX = 1000
_NAME_BYTES_MAX = 64
_names: dict[bytes, str] = {}
_METHODS = {name.encode(): name for name in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")}


class _RefusedError(Exception):
    """Stops the parser in the middle of a request that is too large."""


class Connection(asyncio.Protocol):
    """Parses requests, keeps pipelined ones in order, refuses what is no HTTP with a 4xx."""

    def __init__(self, site: Site, turn: Turn, number: int) -> None:
        self.number = number
        self.paused = False
        self.on_resume: Callable[[], None] | None = None
        self._site = site
        self._turn = turn
        self._loop = turn.loop
        self._unsent: list[bytes] = []
        self._transport: asyncio.Transport = None  # type: ignore[assignment]  # set before anything else is called
        self._current: Exchange | None = None
        self._pending: deque[Exchange] = deque()
        self._serving = False
        self._reading = True
        self._deaf = False
        self._refusal = 0
        self._partial_since_s: float | None = None
        self._head_bytes = 0
        self._in_body = False
        self._target = b""
        self._raw_headers: dict[bytes, bytes] = {}
        self._headers: dict[str, str] = {}
        self._body: list[bytes] = []
        self._body_bytes = 0
        self.on_header = self._raw_headers.__setitem__
        self._parser = httptools.HttpRequestParser(self)

    # The transport's calls

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has connected."""
        self._transport = transport
        self._site.connections.add(self)

    def data_received(self, data: bytes) -> None:
        """Bytes from the client."""
        self._turn.arrived(self, data)

    def eof_received(self) -> bool:
        """The client has closed its side; what it said before is handled first."""
        self._turn.arrived(self, b"")
        return True

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002
        """The connection is gone."""
        self._site.connections.discard(self)
        self._leave()

    def pause_writing(self) -> None:
        """The client reads more slowly than it is sent to."""
        self.paused = True

    def resume_writing(self) -> None:
        """The client has caught up."""
        self.paused = False
        resume, self.on_resume = self.on_resume, None
        if resume is not None:
            resume()

    # The turn's calls

    def handle(self, data: bytes) -> None:
        """Bytes from the client; none when it has closed its side: then it left, whatever was under way."""
        if not data:
            self._leave()
            self._close()
            return
        if self._deaf:
            return
        if not self._in_body:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except HttpParserUpgrade:
            self._deaf = True  # what follows is no HTTP; the request itself is answered as any other
            self._pending[-1].be_last()
        except HttpParserCallbackError as error:
            if not isinstance(error.__context__, _RefusedError):
                raise
        except HttpParserError:
            self._refuse(400)
        if self._head_bytes or self._in_body:
            self._note_partial()
        self._serve()

    def flush(self) -> None:
        """Sends what was said in this turn."""
        said, self._unsent = self._unsent, []
        if said:
            self._transport.write(said[0] if len(said) == 1 else b"".join(said))

    def drop(self) -> None:
        """Throws the client out."""
        self._unsent = []
        self._leave()
        self._transport.abort()

    # The parser's calls

    def on_url(self, url: bytes) -> None:
        """The request target, or the next piece of it."""
        self._target += url

    def on_headers_complete(self) -> None:
        """The head is read; what follows is the body."""
        raw = self._raw_headers
        if len(raw) > HEADERS_MAX:
            self._stop(431)
        headers = self._headers = {
            _names.get(name) or _lower(name): value.decode("latin-1") for name, value in raw.items()
        }
        self._in_body = True
        length = headers.get("content-length", "")
        if len(length) >= _BODY_DIGITS_MAX and int(length) > BODY_BYTES_MAX:
            self._stop(413)
        expected = headers.get("expect")
        if expected is not None:
            if expected.lower() != "100-continue":
                self._stop(417)
            if self._current is None and not self._pending and self._parser.get_http_version() != "1.0":
                self.write(_CONTINUE)

    def on_body(self, data: bytes) -> None:
        """A piece of the body."""
        self._body_bytes += len(data)
        if self._body_bytes > BODY_BYTES_MAX:
            self._stop(413)
        self._body.append(data)

    def on_message_complete(self) -> None:
        """A whole request."""
        parser = self._parser
        legacy = parser.get_http_version() == "1.0"
        body = self._body
        receiver, path, query = self._site.targets.get(self._target) or self._resolve(self._target)
        self._pending.append(
            Exchange(
                self,
                Request(
                    _METHODS.get(parser.get_method(), "OTHER"),
                    path,
                    query,
                    self._headers,
                    body[0] if len(body) == 1 else b"".join(body),
                ),
                receiver,
                keep_alive=not legacy and parser.should_keep_alive(),
                legacy=legacy,
            )
        )
        self._target = b""
        self._raw_headers.clear()
        self._body = []
        self._body_bytes = 0
        self._in_body = False
        self._head_bytes = 0
        self._partial_since_s = None

    def _resolve(self, target: bytes) -> Target:
        """Who answers this target; remembered, since clients ask for few different ones."""
        path, query = split_target(target)
        receiver, path = self._site.route(path)
        if len(target) <= _TARGET_BYTES_MAX and len(self._site.targets) < _TARGETS_MAX:
            self._site.targets[target] = receiver, path, query
        return receiver, path, query

    def _note_partial(self) -> None:
        """A request has begun to arrive and is not complete."""
        if not self._in_body and self._head_bytes > HEAD_BYTES_MAX:
            self._refuse(431)
        elif self._partial_since_s is None:
            self._partial_since_s = monotonic()

    # The exchange's calls

    def write(self, data: bytes) -> None:
        """Sends bytes."""
        if not self._turn.taken:
            self._transport.write(data)
            return
        if not self._unsent:
            self._turn.later(self)
        self._unsent.append(data)

    def call_later(self, delay_s: float, action: Callable[[], None]) -> asyncio.TimerHandle:
        """Runs an action on the connection's loop."""
        return self._loop.call_later(delay_s, action)

    def done(self, *, keep_alive: bool) -> None:
        """A response is complete; the next request, if there is one, is served."""
        self._current = None
        if not keep_alive:
            self._deaf = True
            self._pending.clear()
            self._close()
        elif not self._serving:
            self._serve()

    def end(self, how: CloseHow) -> None:
        """Closes the connection once what was written is on its way."""
        self._current = None
        self._deaf = True
        self._pending.clear()
        if how == "fin":
            self._close()
        else:
            self.flush()
            self._reset(_FLUSH_POLLS_MAX)

    # The server's calls

    def expire(self, now_s: float) -> None:
        """Refuses a request that has been arriving for too long."""
        if self._partial_since_s is not None and now_s - self._partial_since_s > PARTIAL_REQUEST_S_MAX:
            self._refuse(408)
            self._serve()

    def _serve(self) -> None:
        self._serving = True
        while self._current is None and self._pending and not self._transport.is_closing():
            exchange = self._current = self._pending.popleft()
            exchange.receiver(exchange)
        self._serving = False
        if self._refusal and self._current is None:
            self._say_refusal()
        if self._pending or not self._reading:
            self._bound_backlog()

    def _bound_backlog(self) -> None:
        """Stops reading while too many requests wait for their turn."""
        if self._reading and len(self._pending) > PIPELINED_MAX:
            self._reading = False
            self._transport.pause_reading()
        elif not self._reading and not self._pending and not self._transport.is_closing():
            self._reading = True
            self._transport.resume_reading()

    def _stop(self, status: int) -> None:
        self._refuse(status)
        raise _RefusedError

    def _refuse(self, status: int) -> None:
        """Once the responses under way are complete, this status ends the connection."""
        self._refusal = self._refusal or status
        self._deaf = True
        self._partial_since_s = None

    def _say_refusal(self) -> None:
        """Answers and closes its own side first: closing with unread bytes would reset the answer away."""
        status, self._refusal = self._refusal, 0
        if self._transport.is_closing():
            return
        self.write(head_bytes(Head(status, (), "text/plain", 0), close=True, chunked=False))
        self.flush()
        self._transport.write_eof()
        self._loop.call_later(_LINGER_S, self._transport.abort)

    def _close(self) -> None:
        self.flush()
        self._transport.close()

    def _reset(self, polls: int) -> None:
        if self._transport.is_closing():
            return
        if polls and self._transport.get_write_buffer_size():
            self._loop.call_later(_FLUSH_POLL_S, self._reset, polls - 1)
            return
        connected = self._transport.get_extra_info("socket")
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
        self._transport.abort()

    def _leave(self) -> None:
        self._deaf = True
        self._partial_since_s = None
        self._pending.clear()
        current, self._current = self._current, None
        if current is not None:
            current.abandon()


def _lower(name: bytes) -> str:
    """A header name as it is looked up; remembered, since clients send few different ones."""
    lower = name.lower().decode("latin-1")
    if len(name) <= _NAME_BYTES_MAX and len(_names) < _NAMES_MAX:
        _names[name] = lower
    return lower
