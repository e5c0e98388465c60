"""What a fault does to a response's body: callables that mitmproxy hands each piece, an empty one at the end.

Each returns the pieces to send now. mitmproxy writes every piece by itself, so "after the next write" is exactly
after the first of them.
"""

from collections.abc import Callable

from .events import Events, broken
from .gate import Gate

Stream = Callable[[bytes], list[bytes]]
Act = Callable[[bytes, bytes], list[bytes]]


def pieces(*data: bytes) -> list[bytes]:
    """Without the empty ones: an empty piece would end a chunked body."""
    return [piece for piece in data if piece]


class AfterTokens:
    """Lets `tokens` content tokens of an event stream pass (all, if it has fewer), then acts once.

    With 0 it acts before the first. Frames that may be the stream's tail wait until the next token shows that they
    are not. `act` gets what has passed and what follows, and returns what to send; `rest` treats all that comes later.
    """

    def __init__(self, tokens: int, is_token: Callable[[bytes], bool], act: Act, rest: Stream) -> None:
        self._tokens = tokens
        self._is_token = is_token
        self._act = act
        self._rest = rest
        self._events = Events()
        self._seen = 0
        self._maybe_tail = b""
        self._acted = False

    def __call__(self, data: bytes) -> list[bytes]:
        """One piece of the body, or its end."""
        if self._acted:
            return self._rest(data)
        if not data:
            return self._end()
        passed = b""
        events = self._events.feed(data)
        for index, event in enumerate(events):
            if not self._is_token(event):
                if self._seen:
                    self._maybe_tail += event
                else:
                    passed += event
                continue
            if self._tokens > 0:
                passed += self._maybe_tail + event
                self._maybe_tail = b""
                self._seen += 1
                index += 1  # noqa: PLW2901  (this one has passed)
            if self._seen >= self._tokens:
                return self._now(passed, b"".join(events[index:]) + self._events.rest())
        return pieces(passed)

    def _now(self, passed: bytes, following: bytes) -> list[bytes]:
        self._acted = True
        return self._act(passed, following)

    def _end(self) -> list[bytes]:
        tail = self._maybe_tail + self._events.rest()
        return self._now(b"", tail) if self._seen else pieces(tail)


class HalfBody:
    """Gathers a body that is no event stream, and acts between its halves."""

    def __init__(self, act: Act) -> None:
        self._act = act
        self._body = bytearray()

    def __call__(self, data: bytes) -> list[bytes]:
        """One piece of the body, or its end."""
        self._body += data
        if data or not self._body:
            return []
        half = len(self._body) // 2
        return self._act(bytes(self._body[:half]), bytes(self._body[half:]))


def pause(
    gate: Gate, for_s: float | None, fired: Callable[[], None], ping: tuple[bytes, float] | None
) -> Act:
    """Sends what has passed and holds back the rest."""

    def hold() -> None:
        fired()
        gate.hold(for_s)
        if ping is not None:
            gate.say_every(*ping)

    def act(passed: bytes, following: bytes) -> list[bytes]:
        if passed:
            gate.after_next_write(hold)
        else:
            hold()
        return pieces(passed, following)

    return act


def stop(gate: Gate, ending: Callable[[], None], fired: Callable[[], None], last: bytes = b"") -> Act:
    """Sends what has passed and `last`, then ends the connection as `ending` does."""

    def end() -> None:
        fired()
        ending()

    def act(passed: bytes, _: bytes) -> list[bytes]:
        if passed or last:
            gate.after_next_write(end)
        else:
            end()
        return pieces(passed + last)

    return act


class BreakNext:
    """Breaks the JSON of the first event it gets, and lets the rest pass."""

    def __init__(self, fired: Callable[[], None]) -> None:
        self._fired = fired
        self._events = Events()
        self._done = False

    def act(self, passed: bytes, following: bytes) -> list[bytes]:
        """What has passed, and the broken event if it is already here."""
        return pieces(passed, *self(following))

    def __call__(self, data: bytes) -> list[bytes]:
        """One piece of the body, or its end."""
        if self._done:
            return pieces(data)
        if not data:
            return pieces(self._events.rest())
        events = self._events.feed(data)
        if not events:
            return []
        self._done = True
        self._fired()
        return pieces(broken(events[0]), *events[1:], self._events.rest())


def as_it_is(data: bytes) -> list[bytes]:
    """Lets everything pass."""
    return pieces(data)


def nothing(_: bytes) -> list[bytes]:
    """Lets nothing pass."""
    return []
