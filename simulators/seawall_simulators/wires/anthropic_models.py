"""`GET /v1/models`, page by page, and `GET /v1/models/{id}`."""

from urllib.parse import parse_qs

from msgspec import json

from seawall_simulators.draw import Draw
from seawall_simulators.wire import Answer, ApiError, ProviderView, Request
from seawall_simulators.wires.anthropic_checks import check_version
from seawall_simulators.wires.anthropic_headers import ORGANIZATION, RESET, request_id
from seawall_simulators.wires.dispatch import MODELS

PAGE = 20
PAGE_MAX = 1000


def list_models(request: Request, provider: ProviderView, draw: Draw) -> Answer:
    """One page of the models, after or before an id; raises ApiError for a page that cannot be had."""
    check_version(request)
    query = {name: values[-1] for name, values in parse_qs(request.query).items()}
    limit = query.get("limit", str(PAGE))
    if not (limit.isascii() and limit.isdigit() and 1 <= int(limit) <= PAGE_MAX):
        raise ApiError(400, None, f"limit: Input should be between 1 and {PAGE_MAX}")
    start, end = 0, len(provider.models)
    if (after := query.get("after_id")) is not None:
        start = place(provider, after, "after_id") + 1
    if (before := query.get("before_id")) is not None:
        end = place(provider, before, "before_id")
        start = max(start, end - int(limit))
    page = provider.models[start : min(end, start + int(limit))]
    more = start > 0 if before is not None else start + len(page) < end
    body = {"data": [row(model) for model in page], "has_more": more}
    return answer(
        {**body, "first_id": page[0] if page else None, "last_id": page[-1] if page else None}, "", draw
    )


def get_model(request: Request, model: str, provider: ProviderView, draw: Draw) -> Answer:
    """One model; raises ApiError when the provider does not have it."""
    check_version(request)
    if model not in provider.models:
        raise ApiError(404, None, f"model: {model}", model=model)
    return answer(row(model), model, draw)


def place(provider: ProviderView, model: str, parameter: str) -> int:
    """Where a model stands in the list."""
    if model not in provider.models:
        raise ApiError(400, None, f"{parameter}: no such model")
    return provider.models.index(model)


def row(model: str) -> dict[str, object]:
    """What is said of a model; all of a fake provider's are active."""
    return {
        "type": "model",
        "id": model,
        "display_name": model.replace("-", " ").title(),
        "created_at": RESET,
        "lifecycle": "active",
        "deprecated_at": None,
        "retires_at": None,
        "max_input_tokens": 200000,
        "max_tokens": 64000,
    }


def answer(document: dict[str, object], model: str, draw: Draw) -> Answer:
    """A document with the headers of every answer."""
    asked_id = request_id(draw)
    return Answer(
        operation=MODELS,
        request_id=asked_id,
        model=model,
        headers=(*ORGANIZATION, ("request-id", asked_id)),
        body=json.encode(document),
    )
