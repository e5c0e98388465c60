"""The one vocabulary of failure. Codecs and the HTTP seam translate into it; policies decide by it."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class FailureKind(StrEnum):
    """Why an attempt ended without an answer."""

    CONNECT = "connect"
    TLS = "tls"
    TIMEOUT_CONNECT = "timeout_connect"
    TIMEOUT_FIRST_TOKEN = "timeout_first_token"  # noqa: S105
    TIMEOUT_STALL = "timeout_stall"
    TIMEOUT_TOTAL = "timeout_total"
    RATE_LIMITED = "rate_limited"
    RAMP_LIMITED = "ramp_limited"
    QUOTA_EXHAUSTED = "quota_exhausted"
    OVERLOADED = "overloaded"
    SERVER_ERROR = "server_error"
    STREAM_ERROR = "stream_error"
    STREAM_TRUNCATED = "stream_truncated"
    STREAM_CUT = "stream_cut"
    BAD_RESPONSE = "bad_response"
    AUTH = "auth"
    PERMISSION = "permission"
    INVALID_REQUEST = "invalid_request"
    CONTEXT_LENGTH = "context_length"
    CONTENT_FILTERED = "content_filtered"
    REFUSED = "refused"
    BLOCKED_BY_FIREWALL = "blocked_by_firewall"
    CONTRACT_VIOLATION = "contract_violation"
    LOW_CONFIDENCE = "low_confidence"
    CANCELLED = "cancelled"


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """What went wrong with one attempt.

    `detail` is for humans: bounded, and never holds a key or text of the prompt. `retry_after_s` is what the
    provider asked for, already parsed and capped. `scope` says whom it concerns: this request, the model, or
    the provider as a whole.
    """

    kind: FailureKind
    http_status: int | None = None
    code: str | None = None
    retry_after_s: float | None = None
    scope: str = "model"
    detail: str = ""
    request_id: str | None = None


class ProviderError(Exception):
    """An attempt failed. Raised by codecs and the HTTP seam, and by nothing else; never reaches a caller."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure)
        self.failure = failure

    def __str__(self) -> str:
        """Return the kind and the detail, fit for a log."""
        return (
            f"{self.failure.kind}: {self.failure.detail}" if self.failure.detail else str(self.failure.kind)
        )
