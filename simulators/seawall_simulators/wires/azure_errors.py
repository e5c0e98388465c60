"""How Azure words its errors: its gateway says `{"error": {code, message}}`, the models behind it what OpenAI says."""

import math
from typing import Any

from msgspec import json

from seawall_simulators.wire import ApiError, Headers, Request
from seawall_simulators.wires import azure_headers, openai_errors
from seawall_simulators.wires.azure_filters import BLOCKED
from seawall_simulators.wires.decoding import BodyError

FILTERED = "content_filter"
NO_DEPLOYMENT = "DeploymentNotFound"
NOT_FOUND = 404
BY_STATUS = {
    401: (
        "401",
        "Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key.",
    ),
    403: ("403", "Access denied due to Virtual Network/Firewall rules."),
    404: ("404", "Resource not found"),
    405: ("405", "Method not allowed"),
    408: ("Timeout", "The operation was timeout."),
    429: ("429", "Requests have exceeded the call rate limit of your current pricing tier."),
    500: ("InternalServerError", "Internal server error"),
    502: ("BadGateway", "The backend could not be reached."),
    503: (
        "InternalServerError",
        "The service is temporarily unable to process your request. Please try again later.",
    ),
    504: ("GatewayTimeout", "The backend did not answer in time."),
}
BY_CODE = {
    NO_DEPLOYMENT: "The API deployment for this resource does not exist. If you created the deployment within the "
    "last 5 minutes, please wait a moment and try again.",
    FILTERED: "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. "
    "Please modify your prompt and retry.",
}


def error_object(
    status: int, code: str | None, message: str | None, retry_after_s: float | None
) -> dict[str, Any]:
    """The object under `error`; None stands for what is customary with the status."""
    if code == FILTERED:
        said = {"message": message or BY_CODE[code], "type": None, "param": "prompt", "code": code}
        return {**said, "status": status, "innererror": BLOCKED}
    usual = BY_STATUS.get(status)
    if code not in BY_CODE and (usual is None or code is not None):
        return openai_errors.error_object(status, code, message)
    usual_code, usual_message = usual or ("", "")
    text = message or BY_CODE.get(code or "", usual_message)
    if retry_after_s is not None:
        text += f" Please retry after {math.ceil(retry_after_s)} seconds."
    return {"code": code or usual_code, "message": text}


def error(
    status: int, code: str | None, message: str | None, request_id: str, retry_after_s: float | None
) -> tuple[Headers, bytes]:
    """Headers and body of an error answer; Retry-After is said in whole seconds and in milliseconds."""
    headers = azure_headers.headers(request_id, "")
    if retry_after_s is not None:
        headers += (
            ("retry-after", str(math.ceil(retry_after_s))),
            ("retry-after-ms", str(math.ceil(retry_after_s * 1000))),
        )
    return headers, json.encode({"error": error_object(status, code, message, retry_after_s)})


def no_such_deployment(model: str, *, stream: bool) -> ApiError:
    """How a deployment that there is not is refused."""
    return ApiError(NOT_FOUND, NO_DEPLOYMENT, model=model, stream=stream)


def nothing_here(request: Request) -> ApiError:  # noqa: ARG001  (the table's signature)
    """How a path where nothing is served is refused, and a classic one that does not say its version."""
    return ApiError(NOT_FOUND)


def not_allowed(request: Request) -> ApiError:  # noqa: ARG001  (the table's signature)
    """How a method that a path does not have is refused."""
    return ApiError(405)


def refusal(error: BodyError) -> ApiError:
    """How a body without the right form is refused: by the model, as OpenAI does."""
    return openai_errors.refusal(error)
