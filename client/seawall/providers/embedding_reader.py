"""Reads the response to a request for embeddings, of any wire: one JSON document, checked against the request."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Sequence

import msgspec

from seawall.embeddings import EmbeddingReply, EmbeddingRequest
from seawall.messages import Usage
from seawall.providers.json_document import NotJsonError
from seawall.providers.provider_errors import ErrorFacts, ErrorTable
from seawall.providers.response import DecoderContext, ResponseDecoder
from seawall.providers.sse import SseEvent
from seawall.providers.vectors import checked
from seawall.providers.wire import Decoder, Delta


class Embedded(msgspec.Struct, frozen=True):
    """What a document says, not yet checked against what was asked."""

    vectors: Sequence[array[float]]
    model: str = ""
    usage: Usage = Usage()


class EmbeddingDialect(msgspec.Struct, frozen=True, kw_only=True):
    """What is particular to a wire.

    `read` takes a document and how deep it may nest; it raises `NotJsonError` or `InBandError`.
    """

    errors: ErrorTable
    read_error: Callable[[bytes], ErrorFacts | None]
    read: Callable[[bytes, int], Embedded]


class EmbeddingReader:
    """Reads one response to `request`."""

    request_id_header = "x-request-id"
    finished = False

    def __init__(self, dialect: EmbeddingDialect, request: EmbeddingRequest, *, depth_max: int) -> None:
        self.errors = dialect.errors
        self._dialect = dialect
        self._request = request
        self._depth_max = depth_max
        self._embedded = Embedded(())

    def event(self, event: SseEvent, deltas: list[Delta]) -> None:  # noqa: ARG002 - the seam's signature
        """Embeddings are never streamed."""
        raise NotJsonError("a stream where a document was asked for")

    def document(self, body: bytes) -> None:
        """Read a whole answer."""
        self._embedded = self._dialect.read(body, self._depth_max)

    def error(self, body: bytes) -> ErrorFacts | None:
        """Read an error body."""
        return self._dialect.read_error(body)

    def reply(self, request_id: str | None) -> EmbeddingReply:
        """Return the vectors. Raises `NotJsonError` where they do not fit the request."""
        embedded = self._embedded
        return EmbeddingReply(
            vectors=checked(embedded.vectors, self._request),
            usage=embedded.usage,
            model=embedded.model[:256],
            request_id=request_id,
        )


def embedding_decoder(
    dialect: EmbeddingDialect, request: EmbeddingRequest, context: DecoderContext, *, secret: str
) -> Decoder:
    """Return a decoder for the response to `request`; many vectors are larger than other answers may be."""
    limits = context.limits
    larger = msgspec.structs.replace(limits, body_bytes_max=limits.embedding_bytes_max)
    reader = EmbeddingReader(dialect, request, depth_max=limits.json_depth_max)
    return ResponseDecoder(
        reader, msgspec.structs.replace(context, limits=larger), stream=False, secret=secret
    )
