"""Who may stand in for whom when texts are embedded: only providers whose vectors lie in the same space."""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from typing import TYPE_CHECKING

import msgspec

from seawall.embeddings import EmbeddingRequest
from seawall.errors import ConfigurationError
from seawall.providers.customs import WIRES
from seawall.providers.options import ProviderOptions
from seawall.providers.response import DecoderContext
from seawall.providers.wire import Decoder, EmbeddingCodec, HttpRequest
from seawall.providers.wires import embedding_codec_for
from seawall.resilience.fleet import Fleet
from seawall.resilience.provider import Provider

if TYPE_CHECKING:
    from seawall.messages import CompletionRequest
    from seawall.unified_client import Upstream


class EmbeddingUpstream(msgspec.Struct, frozen=True, kw_only=True):
    """What a provider embeds with: its model, the space its vectors lie in, how many texts it takes at once."""

    model: str
    space: str
    texts_max: int
    codec: EmbeddingCodec


def embedding_upstream_of(options: ProviderOptions, context: DecoderContext) -> EmbeddingUpstream | None:
    """Return what a provider embeds with, None if it does not. Raises `ConfigurationError` where its wire cannot."""
    if options.embedding_model is None:
        return None
    codec = embedding_codec_for(options, context, model=options.embedding_model)
    if codec is None:
        raise ConfigurationError(f"provider {options.name}: wire {options.wire} has no embeddings")
    return EmbeddingUpstream(
        model=options.embedding_model,
        space=options.embedding_space or options.embedding_model,
        texts_max=WIRES[options.wire].embedding_texts_max,
        codec=codec,
    )


class EmbeddingSpace:
    """The providers of one space, with breakers and budgets of their own: another model may fail alone."""

    def __init__(self, name: str, upstreams: Sequence[Upstream], fleet: Fleet) -> None:
        self.name = name
        self.fleet = fleet
        self._upstreams = upstreams

    def check(self, request: EmbeddingRequest) -> None:
        """Raise `ConfigurationError` for more texts than every provider takes: any may have to stand in."""
        limit, name = min((embedding_of(upstream).texts_max, upstream.name) for upstream in self._upstreams)
        if len(request.texts) > limit:
            raise ConfigurationError(
                f"{len(request.texts)} texts: provider {name} takes at most {limit} in one call; split them"
            )

    def upstreams_for(self, request: EmbeddingRequest) -> list[Upstream]:
        """Return the upstreams with codecs for this one call."""
        return [
            msgspec.structs.replace(upstream, codec=_CodecOfOneCall(embedding_of(upstream).codec, request))
            for upstream in self._upstreams
        ]


class EmbeddingSpaces:
    """Every space there is, in the order of the first provider of each.

    Args:
        upstreams: all providers; those without embeddings take no part.
        fleet_of: makes a fleet of providers, whose `model` is then the one they embed with.
    """

    def __init__(
        self, upstreams: Sequence[Upstream], fleet_of: Callable[[Sequence[Upstream]], Fleet]
    ) -> None:
        members: dict[str, list[Upstream]] = {}
        for upstream in upstreams:
            if (embedding := upstream.embedding) is not None:
                # The prices are those of the model that answers prompts.
                traits = msgspec.structs.replace(upstream.traits, input_price=None, output_price=None)
                embedder = msgspec.structs.replace(upstream, model=embedding.model, traits=traits)
                members.setdefault(embedding.space, []).append(embedder)
        self._spaces = {
            name: EmbeddingSpace(name, embedders, fleet_of(embedders)) for name, embedders in members.items()
        }

    def inherit(self, former: EmbeddingSpaces, fleet: Fleet, unchanged: Container[str]) -> None:
        """Share what is known of the providers of spaces that existed before: see `Fleet.inherit`.

        `fleet`: all providers. What an operator forced there holds in every space.
        """
        for name, space in self._spaces.items():
            if (known := former._spaces.get(name)) is not None:
                space.fleet.inherit(known.fleet, unchanged)
            for provider in space.fleet.providers:
                forced = fleet.provider(provider.name).breaker.forced
                if forced != provider.breaker.forced:
                    provider.breaker.force(forced)

    def providers(self, name: str) -> list[Provider]:
        """Return what is known of the provider of this name, in the space it embeds in; nothing if it does not."""
        return [
            provider
            for space in self._spaces.values()
            for provider in space.fleet.providers
            if provider.name == name
        ]

    def choose(self, name: str | None) -> EmbeddingSpace:
        """Return the space of this name, or the first. Raises `ConfigurationError` if there is none such."""
        if not self._spaces:
            raise ConfigurationError(
                "no provider embeds: give one an embedding_model (wires openai_chat, openai_responses, "
                "azure_openai and gemini have embeddings, anthropic has none)"
            )
        if name is None:
            return next(iter(self._spaces.values()))
        if name not in self._spaces:
            raise ConfigurationError(f"space {name!r}: there are {', '.join(self._spaces)}")
        return self._spaces[name]


class _CodecOfOneCall:
    """The `Codec` that a driver wants, for the texts of one call: what comes back must fit them."""

    def __init__(self, codec: EmbeddingCodec, request: EmbeddingRequest) -> None:
        self._codec = codec
        self._request = request

    def encode(self, request: CompletionRequest, *, stream: bool) -> HttpRequest:  # noqa: ARG002 - the seam's
        """Write the request for the texts."""
        return self._codec.encode(self._request)

    def decoder(self, *, stream: bool) -> Decoder:  # noqa: ARG002 - the seam's signature
        """Return a decoder for one response."""
        return self._codec.decoder(self._request)


def embedding_of(upstream: Upstream) -> EmbeddingUpstream:
    """Return what a member of a space embeds with."""
    assert upstream.embedding is not None, upstream.name  # noqa: S101 - no other becomes a member
    return upstream.embedding
