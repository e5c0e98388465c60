"""What the providers saw and did, one row a request, to be joined with what clients say."""

from collections import deque
from hashlib import sha256
from itertools import islice
from typing import Any, Literal

from msgspec import Struct

from seawall_simulators.script import Mark

Outcome = Literal["complete", "client_left", "faulted", "rejected"]

ROWS_MAX = 1_000_000
_SHORT_ANSWER_CHARS_MAX = 200


class Row(Struct, gc=False, kw_only=True):
    """One request as its provider saw it. Times are CLOCK_MONOTONIC, which all processes of a host share."""

    provider: str
    wire: str
    request_id: str = ""
    client_request_id: str | None
    """The request's `x-client-request-id`."""
    arrived_monotonic_s: float
    user_agent: str | None
    connection: int
    operation: str = ""
    model: str = ""
    stream: bool = False
    seq: int = 0
    first_byte_monotonic_s: float | None = None
    finished_monotonic_s: float | None = None
    status: int | None = None
    outcome: Outcome | None = None
    faults: tuple[Mark, ...] = ()
    """The faults that fired: whose first changed step was really played."""
    tokens_sent: int = 0
    input_tokens: int = 0
    request_body: str | None = None
    """The beginning of the request's body, where the configuration asks for it."""
    output_tokens: int = 0
    answer: str | bytes | None = None
    """The full text the provider meant to give, or its SHA-256, which is hashed when asked for if it is short."""
    body_sha256: bytes | None = None
    """Of the body bytes sent, before any transfer encoding."""

    def document(self) -> dict[str, Any]:
        """The row as the control API gives it."""
        document = {name: getattr(self, name) for name in self.__struct_fields__}
        document["faults"] = [{"id": mark.id, "fault": mark.fault} for mark in self.faults]
        answer = document.pop("answer")
        digest = sha256(answer.encode()).digest() if isinstance(answer, str) else answer
        document["answer_sha256"] = digest.hex() if digest is not None else None
        document["body_sha256"] = self.body_sha256.hex() if self.body_sha256 is not None else None
        return document

    def meant(self, text: str) -> None:
        """Notes what the provider meant to say, in bounded memory."""
        self.answer = text if len(text) <= _SHORT_ANSWER_CHARS_MAX else sha256(text.encode()).digest()


class Journal:
    """The rows of finished requests in the order they finished, the oldest dropped and counted beyond a bound."""

    def __init__(self, rows_max: int = ROWS_MAX) -> None:
        self._rows: deque[Row] = deque(maxlen=rows_max)
        self.last_seq = 0
        self.dropped = 0

    def append(self, row: Row) -> None:
        """Adds a finished request and numbers it."""
        self.last_seq += 1
        row.seq = self.last_seq
        rows = self._rows
        if len(rows) == rows.maxlen:
            self.dropped += 1
        rows.append(row)

    def since(self, seq: int) -> list[Row]:
        """The rows numbered above `seq`."""
        if not self._rows:
            return []
        return list(islice(self._rows, max(0, seq - self._rows[0].seq + 1), None))

    def clear(self) -> None:
        """Forgets the rows; the numbering goes on."""
        self._rows.clear()
        self.dropped = 0
