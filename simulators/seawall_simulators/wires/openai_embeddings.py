"""`POST /embeddings`: unit vectors, as numbers or as base64 of little-endian float32."""

import base64
import sys
from array import array
from typing import Literal

import msgspec
from msgspec import Struct, json

from seawall_simulators.draw import Draw
from seawall_simulators.wire import Answer, ApiError, ProviderView, Request
from seawall_simulators.wires.decoding import read
from seawall_simulators.wires.embedding import embedding
from seawall_simulators.wires.openai_dialect import OPENAI, Dialect
from seawall_simulators.wires.openai_errors import no_such_model
from seawall_simulators.wires.token_count import text_tokens

OPERATION = "embeddings"
INPUTS_MAX = 2048
DIMENSIONS = 1536
DIMENSIONS_MAX = 3072
NUMBERS_MAX = 1_000_000
"""Bound on one answer, well above what clients ask in a request."""


class EmbeddingsRequest(Struct, forbid_unknown_fields=True, kw_only=True):
    """The body of `POST /embeddings`."""

    model: str
    input: str | list[str | int | list[int]]
    dimensions: int | None = None
    encoding_format: Literal["float", "base64"] | None = None
    user: str | None = None


EMBEDDINGS_REQUEST = msgspec.json.Decoder(EmbeddingsRequest)


def embeddings(request: Request, provider: ProviderView, draw: Draw) -> Answer:
    """The embeddings asked for; raises BodyError and ApiError."""
    asked = read(EMBEDDINGS_REQUEST, request.body)
    if asked.model not in provider.models:
        raise no_such_model(asked.model)
    return embedded(asked, draw, OPENAI)


def embedded(asked: EmbeddingsRequest, draw: Draw, dialect: Dialect) -> Answer:
    """The embeddings of a model that there is; raises ApiError."""
    texts = inputs(asked)
    dimensions = check(asked, texts)
    rows = []
    for index, text in enumerate(texts):
        vector = embedding(asked.model, content(text), dimensions)
        value = json.encode(base64_floats(vector) if asked.encoding_format == "base64" else vector)
        rows.append(b'{"object":"embedding","index":%d,"embedding":%b}' % (index, value))
    n_tokens = sum(text_tokens(text) if isinstance(text, str) else len(text) for text in texts)
    asked_id = dialect.request_id(draw)
    return Answer(
        operation=OPERATION,
        request_id=asked_id,
        model=asked.model,
        headers=dialect.headers(asked_id, asked.model),
        body=b'{"object":"list","data":[%b],"model":%b,"usage":{"prompt_tokens":%d,"total_tokens":%d}}'
        % (b",".join(rows), json.encode(asked.model), n_tokens, n_tokens),
        input_tokens=n_tokens,
    )


def inputs(asked: EmbeddingsRequest) -> list[str | list[int]]:
    """Each input on its own, a text or its token numbers."""
    if isinstance(asked.input, str):
        return [asked.input]
    numbers = [item for item in asked.input if isinstance(item, int)]
    return [numbers] if numbers else [item for item in asked.input if not isinstance(item, int)]


def check(asked: EmbeddingsRequest, texts: list[str | list[int]]) -> int:
    """How many numbers a vector has; raises ApiError for what cannot be served."""
    dimensions = DIMENSIONS if asked.dimensions is None else asked.dimensions
    if not 1 <= dimensions <= DIMENSIONS_MAX:
        raise ApiError(
            400, "invalid_value", f"Invalid value for 'dimensions': between 1 and {DIMENSIONS_MAX}."
        )
    if not texts or not all(texts) or len(texts) > INPUTS_MAX or len(texts) * dimensions > NUMBERS_MAX:
        raise ApiError(400, "invalid_value", "Invalid 'input': empty, or too much for one request.")
    return dimensions


def content(text: str | list[int]) -> bytes:
    """What a vector is made of: the text, or the list of its token numbers."""
    return text.encode() if isinstance(text, str) else json.encode(text)


def base64_floats(vector: list[float]) -> str:
    """The vector as the SDK wants it unless told otherwise."""
    numbers = array("f", vector)
    if sys.byteorder == "big":
        numbers.byteswap()
    return base64.b64encode(numbers.tobytes()).decode()
