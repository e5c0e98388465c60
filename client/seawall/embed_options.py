"""From what a caller of `embed` writes to a request: checked here, so that nothing impossible is sent to anybody."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypedDict

from seawall.embeddings import EmbeddingRequest
from seawall.errors import ConfigurationError
from seawall.option_check import check_options


class EmbedOptions(TypedDict, total=False):
    """Every option of `embed`.

    Attributes:
        space: which `embedding_space` the vectors shall lie in; that of the first provider with one if not given.
        dimensions: shortens the vectors, for models that can; at least 1.
        deadline_s: seconds the call may take in all; the settings' deadline if not given.
        call_id: names the call in traces, logs and the header that providers see; random if not given.
        bypass_breakers: ask in order of preference whatever the breakers say, for operators.
        require_tags: only providers whose `tags` hold all of these are asked, whatever happens.
    """

    space: str | None
    dimensions: int | None
    deadline_s: float | None
    call_id: str | None
    bypass_breakers: bool
    require_tags: Sequence[str]


def embedding_request_of(texts: Sequence[str], options: EmbedOptions) -> EmbeddingRequest:
    """Build the request of a call.

    Raises:
        TypeError: for an option that does not exist.
        ConfigurationError: for texts or an option that cannot work.
    """
    known = EmbedOptions.__optional_keys__
    if unknown := options.keys() - known:
        raise TypeError(f"unknown option {min(unknown)!r}; there are {', '.join(sorted(known))}")
    check_options(options)
    if isinstance(texts, str):
        raise ConfigurationError("embed takes a list of texts; put a single one into a list")
    given: object = texts
    if not isinstance(given, Sequence):
        raise ConfigurationError(f"embed takes a list of texts, not {type(given).__name__}")
    for number, text in enumerate(given, 1):
        if not isinstance(text, str) or not text:
            what = "empty" if text == "" else f"{type(text).__name__}, not str"
            raise ConfigurationError(f"text {number} is {what}, which no provider can embed")
    if not texts:
        raise ConfigurationError("embed needs at least one text")
    dimensions = options.get("dimensions")
    if dimensions is not None and dimensions < 1:
        raise ConfigurationError(f"dimensions {dimensions!r}: expected at least 1")
    return EmbeddingRequest(texts=tuple(texts), dimensions=dimensions)
