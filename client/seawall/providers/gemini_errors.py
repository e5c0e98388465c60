"""What Gemini's error statuses and reasons mean."""

from __future__ import annotations

from typing import Any

import msgspec

from seawall.providers.provider_errors import ErrorFacts, ErrorTable, identifiers
from seawall.resilience.failures import FailureKind

GEMINI_ERRORS = ErrorTable(
    codes={
        "API_KEY_INVALID": FailureKind.AUTH,
        "API_KEY_SERVICE_BLOCKED": FailureKind.PERMISSION,
        "BILLING_DISABLED": FailureKind.QUOTA_EXHAUSTED,
        "RESOURCE_EXHAUSTED": FailureKind.RATE_LIMITED,
        "UNAUTHENTICATED": FailureKind.AUTH,
        "PERMISSION_DENIED": FailureKind.PERMISSION,
        "FAILED_PRECONDITION": FailureKind.PERMISSION,
        "UNAVAILABLE": FailureKind.OVERLOADED,
    },
    event_types={
        "INVALID_ARGUMENT": FailureKind.INVALID_REQUEST,
        "NOT_FOUND": FailureKind.INVALID_REQUEST,
    },
    phrases=(
        ("exceeds the maximum number of tokens", FailureKind.CONTEXT_LENGTH),
        ("input token count", FailureKind.CONTEXT_LENGTH),
        ("api key not valid", FailureKind.AUTH),
    ),
)
_DETAILS_MAX = 16


class _Document(msgspec.Struct):
    error: Any = None


_decoder = msgspec.json.Decoder(_Document | list[_Document])


def read_gemini_error(body: bytes) -> ErrorFacts | None:
    """Read `{"error": {...}}`, or a list of one such; None for anything else."""
    try:
        document = _decoder.decode(body)
    except (ValueError, RecursionError):
        return None
    if isinstance(document, list):
        document = document[0] if document else _Document()
    error = document.error
    if not isinstance(error, dict) or not error:
        return None
    message, details = error.get("message"), error.get("details")
    reason, retry_delay = _read_details(details if isinstance(details, list) else [])
    return ErrorFacts(
        codes=identifiers(reason, error.get("status"), error.get("code")),
        message=message if isinstance(message, str) else "",
        retry_delay=retry_delay,
    )


def _read_details(details: list[Any]) -> tuple[str | None, str | None]:
    """Return the reason of an `ErrorInfo` and the delay of a `RetryInfo`, where the details hold them."""
    reason = retry_delay = None
    for detail in details[:_DETAILS_MAX]:
        if isinstance(detail, dict):
            if isinstance(found := detail.get("reason"), str):
                reason = found
            if isinstance(found := detail.get("retryDelay"), str):
                retry_delay = found
    return reason, retry_delay
