"""The Anthropic wire: what is served where, and who may ask."""

from seawall_simulators.draw import Draw
from seawall_simulators.wire import Answer, ApiError, Headers, ProviderView, RateLimitState, Request
from seawall_simulators.wires import anthropic_errors, anthropic_headers, anthropic_messages, anthropic_models
from seawall_simulators.wires.dispatch import Routes, dispatch, given_key


def models(request: Request, model: str, provider: ProviderView, draw: Draw) -> Answer:
    """The models, or one of them."""
    if model:
        return anthropic_models.get_model(request, model, provider, draw)
    return anthropic_models.list_models(request, provider, draw)


ROUTES = Routes(
    posts={
        "/v1/messages": (anthropic_messages.OPERATION, anthropic_messages.messages),
        "/v1/messages/count_tokens": (anthropic_messages.COUNT_OPERATION, anthropic_messages.count_tokens),
    },
    models_path="/v1/models",
    models=models,
    nothing_here=lambda _: ApiError(404, None, "Not found"),
    not_allowed=lambda _: ApiError(405, "invalid_request_error", "Method Not Allowed"),
    refusal=anthropic_errors.refusal,
)


class Anthropic:
    """Messages, counts of tokens and models, under the root; both forms of key and both versions are welcome."""

    name = "anthropic"
    overload_status = 529

    def base_path(self) -> str:
        """What the SDK's `base_url` ends with: nothing."""
        return ""

    def answer(self, request: Request, provider: ProviderView, draw: Draw) -> Answer:
        """What the provider says; raises ApiError for what it refuses."""
        if provider.api_key is not None:
            authorize(request, provider.api_key)
        return dispatch(ROUTES, request.path, request, provider, draw)

    def request_id(self, draw: Draw) -> str:
        """The value of `request-id`."""
        return anthropic_headers.request_id(draw)

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
        return anthropic_errors.error(status, code, message, request_id, retry_after_s)

    def rate_limit_headers(self, limits: RateLimitState) -> Headers:
        """The `anthropic-ratelimit-` headers."""
        return anthropic_headers.rate_limit_headers(limits)


def authorize(request: Request, api_key: str) -> None:
    """Raises ApiError unless the request bears this key, in the new form (Bearer) or the old (`x-api-key`)."""
    given = given_key(request, "x-api-key")
    if not given:
        raise ApiError(401, None, "x-api-key header is required")
    if given != api_key:
        raise ApiError(401, None, "invalid x-api-key")
