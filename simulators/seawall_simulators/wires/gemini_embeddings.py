"""`:embedContent` and `:batchEmbedContents`: unit vectors that depend on the model's name and the text alone."""

from msgspec import json

from seawall_simulators.draw import Draw
from seawall_simulators.wire import Answer, ApiError, ProviderView, Request
from seawall_simulators.wires.decoding import BodyError
from seawall_simulators.wires.embedding import embedding
from seawall_simulators.wires.gemini_request import (
    BATCH_EMBED_REQUEST,
    EMBED_REQUEST,
    EmbedRequest,
    read_either,
)

BATCH_MAX = 100
DIMENSIONS = 3072


def embed(request: Request, model: str, provider: ProviderView, draw: Draw) -> Answer:  # noqa: ARG001
    """The embedding of one content; raises BodyError and ApiError."""
    asked = read_either(EMBED_REQUEST, request.body)
    body = b'{"embedding":%b}' % values(asked, model)
    return answer("embedContent", body, [asked], model, draw)


def embed_batch(request: Request, model: str, provider: ProviderView, draw: Draw) -> Answer:  # noqa: ARG001
    """The embeddings of several contents; raises BodyError and ApiError."""
    asked = read_either(BATCH_EMBED_REQUEST, request.body).requests
    if not asked:
        raise BodyError("missing", "requests", "")
    if len(asked) > BATCH_MAX:
        message = f"* BatchEmbedContentsRequest.requests: at most {BATCH_MAX} requests can be in one batch\n"
        raise ApiError(400, None, message)
    for index, one in enumerate(asked):
        if one.model is not None and one.model.removeprefix("models/") != model:
            message = (
                f"* BatchEmbedContentsRequest.requests[{index}].model: must be the model of the address\n"
            )
            raise ApiError(400, None, message)
    body = b'{"embeddings":[%b]}' % b",".join([values(one, model) for one in asked])
    return answer("batchEmbedContents", body, asked, model, draw)


def values(asked: EmbedRequest, model: str) -> bytes:
    """The vector of one content."""
    dimensions = DIMENSIONS if asked.output_dimensionality is None else asked.output_dimensionality
    if not 1 <= dimensions <= DIMENSIONS:
        raise ApiError(400, None, f"output_dimensionality must be between 1 and {DIMENSIONS}")
    return b'{"values":%b}' % json.encode(embedding(model, asked.content.text().encode(), dimensions))


def answer(operation: str, body: bytes, asked: list[EmbedRequest], model: str, draw: Draw) -> Answer:
    """A body with what it cost."""
    return Answer(
        operation=operation,
        request_id=draw.id("", 22),
        model=model,
        body=body,
        input_tokens=sum(one.content.tokens() for one in asked),
    )
