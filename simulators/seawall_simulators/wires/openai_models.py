"""`GET /models` and `GET /models/{id}`."""

from msgspec import json

from seawall_simulators.draw import Draw
from seawall_simulators.wire import Answer, ApiError, ProviderView
from seawall_simulators.wires.openai_headers import CREATED, VERSION_HEADERS, request_id

OPERATION = "models"


def list_models(provider: ProviderView, draw: Draw) -> Answer:
    """All models."""
    rows = b",".join([row(model) for model in provider.models])
    return answer(b'{"object":"list","data":[%b]}' % rows, "", draw)


def get_model(model: str, provider: ProviderView, draw: Draw) -> Answer:
    """One model; raises ApiError when the provider does not have it."""
    if model not in provider.models:
        raise ApiError(404, "model_not_found", f"The model '{model}' does not exist", model=model)
    return answer(row(model), model, draw)


def row(model: str) -> bytes:
    """What is said of a model."""
    return b'{"id":%b,"object":"model","created":%d,"owned_by":"seawall"}' % (json.encode(model), CREATED)


def answer(body: bytes, model: str, draw: Draw) -> Answer:
    """A body with the headers of every answer."""
    asked_id = request_id(draw)
    return Answer(
        operation=OPERATION,
        request_id=asked_id,
        model=model,
        headers=(*VERSION_HEADERS, ("x-request-id", asked_id)),
        body=body,
    )
