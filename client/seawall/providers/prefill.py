"""Which models go on from an assistant's message that stands last, and the request that asks for it."""

from __future__ import annotations

import re

import msgspec

from seawall.messages import CompletionRequest, Message
from seawall.providers.options import ProviderOptions

# Claude 3 to 4.5. Models after these answer 400 to a request that ends with an assistant's message.
_KNOWN = re.compile(r"claude-(3|[23]\.|(opus|sonnet|haiku)-4(-[0-5])?(-\d{8}|@\d{8}|-latest)?$)")


def takes_prefill(options: ProviderOptions) -> bool:
    """Whether this provider can be given a text to go on from: as set, else only where it is known."""
    if options.prefill is not None:
        return options.prefill
    return options.wire == "anthropic" and _KNOWN.match(options.model) is not None


def prefilled(request: CompletionRequest, text: str) -> CompletionRequest:
    """Return the request with the beginning of its answer. It ends in no white space: some providers refuse that."""
    text = text.rstrip()
    if not text:
        return request
    messages = (*request.messages, Message(role="assistant", content=text))
    return msgspec.structs.replace(request, messages=messages)
