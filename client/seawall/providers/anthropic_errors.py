"""What Anthropic's error codes mean."""

from __future__ import annotations

from typing import Any

import msgspec

from seawall.providers.provider_errors import ErrorFacts, ErrorTable, identifiers
from seawall.resilience.failures import FailureKind

ANTHROPIC_ERRORS = ErrorTable(
    codes={
        "ramp_limit_exceeded": FailureKind.RAMP_LIMITED,
        "enforced_spend_limit_reached": FailureKind.QUOTA_EXHAUSTED,
        "contract_spend_limit_reached": FailureKind.QUOTA_EXHAUSTED,
        "billing_error": FailureKind.QUOTA_EXHAUSTED,
        "overloaded_error": FailureKind.OVERLOADED,
        "compaction_unavailable": FailureKind.OVERLOADED,
    },
    event_types={
        "rate_limit_error": FailureKind.RATE_LIMITED,
        "invalid_request_error": FailureKind.INVALID_REQUEST,
        "request_too_large": FailureKind.INVALID_REQUEST,
        "not_found_error": FailureKind.INVALID_REQUEST,
        "authentication_error": FailureKind.AUTH,
        "permission_error": FailureKind.PERMISSION,
    },
    # All three come as a bare invalid_request_error of status 400.
    phrases=(
        ("prompt is too long", FailureKind.CONTEXT_LENGTH),
        ("exceed context limit", FailureKind.CONTEXT_LENGTH),
        ("credit balance is too low", FailureKind.QUOTA_EXHAUSTED),
        ("specified api usage limits", FailureKind.QUOTA_EXHAUSTED),
    ),
)


class _Document(msgspec.Struct):
    error: Any = None
    request_id: Any = None


_decoder = msgspec.json.Decoder(_Document)


def read_anthropic_error(body: bytes) -> ErrorFacts | None:
    """Read `{"type": "error", "error": {...}, "request_id": ...}`; None for anything else."""
    try:
        document = _decoder.decode(body)
    except (ValueError, RecursionError):
        return None
    error = document.error
    if not isinstance(error, dict) or not error:
        return None
    details = error.get("details")
    code = details.get("error_code") if isinstance(details, dict) else None
    message, request_id = error.get("message"), document.request_id
    return ErrorFacts(
        codes=identifiers(code, error.get("type")),
        message=message if isinstance(message, str) else "",
        request_id=request_id if isinstance(request_id, str) else None,
    )
