"""The wires that exist, and what is customary for each."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

ANTHROPIC_VERSION = "2026-10-21"
ANTHROPIC_OLDER_VERSION = "2023-06-01"
GEMINI_VERSION = "v1"


class WireCustoms(msgspec.Struct, frozen=True, kw_only=True):
    """What users of a wire take for granted.

    `key_variables`, `base_url_variable` and `api_version_variable` are the environment variables that its
    official SDK reads; `provider_name` and `default_model` serve those who configure nothing but a key. Of wires
    with the same name, the first is theirs.
    `public_base_url` is None where every customer has an address of its own. `api_versions` are those we speak,
    with `dated_api_versions` also any date, as in 2024-10-21 or 2025-04-01-preview.
    `embedding_texts_max` is how many texts one request may hold, 0 where the wire has no embeddings.
    """

    provider_name: str
    public_base_url: str | None
    key_variables: tuple[str, ...]
    base_url_variable: str
    default_model: str
    api_versions: tuple[str, ...] = ()
    dated_api_versions: bool = False
    api_version_variable: str | None = None
    embedding_texts_max: int = 0


_OPENAI = WireCustoms(
    provider_name="openai",
    public_base_url="https://api.openai.com/v1",
    key_variables=("OPENAI_API_KEY",),
    base_url_variable="OPENAI_BASE_URL",
    default_model="gpt-6.1-terra",
    embedding_texts_max=2_048,
)
WIRES: Mapping[str, WireCustoms] = {
    "openai_chat": _OPENAI,
    "openai_responses": _OPENAI,
    "azure_openai": WireCustoms(
        provider_name="azure",
        public_base_url=None,
        key_variables=("AZURE_OPENAI_API_KEY",),
        base_url_variable="AZURE_OPENAI_ENDPOINT",
        default_model="gpt-6.1-terra",
        api_versions=("v1", "preview"),
        dated_api_versions=True,
        api_version_variable="OPENAI_API_VERSION",
        embedding_texts_max=2_048,
    ),
    "anthropic": WireCustoms(
        provider_name="anthropic",
        public_base_url="https://api.anthropic.com",
        key_variables=("ANTHROPIC_API_KEY",),
        base_url_variable="ANTHROPIC_BASE_URL",
        default_model="claude-sonnet-5-5",
        api_versions=(ANTHROPIC_VERSION, ANTHROPIC_OLDER_VERSION),
    ),
    "gemini": WireCustoms(
        provider_name="gemini",
        public_base_url="https://generativelanguage.googleapis.com",
        key_variables=("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        base_url_variable="GOOGLE_GEMINI_BASE_URL",
        default_model="gemini-3.8-flash",
        api_versions=(GEMINI_VERSION, "v1beta"),
        embedding_texts_max=100,
    ),
}
