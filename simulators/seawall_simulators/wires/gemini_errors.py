"""How Gemini words its errors: `{"error": {code, message, status, details?}}`, and no header tells anything."""

from typing import Any

from msgspec import json

from seawall_simulators.wire import ApiError, Headers
from seawall_simulators.wires.decoding import BodyError

BY_STATUS = {
    400: ("INVALID_ARGUMENT", "Request contains an invalid argument."),
    401: (
        "UNAUTHENTICATED",
        "Request had invalid authentication credentials. Expected OAuth 2 access token or other valid credential.",
    ),
    403: ("PERMISSION_DENIED", "The caller does not have permission"),
    404: ("NOT_FOUND", "Requested entity was not found."),
    405: ("UNIMPLEMENTED", "Operation is not implemented, or supported, or enabled."),
    408: ("DEADLINE_EXCEEDED", "The request timed out."),
    409: ("ABORTED", "The operation was aborted."),
    412: ("FAILED_PRECONDITION", "Precondition check failed."),
    413: ("INVALID_ARGUMENT", "Request payload size exceeds the limit."),
    429: (
        "RESOURCE_EXHAUSTED",
        "You exceeded your current quota, please check your plan and billing details.",
    ),
    499: ("CANCELLED", "The operation was cancelled."),
    500: ("INTERNAL", "An internal error has occurred."),
    501: ("UNIMPLEMENTED", "Operation is not implemented, or supported, or enabled."),
    502: ("UNAVAILABLE", "Bad gateway."),
    503: ("UNAVAILABLE", "The model is overloaded. Please try again later."),
    504: ("DEADLINE_EXCEEDED", "The request timed out. Please try again."),
    529: ("UNAVAILABLE", "The model is overloaded. Please try again later."),
}
STATUS_OF = {name: status for status, (name, _) in reversed(BY_STATUS.items())}
STATUS_OF |= {"FAILED_PRECONDITION": 400, "UNAVAILABLE": 503, "UNIMPLEMENTED": 501, "DEADLINE_EXCEEDED": 504}
TYPE = "type.googleapis.com/google.rpc."
KEY_INVALID = "API_KEY_INVALID"


def error_object(
    status: int, code: str | None, message: str | None, retry_after_s: float | None = None
) -> dict[str, Any]:
    """The object under `error`. A code is a status name, such as `UNAVAILABLE`, or becomes the reason in the details."""
    name, usual = BY_STATUS.get(status) or BY_STATUS[500 if status >= 500 else 400]  # noqa: PLR2004
    if code in STATUS_OF:
        name, usual = code, BY_STATUS[STATUS_OF[code]][1]
    said: dict[str, Any] = {"code": status, "message": message or usual, "status": name}
    details: list[dict[str, Any]] = []
    if code is not None and code not in STATUS_OF:
        metadata = {"service": "generativelanguage.googleapis.com"}
        details.append(
            {"@type": TYPE + "ErrorInfo", "reason": code, "domain": "googleapis.com", "metadata": metadata}
        )
    if code == KEY_INVALID:
        details.append({"@type": TYPE + "LocalizedMessage", "locale": "en-US", "message": said["message"]})
    if retry_after_s is not None:
        details.append({"@type": TYPE + "RetryInfo", "retryDelay": f"{retry_after_s:g}s"})
    return {**said, "details": details} if details else said


def error(
    status: int, code: str | None, message: str | None, retry_after_s: float | None
) -> tuple[Headers, bytes]:
    """Headers, of which there are none, and body of an error answer; when to come back is told in the body."""
    document = {"error": error_object(status, code, message, retry_after_s)}
    return (), json.format(json.encode(document), indent=2)


def error_frame(code: str | None) -> bytes:
    """The error inside a stream, after which nothing comes."""
    document = {"error": error_object(STATUS_OF.get(code or "", 503), code, None)}
    return b"data: %b\r\n\r\n" % json.encode(document)


def refusal(error: BodyError, kind: str) -> ApiError:
    """How a body without the right form is refused; `kind` is the message type it should have had."""
    message = {
        "missing": f"* {kind}.{error.field}: {error.field.rpartition('.')[2]} is not specified\n",
        "unknown": f'Invalid JSON payload received. Unknown name "{error.field}": Cannot find field.',
        "invalid": f"Invalid value at '{error.field}': {error.detail}",
        "malformed": f"Invalid JSON payload received. {error.detail}",
    }[error.kind]
    return ApiError(400, None, message)
