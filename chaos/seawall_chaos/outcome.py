"""What became of one call, as its worker reports it; times are `time.monotonic()`."""

from __future__ import annotations

import dataclasses
from typing import Any


@dataclasses.dataclass(slots=True, kw_only=True)
class AttemptNote:
    """One request of the client to one provider, in the client's own words."""

    client_request_id: str
    provider: str
    started_s: float
    first_byte_s: float | None = None
    finished_s: float | None = None
    status: int | None = None
    failure: str | None = None
    outcome: str | None = None
    breaker: str | None = None


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How the call with that number ended.

    `gave_up` means that the harness, not the client, ended it. `text_sha256` is of all text the caller holds.
    """

    number: int
    started_s: float
    finished_s: float
    first_token_s: float | None
    gave_up: bool
    failure: str | None
    text_sha256: str
    chars: int
    restarts: int
    attempts: tuple[AttemptNote, ...]

    @classmethod
    def from_document(cls, document: dict[str, Any]) -> Outcome:
        """The inverse of `dataclasses.asdict`."""
        attempts = tuple(AttemptNote(**attempt) for attempt in document["attempts"])
        return cls(**{**document, "attempts": attempts})
