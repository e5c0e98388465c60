"""From a provider's options to its codec. Only the codecs in use are imported."""

# ruff: noqa: PLC0415
from __future__ import annotations

from seawall.providers.options import ProviderOptions
from seawall.providers.response import DecoderContext
from seawall.providers.wire import Codec, EmbeddingCodec


def codec_for(options: ProviderOptions, context: DecoderContext) -> Codec:
    """Return the codec of one provider."""
    match options.wire:
        case "openai_chat" | "azure_openai":
            from seawall.providers.openai_chat import OpenAIChatCodec

            return OpenAIChatCodec(options, context)
        case "openai_responses":
            from seawall.providers.openai_responses import OpenAIResponsesCodec

            return OpenAIResponsesCodec(options, context)
        case "anthropic":
            from seawall.providers.anthropic import AnthropicCodec

            return AnthropicCodec(options, context)
        case "gemini":
            from seawall.providers.gemini import GeminiCodec

            return GeminiCodec(options, context)


def embedding_codec_for(
    options: ProviderOptions, context: DecoderContext, *, model: str
) -> EmbeddingCodec | None:
    """Return the codec of one provider's embeddings, None if its wire has none."""
    match options.wire:
        case "openai_chat" | "openai_responses" | "azure_openai":
            from seawall.providers.openai_embeddings import OpenAIEmbeddingCodec

            return OpenAIEmbeddingCodec(options, context, model=model)
        case "gemini":
            from seawall.providers.gemini_embeddings import GeminiEmbeddingCodec

            return GeminiEmbeddingCodec(options, context, model=model)
        case "anthropic":
            return None
