"""How OpenAI words its errors: `{"error": {message, type, param, code}}` at every status."""

import math
from typing import Any

from msgspec import Struct, json

from seawall_simulators.wire import ApiError, Headers
from seawall_simulators.wires.decoding import BodyError
from seawall_simulators.wires.openai_headers import VERSION_HEADERS

INVALID = "invalid_request_error"
SERVER = "server_error"


class Wording(Struct, frozen=True):
    """What is said with a status or a code: its type, its code and the message."""

    type: str
    code: str | None
    message: str


BY_STATUS = {
    400: Wording(INVALID, None, "The request could not be understood."),
    401: Wording(INVALID, "invalid_api_key", "Incorrect API key provided."),
    403: Wording(
        INVALID, "unsupported_country_region_territory", "Country, region, or territory not supported"
    ),
    404: Wording(INVALID, "model_not_found", "The model does not exist or you do not have access to it."),
    405: Wording(INVALID, "method_not_supported", "Not allowed with this method."),
    408: Wording("timeout", None, "The request timed out."),
    409: Wording(INVALID, "conflict", "The resource was changed by another request."),
    413: Wording(INVALID, "request_too_large", "The request body is too large."),
    422: Wording(INVALID, None, "The request was well-formed but could not be followed."),
    429: Wording("requests", "rate_limit_exceeded", "Rate limit reached for requests."),
    500: Wording(SERVER, None, "The server had an error while processing your request. Sorry about that!"),
    502: Wording(SERVER, None, "Bad gateway."),
    503: Wording(
        "service_unavailable_error",
        "server_is_overloaded",
        "Our servers are currently overloaded. Please try again later.",
    ),
    504: Wording(SERVER, None, "The server did not answer in time."),
    529: Wording(SERVER, None, "The server is overloaded."),
}
BILLING = "You exceeded your current quota, please check your plan and billing details."
BY_CODE = {
    "context_length_exceeded": Wording(INVALID, None, "This model's maximum context length was exceeded."),
    "content_filter": Wording(INVALID, None, "The response was filtered due to the prompt."),
    "rate_limit_exceeded": Wording("requests", None, "Rate limit reached for requests."),
    "slow_down": Wording("rate_limit_error", None, "Traffic grew too fast. Slow down."),
    "insufficient_quota": Wording("insufficient_quota", None, BILLING),
    "credit_balance_exhausted": Wording("insufficient_quota", None, "Your credit balance is exhausted."),
    "organization_spend_limit_exceeded": Wording(
        "insufficient_quota", None, "Your organization's spend limit is reached."
    ),
    "project_spend_limit_exceeded": Wording(
        "insufficient_quota", None, "Your project's spend limit is reached."
    ),
    "organization_usage_limit_exceeded": Wording(
        "insufficient_quota", None, "Your organization's usage limit is reached."
    ),
    "server_error": BY_STATUS[500],
    "server_is_overloaded": BY_STATUS[503],
}
PARAM_CODES = frozenset(
    {"missing_required_parameter", "unknown_parameter", "invalid_type", "invalid_value", "unsupported_value"}
)
PARSE_FAILED = "We could not parse the JSON body of your request."


def error_object(status: int, code: str | None, message: str | None) -> dict[str, Any]:
    """The object under `error`; None stands for what is customary with the status."""
    usual = BY_STATUS.get(status) or BY_STATUS[500 if status >= 500 else 400]  # noqa: PLR2004
    wording = BY_CODE.get(code or "", usual)
    said_code = code if code or message else usual.code
    text = message or wording.message
    return {
        "message": text,
        "type": wording.type,
        "param": quoted(text)
        if said_code in PARAM_CODES
        else "model"
        if said_code == "model_not_found"
        else None,
        "code": said_code,
    }


def quoted(message: str) -> str | None:
    """The parameter that a message names, which is the first thing it puts in single quotes."""
    parts = message.split("'", 2)
    return parts[1] if len(parts) == 3 else None  # noqa: PLR2004


def error(
    status: int, code: str | None, message: str | None, request_id: str, retry_after_s: float | None
) -> tuple[Headers, bytes]:
    """Headers and body of an error answer; Retry-After is said in whole seconds and in milliseconds."""
    headers: Headers = (*VERSION_HEADERS, ("x-request-id", request_id))
    if retry_after_s is not None:
        headers += (
            ("retry-after", str(math.ceil(retry_after_s))),
            ("retry-after-ms", str(math.ceil(retry_after_s * 1000))),
        )
    return headers, json.format(json.encode({"error": error_object(status, code, message)}), indent=2)


def chat_error_frame(code: str | None) -> bytes:
    """The error inside a chat stream, after which neither a finish reason nor `[DONE]` comes."""
    return b"data: %b\n\n" % json.encode({"error": error_object(500, code, None)})


def no_such_model(model: str, *, stream: bool = False) -> ApiError:
    """How a model that the provider does not have is refused."""
    message = f"The model `{model}` does not exist or you do not have access to it."
    return ApiError(404, "model_not_found", message, model=model, stream=stream)


def refusal(error: BodyError) -> ApiError:
    """How a body without the right form is refused."""
    if error.kind == "malformed":
        return ApiError(400, None, f"{PARSE_FAILED} ({error.detail})")
    code, message = {
        "missing": ("missing_required_parameter", f"Missing required parameter: '{error.field}'."),
        "unknown": ("unknown_parameter", f"Unknown parameter: '{error.field}'."),
        "invalid": ("invalid_type", f"Invalid type for '{error.field}': {error.detail}."),
    }[error.kind]
    return ApiError(400, code, message)
