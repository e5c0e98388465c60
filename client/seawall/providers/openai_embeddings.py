"""OpenAI embeddings, at OpenAI, on Azure and at every server that follows."""

from __future__ import annotations

from typing import Any

import msgspec

from seawall.embeddings import EmbeddingRequest
from seawall.messages import Usage
from seawall.providers.answer import token_count
from seawall.providers.embedding_reader import Embedded, EmbeddingDialect, embedding_decoder
from seawall.providers.encoding import RequestHeaders, encode_body, key_of
from seawall.providers.json_document import NotJsonError, decode
from seawall.providers.openai_address import openai_authorization, openai_url
from seawall.providers.openai_errors import OPENAI_ERRORS, read_openai_error
from seawall.providers.options import ProviderOptions
from seawall.providers.provider_errors import ErrorFacts, InBandError
from seawall.providers.response import DecoderContext
from seawall.providers.vectors import in_order, vector_of
from seawall.providers.wire import Decoder, HttpRequest


class OpenAIEmbeddingCodec:
    """The `EmbeddingCodec` of one provider that speaks OpenAI's embeddings."""

    def __init__(self, options: ProviderOptions, context: DecoderContext, *, model: str) -> None:
        self._model = model
        self._context = context
        self._secret = key_of(options)
        self._url = openai_url(options, "embeddings", model)
        self._headers = RequestHeaders(options, openai_authorization(options, self._secret))

    def encode(self, request: EmbeddingRequest) -> HttpRequest:
        """Write the request. Base64 is a third of the size of numbers, and exact."""
        body: dict[str, Any] = {"model": self._model, "input": request.texts, "encoding_format": "base64"}
        if request.dimensions is not None:
            body["dimensions"] = request.dimensions
        return HttpRequest("POST", self._url, self._headers.copy(stream=False), encode_body(body))

    def decoder(self, request: EmbeddingRequest) -> Decoder:
        """Return a decoder for one response."""
        return embedding_decoder(_DIALECT, request, self._context, secret=self._secret)


class _Vector(msgspec.Struct):
    embedding: list[float] | str
    index: int | None = None


class _Usage(msgspec.Struct):
    prompt_tokens: int | None = None


class _Embeddings(msgspec.Struct):
    data: list[_Vector] | None = None
    model: str | None = None
    usage: msgspec.Raw = msgspec.Raw()
    object: Any = None
    error: Any = None


_decoder = msgspec.json.Decoder(_Embeddings)
_usage_decoder = msgspec.json.Decoder(_Usage)


def _read(body: bytes, depth_max: int) -> Embedded:
    document = decode(_decoder, body, depth_max=depth_max)
    if document.error or document.object == "error":
        raise InBandError(read_openai_error(body) or ErrorFacts())
    if document.data is None:
        raise NotJsonError("a document without vectors")
    places = in_order([vector.index for vector in document.data])
    return Embedded(
        [vector_of(document.data[place].embedding) for place in places],
        document.model or "",
        _usage(document.usage),
    )


def _usage(raw: msgspec.Raw) -> Usage:
    try:
        usage = _usage_decoder.decode(raw) if len(raw) > len(b"null") else _Usage()
    except (ValueError, RecursionError):
        return Usage()  # a count that cannot be read is no reason to lose the answer
    return Usage(input_tokens=token_count(usage.prompt_tokens))


_DIALECT = EmbeddingDialect(errors=OPENAI_ERRORS, read_error=read_openai_error, read=_read)
