"""`GET /{version}/models`, page by page, and `GET /{version}/models/{id}`."""

from urllib.parse import parse_qs

from msgspec import json

from seawall_simulators.draw import Draw
from seawall_simulators.wire import Answer, ApiError, ProviderView, Request

OPERATION = "models"
PAGE = 50
PAGE_MAX = 1000
METHODS = ("generateContent", "streamGenerateContent", "countTokens", "embedContent", "batchEmbedContents")


def list_models(request: Request, provider: ProviderView, draw: Draw) -> Answer:
    """One page of the models; its token is where the next begins. Raises ApiError for a page that is none."""
    query = {name: values[-1] for name, values in parse_qs(request.query).items()}
    size = natural(query.get("pageSize", str(PAGE)), "page_size")
    start = natural(query.get("pageToken", "0"), "page_token")
    end = start + max(1, min(size, PAGE_MAX))
    document: dict[str, object] = {"models": [row(model) for model in provider.models[start:end]]}
    if end < len(provider.models):
        document["nextPageToken"] = str(end)
    return answer(document, "", draw)


def get_model(model: str, provider: ProviderView, draw: Draw) -> Answer:
    """One model; raises ApiError when the provider does not have it."""
    if model not in provider.models:
        raise ApiError(404, None, f"Model is not found: models/{model}", model=model)
    return answer(row(model), model, draw)


def natural(text: str, parameter: str) -> int:
    """A whole number in a query."""
    if not (text.isascii() and text.isdigit() and len(text) < 10):  # noqa: PLR2004
        raise ApiError(400, None, f"Invalid value at '{parameter}': {text!r}")
    return int(text)


def row(model: str) -> dict[str, object]:
    """What is said of a model."""
    return {
        "name": f"models/{model}",
        "version": "001",
        "displayName": model.replace("-", " ").title(),
        "description": "A fake model.",
        "inputTokenLimit": 1048576,
        "outputTokenLimit": 65536,
        "supportedGenerationMethods": METHODS,
        "temperature": 1,
        "topP": 0.95,
        "topK": 64,
    }


def answer(document: dict[str, object], model: str, draw: Draw) -> Answer:
    """A document, as indented as the API has it."""
    return Answer(
        operation=OPERATION,
        request_id=draw.id("", 22),
        model=model,
        body=json.format(json.encode(document), indent=2),
    )
