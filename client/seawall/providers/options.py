"""What is known of one provider: its wire, its address, its key, its model and its peculiarities."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from seawall.providers.secret import Secret
from seawall.resilience.traits import ProviderTraits

Wire = Literal["openai_chat", "openai_responses", "azure_openai", "anthropic", "gemini"]


class ProviderOptions(ProviderTraits, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One provider, in the order of preference in which the settings list it.

    Attributes:
        name: what traces, logs and settings call it.
        wire: the format it speaks.
        model: the model asked for, in the provider's own naming. azure_openai: the deployment.
        base_url: where it is; None is the wire's public address. For openai_chat and openai_responses it ends in
            `/v1` (or whatever stands before `/chat/completions`); for azure_openai it is the resource's endpoint,
            for the others the root.
        api_key_env: the environment variable that holds the key.
        api_key: the key itself; better left to `api_key_env`.
        auth: "none" for a server that wants no key.
        api_version: anthropic: "2026-10-21", or "2023-06-01" for the older headers; gemini: "v1" or "v1beta";
            azure_openai: "v1", "preview", or a date such as "2024-10-21" for the addresses by deployment.
        max_output_tokens: the limit sent when a request names none and the wire demands one (anthropic). 1 to 10000000.
        headers: sent with every request, besides the wire's own.
        token_limit_field: openai_chat, azure_openai: what the server calls the output limit.
        stream_usage: openai_chat, azure_openai: ask for token counts at the end of a stream.
        finish_reason: openai_chat, azure_openai: "optional" accepts a stream that ends in `[DONE]` without a
            finish_reason, for servers that never send one; such an answer may have been cut short unseen.
        replay_reasoning: openai_responses: ask for the model's encrypted reasoning and send it back with the
            tool calls it led to. For reasoning models; others refuse it.
        prefill: the model goes on from an assistant's message that stands last, so that it can take over a stream
            that broke off (`streaming.on_midstream_failure: continue`). If not given: as known of the wire and
            the model, which is so of older Claude models alone; newer ones refuse it.
        prefill_flag: openai_chat: what the server wants with such a message: "prefix" in the message (Mistral,
            DeepSeek), "continue_final_message" in the request (vLLM, SGLang), or nothing.
        embedding_model: the model that `embed` asks for, in the provider's own naming; None takes no part in it.
        embedding_space: names the space its vectors lie in; `embedding_model` if not given. `embed` falls back
            only among providers of one space, for distances between vectors of two mean nothing.
        weight: its share of the calls among the others' with `order.by: weight`. 0 to 1000; 0 is a reserve.
        tags: what calls may require, such as `eu`. A call with `require_tags` goes to providers with all of them.
        max_concurrent: attempts that may run there at once; `concurrency.per_provider` if not given. 1 to 100000.
        input_price: of a million tokens read, in any currency; with `output_price` it gives traces a `cost` and
            `order.by: cost` an order. 0 to 1000000.
        output_price: of a million tokens written. 0 to 1000000.
    """

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9._-]*$")]
    wire: Wire
    model: Annotated[str, msgspec.Meta(min_length=1, max_length=256)]
    base_url: str | None = None
    api_key_env: str | None = None
    api_key: Secret | None = None
    auth: Literal["key", "none"] = "key"
    api_version: str | None = None
    max_output_tokens: Annotated[int, msgspec.Meta(ge=1, le=10_000_000)] = 8_192
    headers: dict[str, str] = msgspec.field(default_factory=dict)
    token_limit_field: Literal["max_completion_tokens", "max_tokens"] = "max_completion_tokens"  # noqa: S105
    stream_usage: bool = True
    finish_reason: Literal["required", "optional"] = "required"
    replay_reasoning: bool = False
    prefill_flag: Literal["none", "prefix", "continue_final_message"] = "none"
    embedding_model: Annotated[str, msgspec.Meta(min_length=1, max_length=256)] | None = None
    embedding_space: Annotated[str, msgspec.Meta(min_length=1, max_length=256)] | None = None
