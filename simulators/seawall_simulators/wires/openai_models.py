"""`GET /models` and `GET /models/{id}`."""

from msgspec import json

from seawall_simulators.draw import Draw
from seawall_simulators.wire import Answer, ApiError, ProviderView, Request
from seawall_simulators.wires.dispatch import MODELS
from seawall_simulators.wires.openai_dialect import OPENAI, Dialect
from seawall_simulators.wires.openai_headers import CREATED


def models(
    request: Request,  # noqa: ARG001  (the table's signature)
    model: str,
    provider: ProviderView,
    draw: Draw,
    dialect: Dialect = OPENAI,
) -> Answer:
    """All models, or one of them; raises ApiError when the provider does not have it."""
    if model:
        return get_model(model, provider, draw, dialect)
    rows = b",".join([row(model) for model in provider.models])
    return answer(b'{"object":"list","data":[%b]}' % rows, "", draw, dialect)


def get_model(model: str, provider: ProviderView, draw: Draw, dialect: Dialect) -> Answer:
    """One model; raises ApiError when the provider does not have it."""
    if model not in provider.models:
        raise ApiError(404, "model_not_found", f"The model '{model}' does not exist", model=model)
    return answer(row(model), model, draw, dialect)


def row(model: str) -> bytes:
    """What is said of a model."""
    return b'{"id":%b,"object":"model","created":%d,"owned_by":"seawall"}' % (json.encode(model), CREATED)


def answer(body: bytes, model: str, draw: Draw, dialect: Dialect) -> Answer:
    """A body with the headers of every answer."""
    asked_id = dialect.request_id(draw)
    return Answer(
        operation=MODELS,
        request_id=asked_id,
        model=model,
        headers=dialect.headers(asked_id, model),
        body=body,
    )
