"""What OpenAI's error codes mean, and those of the servers that follow it."""

from __future__ import annotations

from typing import Any

import msgspec

from seawall.providers.provider_errors import ErrorFacts, ErrorTable, identifiers, parameter
from seawall.resilience.failures import FailureKind

OPENAI_ERRORS = ErrorTable(
    codes={
        "insufficient_quota": FailureKind.QUOTA_EXHAUSTED,
        "credit_balance_exhausted": FailureKind.QUOTA_EXHAUSTED,
        "organization_spend_limit_exceeded": FailureKind.QUOTA_EXHAUSTED,
        "project_spend_limit_exceeded": FailureKind.QUOTA_EXHAUSTED,
        "organization_usage_limit_exceeded": FailureKind.QUOTA_EXHAUSTED,
        "billing_hard_limit_reached": FailureKind.QUOTA_EXHAUSTED,
        "billing_not_active": FailureKind.QUOTA_EXHAUSTED,
        "slow_down": FailureKind.RAMP_LIMITED,
        "rate_limit_exceeded": FailureKind.RATE_LIMITED,
        "server_is_overloaded": FailureKind.OVERLOADED,
        "engine_overloaded": FailureKind.OVERLOADED,
        "overloaded_error": FailureKind.OVERLOADED,
        "service_unavailable_error": FailureKind.OVERLOADED,
        "context_length_exceeded": FailureKind.CONTEXT_LENGTH,
        "content_filter": FailureKind.CONTENT_FILTERED,
        "content_policy_violation": FailureKind.CONTENT_FILTERED,
        "invalid_api_key": FailureKind.AUTH,
        "account_deactivated": FailureKind.AUTH,
        "unsupported_country_region_territory": FailureKind.PERMISSION,
        "model_not_found": FailureKind.INVALID_REQUEST,
        "NoCapacity": FailureKind.OVERLOADED,  # Azure's, under 429 though nobody asked too much of it
    },
    event_types={
        "rate_limit_error": FailureKind.RATE_LIMITED,
        "requests": FailureKind.RATE_LIMITED,
        "tokens": FailureKind.RATE_LIMITED,
        "invalid_request_error": FailureKind.INVALID_REQUEST,
        "authentication_error": FailureKind.AUTH,
        "permission_error": FailureKind.PERMISSION,
    },
    phrases=(
        ("maximum context length", FailureKind.CONTEXT_LENGTH),
        ("context window", FailureKind.CONTEXT_LENGTH),
        ("exceeded your current quota", FailureKind.QUOTA_EXHAUSTED),
        # A provider short of machines says so under 429 as well: that is its fault, and no limit of ours.
        ("experiencing high demand", FailureKind.OVERLOADED),
        ("currently overloaded", FailureKind.OVERLOADED),
        ("system is at capacity", FailureKind.OVERLOADED),
    ),
)


class _Document(msgspec.Struct):
    error: Any = None
    # vLLM and others put the error's members at the top.
    object: Any = None
    message: Any = None
    type: Any = None
    code: Any = None
    detail: Any = None


_decoder = msgspec.json.Decoder(_Document)


def read_openai_error(body: bytes) -> ErrorFacts | None:
    """Read `{"error": {...}}`, `{"error": "text"}` or the flat form; None for anything else."""
    try:
        document = _decoder.decode(body)
    except (ValueError, RecursionError):
        return None
    error = document.error
    if isinstance(error, dict) and error:
        return openai_error_facts(error)
    if isinstance(error, str) and error:
        return ErrorFacts(message=error)
    if document.object == "error" or isinstance(document.detail, (str, list)):
        return openai_error_facts({"message": document.message, "type": document.type, "code": document.code})
    return None


def openai_error_facts(error: dict[str, Any]) -> ErrorFacts:
    """Read the members of an error object, whatever their types turn out to be."""
    message = error.get("message")
    return ErrorFacts(
        codes=identifiers(error.get("code"), error.get("type")),
        param=parameter(error.get("param")),
        message=message if isinstance(message, str) else "",
    )
