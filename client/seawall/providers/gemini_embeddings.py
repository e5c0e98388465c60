"""Gemini batchEmbedContents."""

from __future__ import annotations

from array import array
from typing import Any

import msgspec

from seawall.embeddings import EmbeddingRequest
from seawall.providers.embedding_reader import Embedded, EmbeddingDialect, embedding_decoder
from seawall.providers.encoding import RequestHeaders, encode_body, key_of
from seawall.providers.gemini_address import gemini_authorization, gemini_url
from seawall.providers.gemini_errors import GEMINI_ERRORS, read_gemini_error
from seawall.providers.json_document import NotJsonError, decode
from seawall.providers.options import ProviderOptions
from seawall.providers.provider_errors import ErrorFacts, InBandError
from seawall.providers.response import DecoderContext
from seawall.providers.wire import Decoder, HttpRequest


class GeminiEmbeddingCodec:
    """The `EmbeddingCodec` of one provider that speaks Gemini's batchEmbedContents, which counts no tokens."""

    def __init__(self, options: ProviderOptions, context: DecoderContext, *, model: str) -> None:
        self._model = f"models/{model.removeprefix('models/')}"
        self._context = context
        self._secret = key_of(options)
        self._url = f"{gemini_url(options, model)}:batchEmbedContents"
        self._headers = RequestHeaders(options, gemini_authorization(self._secret))

    def encode(self, request: EmbeddingRequest) -> HttpRequest:
        """Write the request."""
        shortened = {} if request.dimensions is None else {"outputDimensionality": request.dimensions}
        requests = [
            {"model": self._model, "content": {"parts": [{"text": text}]}, **shortened}
            for text in request.texts
        ]
        body = encode_body({"requests": requests})
        return HttpRequest("POST", self._url, self._headers.copy(stream=False), body)

    def decoder(self, request: EmbeddingRequest) -> Decoder:
        """Return a decoder for one response."""
        return embedding_decoder(_DIALECT, request, self._context, secret=self._secret)


class _Vector(msgspec.Struct):
    values: list[float]


class _Embeddings(msgspec.Struct):
    embeddings: list[_Vector] | None = None
    error: Any = None


_decoder = msgspec.json.Decoder(_Embeddings)


def _read(body: bytes, depth_max: int) -> Embedded:
    document = decode(_decoder, body, depth_max=depth_max)
    if document.error:
        raise InBandError(read_gemini_error(body) or ErrorFacts())
    if document.embeddings is None:
        raise NotJsonError("a document without vectors")
    return Embedded([array("f", vector.values) for vector in document.embeddings])


_DIALECT = EmbeddingDialect(errors=GEMINI_ERRORS, read_error=read_gemini_error, read=_read)
