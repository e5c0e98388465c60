"""A response as a list of steps: what to send, when to wait, how to end. Pure data; the server only plays it."""

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from seawall_simulators.wire import Headers

Role = Literal["prelude", "token", "terminal", "body", "ping", "error"]
CloseHow = Literal["fin", "rst"]


class Head(Struct, frozen=True, gc=False):
    """The status line and headers. `length` is the body's; None sends the body in chunks."""

    status: int
    headers: Headers
    content_type: str
    length: int | None
    prepared: bytes = b""
    """More headers, already as HTTP has them: those that are the same in every answer."""


class Send(Struct, frozen=True, gc=False):
    """A frame of a stream, or (a part of) a body, before any transfer encoding."""

    data: bytes
    role: Role


class Wait(Struct, frozen=True, gc=False):
    """Say nothing for so long."""

    seconds: float


class Hang(Struct, frozen=True, gc=False):
    """Never say anything again but this ping, if there is one, until the client leaves."""

    ping: bytes | None = None
    every_s: float = 1.0


class Close(Struct, frozen=True, gc=False):
    """Close the connection where the response stands: `fin` orderly, `rst` by a TCP reset."""

    how: CloseHow


class End(Struct, frozen=True, gc=False):
    """The end of the response as HTTP has it."""


class Mark(Struct, frozen=True, gc=False):
    """From here on a fault shows: reaching this step is the proof that it fired."""

    fault: str
    id: str


Step = Head | Send | Wait | Hang | Close | End | Mark
Script = tuple[Step, ...]

END = End()


def whole(status: int, headers: Headers, body: bytes, content_type: str = "application/json") -> Script:
    """A response whose body is sent in one piece."""
    return (Head(status, headers, content_type, len(body)), Send(body, "body"), END)


def head_of(script: Script) -> Head | None:
    """The head of a response, None where it has none."""
    return next((step for step in script if type(step) is Head), None)


def first_content(script: Script) -> int | None:
    """Where the first token, or the body, is sent."""
    for index, step in enumerate(script):
        if type(step) is Send and step.role in ("token", "body"):
            return index
    return None


def split(script: Script, after_tokens: int) -> tuple[Script, Script]:
    """A response in two: a stream after so many of its tokens (or all, if it has fewer), a body in its middle.

    What has neither is all in the second part.
    """
    index = first_content(script)
    if index is None:
        return (), script
    content = script[index]
    if type(content) is Send and content.role == "body":
        half = len(content.data) // 2
        front, back = replace(content, data=content.data[:half]), replace(content, data=content.data[half:])
        return (*script[:index], front), (back, *script[index + 1 :])
    tokens = [i for i, step in enumerate(script) if type(step) is Send and step.role == "token"]
    cut = tokens[min(after_tokens, len(tokens)) - 1] + 1 if after_tokens else index
    return script[:cut], script[cut:]


def with_true_length(script: Script) -> Script:
    """The same steps under a head that declares the length of what they really send."""
    length = sum(len(step.data) for step in script if type(step) is Send)
    return tuple(
        replace(step, length=length) if type(step) is Head and step.length is not None else step
        for step in script
    )
