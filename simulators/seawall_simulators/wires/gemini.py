"""The Gemini wire: what is served where, and who may ask."""

from collections.abc import Callable
from urllib.parse import parse_qs, unquote

from seawall_simulators.draw import Draw
from seawall_simulators.wire import Answer, ApiError, Headers, ProviderView, RateLimitState, Request
from seawall_simulators.wires import gemini_errors, gemini_models
from seawall_simulators.wires.decoding import BodyError, too_deep
from seawall_simulators.wires.gemini_embeddings import embed, embed_batch
from seawall_simulators.wires.gemini_generate import count_tokens, generate, stream_generate

Handler = Callable[[Request, str, ProviderView, Draw], Answer]

METHODS: dict[str, tuple[str, Handler]] = {
    "generateContent": ("GenerateContentRequest", generate),
    "streamGenerateContent": ("GenerateContentRequest", stream_generate),
    "countTokens": ("CountTokensRequest", count_tokens),
    "embedContent": ("EmbedContentRequest", embed),
    "batchEmbedContents": ("BatchEmbedContentsRequest", embed_batch),
}
VERSIONS = frozenset({"v1", "v1beta"})


class Gemini:
    """Generation, counts of tokens, embeddings and models, under `/v1` and `/v1beta`."""

    name = "gemini"
    overload_status = 503

    def base_path(self) -> str:
        """What the SDK's `base_url` ends with: nothing."""
        return ""

    def answer(self, request: Request, provider: ProviderView, draw: Draw) -> Answer:
        """What the provider says; raises ApiError for what it refuses."""
        if provider.api_key is not None:
            authorize(request, provider.api_key)
        version, _, resource = request.path[1:].partition("/")
        collection, _, place = resource.partition("/")
        if version not in VERSIONS or collection != "models":
            raise ApiError(404, None, f"Nothing is served at {request.path}.")
        if request.method == "GET":
            return models(request, unquote(place), provider, draw)
        model, _, method = unquote(place).rpartition(":")
        if method not in METHODS or request.method != "POST":
            raise ApiError(404, None, f"Nothing is served at {request.method} {request.path}.")
        if model not in provider.models:
            message = (
                f"models/{model} is not found for API version {version}, or is not supported for {method}. Call "
                "ListModels to see the list of available models and their supported methods."
            )
            raise ApiError(404, None, message, operation=method, model=model)
        kind, handler = METHODS[method]
        try:
            return handler(request, model, provider, draw)
        except (BodyError, RecursionError) as error:
            refusal = gemini_errors.refusal(error if isinstance(error, BodyError) else too_deep(), kind)
            refusal.operation, refusal.model = method, model
            raise refusal from error
        except ApiError as error:
            error.operation, error.model = method, model
            error.stream = method == "streamGenerateContent"
            raise

    def request_id(self, draw: Draw) -> str:
        """An id for the journal alone: the API tells none with an error."""
        return draw.id("", 22)

    def error(
        self,
        status: int,
        *,
        code: str | None,
        message: str | None,
        request_id: str,  # noqa: ARG002  (the API does not tell it)
        retry_after_s: float | None = None,
    ) -> tuple[Headers, bytes]:
        """Headers and body of an error answer."""
        return gemini_errors.error(status, code, message, retry_after_s)

    def rate_limit_headers(self, limits: RateLimitState) -> Headers:  # noqa: ARG002  (the API tells none)
        """None."""
        return ()


def authorize(request: Request, api_key: str) -> None:
    """Raises ApiError unless the request bears this key, in the header or in the query.

    The API answers a wrong key with 400 and no key at all with 403, never with 401.
    """
    given = request.headers.get("x-goog-api-key") or parse_qs(request.query).get("key", [""])[-1]
    if not given:
        raise ApiError(
            403,
            None,
            "Method doesn't allow unregistered callers (callers without established identity). Please use API Key or "
            "other form of API consumer identity to call this API.",
        )
    if given != api_key:
        raise ApiError(400, gemini_errors.KEY_INVALID, "API key not valid. Please pass a valid API key.")


def models(request: Request, model: str, provider: ProviderView, draw: Draw) -> Answer:
    """The models, or one of them."""
    try:
        if model:
            return gemini_models.get_model(model, provider, draw)
        return gemini_models.list_models(request, provider, draw)
    except ApiError as error:
        error.operation = gemini_models.OPERATION
        raise
