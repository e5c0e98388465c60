"""What a client under test is to the harness: calls made through it, and a log of what it tried."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from typing import ClassVar, Protocol, runtime_checkable

from seawall_chaos.endpoints import Endpoint
from seawall_chaos.outcome import AttemptNote

FAILURE_CHARS = 80


@dataclasses.dataclass(frozen=True, slots=True)
class Discard:
    """The consumer of a stream is told to drop its text from character `start` on."""

    start: int


@dataclasses.dataclass(frozen=True, slots=True)
class Outage:
    """A fault of the run on one provider, from `begin_s` to `end_s` of `time.monotonic()`."""

    provider: str
    begin_s: float
    end_s: float


class CallLog:
    """One call as its subject sees it: what to ask, and where to note what was tried."""

    def __init__(self, call_id: str, prompt: str, deadline_s: float) -> None:
        """`deadline_s` is how long the caller waits for the whole of the answer."""
        self.call_id = call_id
        self.prompt = prompt
        self.deadline_s = deadline_s
        self.attempts: list[AttemptNote] = []

    def request_id(self, attempt: int) -> str:
        """The value of X-Client-Request-Id for the attempt of that number, counted from 1."""
        return f"{self.call_id}-{attempt}"

    @contextmanager
    def attempt(self, provider: str) -> Iterator[dict[str, str]]:
        """Notes one attempt; what is yielded are the headers to send with it."""
        note = AttemptNote(
            client_request_id=self.request_id(len(self.attempts) + 1),
            provider=provider,
            started_s=time.monotonic(),
            outcome="cancelled",
        )
        self.attempts.append(note)
        try:
            yield {"X-Client-Request-Id": note.client_request_id}
            note.outcome = "answered"
        except Exception as error:
            note.outcome, note.failure, note.status = "failed", describe(error), status_of(error)
            raise
        finally:
            note.finished_s = time.monotonic()


def describe(error: BaseException) -> str:
    """`error` in a few words for a table: its type, and the HTTP status if it has one."""
    status = status_of(error)
    return f"{type(error).__name__}{f' {status}' if status else ''}"[:FAILURE_CHARS]


def status_of(error: BaseException) -> int | None:
    """The HTTP status that an SDK's error carries, under the names that SDKs use."""
    for name in ("status_code", "code", "http_status"):
        if isinstance(value := getattr(error, name, None), int):
            return value
    return None


class Subject(Protocol):
    """A client under test, made anew for every scenario.

    A module in `seawall_chaos.subjects` offers one as `SUBJECT`. `wires` are those it speaks (None: all) and
    `one_provider` says that it never falls back, so that it gets only the first provider of those wires.
    `distributions` are the packages whose versions matter.
    """

    wires: ClassVar[frozenset[str] | None]
    one_provider: ClassVar[bool]
    distributions: ClassVar[tuple[str, ...]]

    def __init__(self, endpoints: Sequence[Endpoint]) -> None:
        """`endpoints` stand in the order of preference."""

    async def complete(self, call: CallLog) -> str:
        """The whole answer; any exception is this call's failure."""
        ...

    def stream(self, call: CallLog) -> AsyncIterator[str | Discard]:
        """The answer piece by piece; any exception is this call's failure."""
        ...

    async def aclose(self) -> None:
        """Lets go of connections."""
        ...


@runtime_checkable
class Clairvoyant(Protocol):
    """A subject that knows the future: the limit that others are measured against, and no client."""

    def foresee(self, outages: Sequence[Outage]) -> None:
        """Told before the calls of a scenario: every fault there will be."""
        ...
