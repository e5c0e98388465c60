"""The wires that exist, what is customary for each, and how to get its codec."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from seawall.providers import anthropic, gemini, openai_chat
from seawall.providers.options import ProviderOptions
from seawall.providers.response import DecoderContext
from seawall.providers.wire import Codec


class WireCustoms(msgspec.Struct, frozen=True, kw_only=True):
    """What users of a wire take for granted.

    `key_variables` and `base_url_variable` are the environment variables that its official SDK reads;
    `provider_name` and `default_model` serve those who configure nothing but a key.
    """

    provider_name: str
    public_base_url: str
    key_variables: tuple[str, ...]
    base_url_variable: str
    default_model: str
    api_versions: tuple[str, ...] = ()


WIRES: Mapping[str, WireCustoms] = {
    "openai_chat": WireCustoms(
        provider_name="openai",
        public_base_url=openai_chat.PUBLIC_BASE_URL,
        key_variables=("OPENAI_API_KEY",),
        base_url_variable="OPENAI_BASE_URL",
        default_model="gpt-6.1-terra",
    ),
    "anthropic": WireCustoms(
        provider_name="anthropic",
        public_base_url=anthropic.PUBLIC_BASE_URL,
        key_variables=("ANTHROPIC_API_KEY",),
        base_url_variable="ANTHROPIC_BASE_URL",
        default_model="claude-sonnet-5-5",
        api_versions=(anthropic.API_VERSION, anthropic.OLDER_API_VERSION),
    ),
    "gemini": WireCustoms(
        provider_name="gemini",
        public_base_url=gemini.PUBLIC_BASE_URL,
        key_variables=("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        base_url_variable="GOOGLE_GEMINI_BASE_URL",
        default_model="gemini-3.8-flash",
        api_versions=(gemini.API_VERSION, "v1beta"),
    ),
}


def codec_for(options: ProviderOptions, context: DecoderContext) -> Codec:
    """Return the codec of one provider."""
    match options.wire:
        case "openai_chat":
            return openai_chat.OpenAIChatCodec(options, context)
        case "anthropic":
            return anthropic.AnthropicCodec(options, context)
        case "gemini":
            return gemini.GeminiCodec(options, context)
