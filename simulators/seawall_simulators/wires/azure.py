"""The Azure wire: OpenAI's operations behind Azure's gateway, by its v1 API and by deployment."""

from functools import partial
from urllib.parse import parse_qs, unquote

import msgspec

from seawall_simulators.draw import Draw
from seawall_simulators.wire import Answer, ApiError, Headers, ProviderView, RateLimitState, Request
from seawall_simulators.wires import azure_errors, azure_headers
from seawall_simulators.wires.azure_filters import AZURE
from seawall_simulators.wires.decoding import read
from seawall_simulators.wires.dispatch import Routes, dispatch, given_key
from seawall_simulators.wires.openai_chat import OPERATION as CHAT
from seawall_simulators.wires.openai_chat import completion
from seawall_simulators.wires.openai_chat_request import ChatRequest
from seawall_simulators.wires.openai_embeddings import OPERATION as EMBEDDINGS
from seawall_simulators.wires.openai_embeddings import EmbeddingsRequest, embedded
from seawall_simulators.wires.openai_models import models
from seawall_simulators.wires.openai_responses import OPERATION as RESPONSES
from seawall_simulators.wires.openai_responses import response
from seawall_simulators.wires.openai_responses_request import RESPONSES_REQUEST

V1 = "/openai/v1"
CLASSIC = "/openai"
DEPLOYMENTS = "/openai/deployments/"


class AzureChatRequest(ChatRequest, forbid_unknown_fields=True, kw_only=True):
    """A chat completion; by deployment, the path names the model."""

    model: str = ""
    data_sources: list[object] | None = None
    user_security_context: object = None


class AzureEmbeddingsRequest(EmbeddingsRequest, forbid_unknown_fields=True, kw_only=True):
    """Embeddings; by deployment, the path names the model."""

    model: str = ""
    input_type: str | None = None


CHAT_REQUEST = msgspec.json.Decoder(AzureChatRequest)
EMBEDDINGS_REQUEST = msgspec.json.Decoder(AzureEmbeddingsRequest)


def chat(request: Request, provider: ProviderView, draw: Draw) -> Answer:
    """The chat completion asked for; raises BodyError and ApiError."""
    asked = read(CHAT_REQUEST, request.body)
    asked.model = deployed(request, asked.model, provider, stream=bool(asked.stream))
    return completion(asked, provider, draw, AZURE)


def embeddings(request: Request, provider: ProviderView, draw: Draw) -> Answer:
    """The embeddings asked for; raises BodyError and ApiError."""
    asked = read(EMBEDDINGS_REQUEST, request.body)
    asked.model = deployed(request, asked.model, provider)
    return embedded(asked, draw, AZURE)


def responses(request: Request, provider: ProviderView, draw: Draw) -> Answer:
    """The response asked for; raises BodyError and ApiError."""
    asked = read(RESPONSES_REQUEST, request.body)
    deployed(request, asked.model, provider, stream=bool(asked.stream))
    return response(asked, provider, draw, AZURE)


def deployed(request: Request, model: str, provider: ProviderView, *, stream: bool = False) -> str:
    """The deployment that is meant, by the path or else by the body; raises ApiError where there is none such."""
    if request.path.startswith(DEPLOYMENTS):
        model = unquote(request.path[len(DEPLOYMENTS) :].partition("/")[0])
    if model not in provider.models:
        raise azure_errors.no_such_deployment(model, stream=stream)
    return model


ROUTES = Routes(
    posts={
        "/chat/completions": (CHAT, chat),
        "/responses": (RESPONSES, responses),
        "/embeddings": (EMBEDDINGS, embeddings),
    },
    models_path="/models",
    models=partial(models, dialect=AZURE),
    nothing_here=azure_errors.nothing_here,
    not_allowed=azure_errors.not_allowed,
    refusal=azure_errors.refusal,
)
BY_DEPLOYMENT = frozenset({"/chat/completions", "/embeddings"})


class Azure:
    """Chat completions, responses, embeddings and models under `/openai/v1`, and by deployment with an API version."""

    name = "azure"
    overload_status = 503

    def base_path(self) -> str:
        """What the SDK's `base_url` ends with; `AzureOpenAI` takes what stands before it as its endpoint."""
        return V1

    def answer(self, request: Request, provider: ProviderView, draw: Draw) -> Answer:
        """What the provider says; raises ApiError for what it refuses."""
        if provider.api_key is not None and given_key(request, "api-key") != provider.api_key:
            raise ApiError(401)
        return dispatch(ROUTES, operation_path(request), request, provider, draw)

    def request_id(self, draw: Draw) -> str:
        """The value of `apim-request-id` and `x-request-id`."""
        return azure_headers.request_id(draw)

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
        return azure_errors.error(status, code, message, request_id, retry_after_s)

    def rate_limit_headers(self, limits: RateLimitState) -> Headers:
        """The `x-ratelimit-` headers."""
        return azure_headers.rate_limit_headers(limits)


def operation_path(request: Request) -> str:
    """The operation's path without what names the API; raises ApiError where there is no such API."""
    path = request.path
    if path.startswith(V1 + "/"):
        return path[len(V1) :]
    if path.startswith(CLASSIC + "/") and is_version(parse_qs(request.query).get("api-version", [""])[-1]):
        operation = path[len(CLASSIC) :]
        if path.startswith(DEPLOYMENTS):
            operation = "/" + path[len(DEPLOYMENTS) :].partition("/")[2]
        if path.startswith(DEPLOYMENTS) == (operation in BY_DEPLOYMENT):
            return operation
    raise azure_errors.nothing_here(request)


def is_version(text: str) -> bool:
    """Whether this is the date of an API version, such as `2024-10-21` or `2025-04-01-preview`."""
    parts = text.removesuffix("-preview").split("-")
    return [len(part) for part in parts] == [4, 2, 2] and all(part.isdecimal() for part in parts)
