"""From a provider's options to its codec. Only the codecs in use are imported."""

# ruff: noqa: PLC0415
from __future__ import annotations

from seawall.providers.options import ProviderOptions
from seawall.providers.response import DecoderContext
from seawall.providers.wire import Codec


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
