"""The OpenAI wire: what is served where, and who may ask."""

from seawall_simulators.draw import Draw
from seawall_simulators.wire import Answer, ApiError, Headers, ProviderView, RateLimitState, Request
from seawall_simulators.wires import openai_errors, openai_headers
from seawall_simulators.wires.dispatch import Routes, dispatch, given_key
from seawall_simulators.wires.openai_chat import OPERATION as CHAT
from seawall_simulators.wires.openai_chat import chat
from seawall_simulators.wires.openai_embeddings import OPERATION as EMBEDDINGS
from seawall_simulators.wires.openai_embeddings import embeddings
from seawall_simulators.wires.openai_models import models
from seawall_simulators.wires.openai_responses import OPERATION as RESPONSES
from seawall_simulators.wires.openai_responses import responses


def nothing_here(request: Request) -> ApiError:
    """How a path where nothing is served is refused."""
    return ApiError(404, None, f"Invalid URL ({request.method} {request.path})")


def not_allowed(request: Request) -> ApiError:
    """How a method that a path does not have is refused."""
    return ApiError(405, "method_not_supported", f"Not allowed to {request.method} on {request.path}.")


ROUTES = Routes(
    posts={
        "/v1/chat/completions": (CHAT, chat),
        "/v1/responses": (RESPONSES, responses),
        "/v1/embeddings": (EMBEDDINGS, embeddings),
    },
    models_path="/v1/models",
    models=models,
    nothing_here=nothing_here,
    not_allowed=not_allowed,
    refusal=openai_errors.refusal,
)


class OpenAI:
    """Chat completions, responses, embeddings and models, under `/v1`."""

    name = "openai"
    overload_status = 503

    def base_path(self) -> str:
        """What the SDK's `base_url` ends with."""
        return "/v1"

    def answer(self, request: Request, provider: ProviderView, draw: Draw) -> Answer:
        """What the provider says; raises ApiError for what it refuses."""
        if provider.api_key is not None:
            authorize(request, provider.api_key)
        return dispatch(ROUTES, request.path, request, provider, draw)

    def request_id(self, draw: Draw) -> str:
        """The value of `x-request-id`."""
        return openai_headers.request_id(draw)

    def error(
        self,
        status: int,
        *,
        code: str | None,
        message: str | None,
        request_id: str,
        retry_after_s: float | None = None,
    ) -> tuple[Headers, bytes]:
        """Headers and body of an error answer."""
        return openai_errors.error(status, code, message, request_id, retry_after_s)

    def rate_limit_headers(self, limits: RateLimitState) -> Headers:
        """The `x-ratelimit-` headers."""
        return openai_headers.rate_limit_headers(limits)


def authorize(request: Request, api_key: str) -> None:
    """Raises ApiError unless the request bears this key (Azure's `api-key` header counts too)."""
    given = given_key(request, "api-key")
    if not given:
        raise ApiError(
            401, None, "You didn't provide an API key. Send it in an Authorization header, as a Bearer token."
        )
    if given != api_key:
        raise ApiError(401, "invalid_api_key", "Incorrect API key provided.")
