"""How Anthropic words its errors: `{"type": "error", "error": {type, message, details?}, "request_id"}`."""

import math
from typing import Any

from msgspec import json

from seawall_simulators.wire import ApiError, Headers
from seawall_simulators.wires.anthropic_headers import ORGANIZATION
from seawall_simulators.wires.decoding import BodyError

BY_STATUS = {
    400: ("invalid_request_error", "The request could not be understood."),
    401: ("authentication_error", "invalid x-api-key"),
    402: ("billing_error", "There is an issue with your billing or payment information."),
    403: ("permission_error", "Your API key does not have permission to use the specified resource."),
    404: ("not_found_error", "Not found"),
    408: ("timeout_error", "Request timed out"),
    409: ("conflict_error", "The resource was changed by another request."),
    413: ("request_too_large", "Request exceeds the maximum size"),
    422: ("invalid_request_error", "The request could not be followed."),
    429: ("rate_limit_error", "This request would exceed your organization's rate limit."),
    500: ("api_error", "Internal server error"),
    502: ("api_error", "Bad gateway"),
    503: ("api_error", "Service unavailable"),
    504: ("timeout_error", "The request timed out while it was processed."),
    529: ("overloaded_error", "Overloaded"),
}
BY_CODE = {
    "ramp_limit_exceeded": "Your usage grows faster than your organization's ramp limit allows.",
    "enforced_spend_limit_reached": "Your organization has reached its enforced spend limit.",
    "contract_spend_limit_reached": "Your organization has reached the spend limit of its contract.",
    "compaction_unavailable": "Compaction is unavailable.",
}
MESSAGES = dict(reversed(BY_STATUS.values()))


def error_object(status: int, code: str | None, message: str | None) -> dict[str, Any]:
    """The object under `error`. A code is either a type, such as `overloaded_error`, or goes to the details."""
    kind, usual = BY_STATUS.get(status) or BY_STATUS[500 if status >= 500 else 400]  # noqa: PLR2004
    if code in MESSAGES:
        return {"type": code, "message": message or MESSAGES[code]}
    said: dict[str, Any] = {"type": kind, "message": message or BY_CODE.get(code or "", usual)}
    if code is not None:
        said["details"] = {"error_code": code}
    return said


def error(
    status: int, code: str | None, message: str | None, request_id: str, retry_after_s: float | None
) -> tuple[Headers, bytes]:
    """Headers and body of an error answer; Retry-After is said in whole seconds."""
    headers: Headers = (*ORGANIZATION, ("request-id", request_id))
    if retry_after_s is not None:
        headers += (("retry-after", str(math.ceil(retry_after_s))),)
    document = {"type": "error", "error": error_object(status, code, message), "request_id": request_id}
    return headers, json.encode(document)


def error_frame(code: str | None) -> bytes:
    """The error inside a stream, after which `message_stop` does not come."""
    document = {"type": "error", "error": error_object(529, code, None)}
    return b"event: error\ndata: %b\n\n" % json.encode(document)


def refusal(error: BodyError) -> ApiError:
    """How a body without the right form is refused."""
    message = {
        "missing": f"{error.dotted()}: Field required",
        "unknown": f"{error.dotted()}: Extra inputs are not permitted",
        "invalid": f"{error.dotted()}: {error.detail}",
        "malformed": f"The request body is not valid JSON: {error.detail}",
    }[error.kind]
    return ApiError(400, None, message)
