"""Response bodies that no provider sends: made when they are sent, so that a catalogue need not hold them."""

import gzip
from collections.abc import Callable
from functools import cache
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from seawall_simulators.script import END, Hang, Head, Script, Send
from seawall_simulators.wire import Answer, Headers

Generator = Literal[
    "literal",
    "gzip",
    "gzip_twice",
    "deep_arrays",
    "deep_objects",
    "wide_array",
    "long_number",
    "long_string",
    "many_keys",
    "huge_header",
    "many_headers",
    "many_events",
    "huge_event",
    "endless_stream",
    "endless_line",
    "endless_body",
]
EVENTS = "text/event-stream; charset=utf-8"
ENDLESS_BYTES = 16_384
ENDLESS_EVERY_S = 0.001


class RawBody(BaseModel):
    """A response as HTTP has it. `size` is in KiB, in levels of nesting, or in items, as the generator has it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    generator: Generator = "literal"
    size: int = Field(default=1, ge=1, le=100_000)
    status: int = Field(default=200, ge=200, le=599)
    content_type: str = Field(default="application/json", max_length=200)
    headers: dict[str, str] = {}
    text: str = Field(default="", max_length=20_000)
    """The body of a literal one."""

    def script(self, answer: Answer) -> Script:
        """The response; `answer` is what it stands in for, whose frames an endless stream repeats."""
        extra: Headers = tuple(self.headers.items())
        if self.generator in ENDLESS:
            opening, again = ENDLESS[self.generator](answer)
            kind = EVENTS if self.generator != "endless_body" else self.content_type
            head = Head(self.status, (*answer.headers, *extra), kind, None)
            return (head, Send(opening, "token"), Hang(again, ENDLESS_EVERY_S))
        if self.generator in HEADERS:
            extra += HEADERS[self.generator](self.size)
            body = answer.body or b"".join(answer.head_chunks + answer.token_chunks + answer.tail_chunks)
            head = Head(self.status, (*answer.headers, *extra), answer.content_type, len(body))
            return (head, Send(body, "body"), END)
        if self.generator.startswith("gzip"):
            extra += (("content-encoding", ENCODINGS[self.generator]),)
        body = self.text.encode() if self.generator == "literal" else generated(self.generator, self.size)
        kind = EVENTS if self.generator.endswith(("_events", "_event")) else self.content_type
        head = Head(self.status, (*answer.headers, *extra), kind, len(body))
        return (head, Send(body, "body"), END)


@cache
def generated(generator: str, size: int) -> bytes:
    """A finite body."""
    return FINITE[generator](size)


def repeated_frame(answer: Answer) -> tuple[bytes, bytes]:
    """The provider's own stream, whose first token never stops coming; of a whole answer, a comment that never does."""
    if not answer.token_chunks:
        return b": x\n\n", b": x\n\n" * (ENDLESS_BYTES // 5)
    frame = answer.token_chunks[0]
    return b"".join(answer.head_chunks) + frame, frame * max(1, ENDLESS_BYTES // len(frame))


ENDLESS: dict[str, Callable[[Answer], tuple[bytes, bytes]]] = {
    "endless_stream": repeated_frame,
    "endless_line": lambda _: (b'data: {"text":"', b"x" * ENDLESS_BYTES),
    "endless_body": lambda _: (b'{"text":"', b"x" * ENDLESS_BYTES),
}
HEADERS: dict[str, Callable[[int], Headers]] = {
    "huge_header": lambda size: (("x-padding", "x" * size * 1024),),
    "many_headers": lambda size: tuple((f"x-padding-{number}", "x") for number in range(size)),
}
ENCODINGS = {"gzip": "gzip", "gzip_twice": "gzip, gzip"}
FINITE: dict[str, Callable[[int], bytes]] = {
    "gzip": lambda size: gzip.compress(bytes(size * 1024), 6, mtime=0),
    "gzip_twice": lambda size: gzip.compress(gzip.compress(bytes(size * 1024), 6, mtime=0), 6, mtime=0),
    "deep_arrays": lambda size: b"[" * size + b"]" * size,
    "deep_objects": lambda size: b'{"a":' * size + b"1" + b"}" * size,
    "wide_array": lambda size: b"[" + b"1," * (size - 1) + b"1]",
    "long_number": lambda size: b'{"id":' + b"9" * size * 1024 + b"}",
    "long_string": lambda size: b'{"id":"' + b"x" * size * 1024 + b'"}',
    "many_keys": lambda size: b"{" + b",".join(b'"k%d":0' % number for number in range(size)) + b"}",
    "many_events": lambda size: b": x\n\n" * size,
    "huge_event": lambda size: b'data: {"text":"' + b"x" * size * 1024 + b'"}\n\n',
}
