"""What goes into embedding texts and what comes out, the same for every provider."""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING

import msgspec

from seawall.messages import Usage

if TYPE_CHECKING:
    from seawall.trace import CallTrace


class EmbeddingRequest(msgspec.Struct, frozen=True, kw_only=True):
    """Texts to embed. `dimensions` shortens the vectors, for models that can; None leaves them as they are."""

    texts: tuple[str, ...]
    dimensions: int | None = None


class EmbeddingReply(msgspec.Struct, frozen=True, kw_only=True):
    """The vectors as one provider gave them, one for each text and in the texts' order."""

    vectors: tuple[array[float], ...]
    usage: Usage = Usage()
    model: str = ""
    request_id: str | None = None

    def answered(self, provider: str, trace: CallTrace) -> Embeddings:
        """Return the caller's answer."""
        return Embeddings(
            vectors=self.vectors,
            provider=provider,
            model=self.model or trace.model or "",
            trace=trace,
            usage=self.usage,
            request_id=self.request_id,
        )


class Embeddings(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to `embed`, who gave it, and what it took to get it (`trace`).

    `vectors` has one for each text, in the texts' order, all of one length: `array('f')`, 4 bytes a number, which
    numpy takes without copying (`numpy.asarray(vector)`) and `list(vector)` makes a list of.
    """

    vectors: tuple[array[float], ...]
    provider: str
    model: str
    trace: CallTrace
    usage: Usage = Usage()
    request_id: str | None = None
