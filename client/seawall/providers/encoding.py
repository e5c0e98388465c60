"""What all wires' requests share: headers, the body's bytes, and the refusal of what no wire can carry."""

from __future__ import annotations

from typing import Any

import msgspec

from seawall._version import __version__
from seawall.messages import ToolCall
from seawall.providers.options import ProviderOptions
from seawall.providers.provider_errors import provider_error
from seawall.resilience.failures import FailureKind

_object_decoder = msgspec.json.Decoder(dict[str, msgspec.Raw])


class RequestHeaders:
    """The headers of a wire's requests, made once and copied for each."""

    def __init__(self, options: ProviderOptions, own: dict[str, str]) -> None:
        shared = {"Content-Type": "application/json", "User-Agent": f"seawall/{__version__}", **own}
        self._document = {**shared, "Accept": "application/json", **options.headers}
        self._stream = {**shared, "Accept": "text/event-stream", **options.headers}

    def copy(self, *, stream: bool) -> dict[str, str]:
        """Return the headers of one request."""
        return dict(self._stream if stream else self._document)


def key_of(options: ProviderOptions) -> str:
    """Return the provider's key, or "" where it wants none."""
    return options.api_key.reveal() if options.api_key is not None and options.auth == "key" else ""


def encode_body(document: dict[str, Any]) -> bytes:
    """Encode a request's JSON. Raises `ProviderError(invalid_request)` where it holds what JSON cannot."""
    try:
        return msgspec.json.encode(document)
    except (TypeError, ValueError, RecursionError) as error:
        what = (
            "text that is not valid Unicode"
            if isinstance(error, UnicodeError)
            else "what JSON cannot express"
        )
        raise provider_error(FailureKind.INVALID_REQUEST, f"the request holds {what}") from None


def arguments_object(call: ToolCall) -> msgspec.Raw:
    """Return a tool call's arguments as the JSON object some wires want.

    Raises `ProviderError(invalid_request)` where they are none.
    """
    arguments = (call.arguments or "{}").encode("utf-8", "surrogatepass")
    try:
        _object_decoder.decode(arguments)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise provider_error(
            FailureKind.INVALID_REQUEST,
            "a tool call in the conversation has arguments that are no JSON object",
        ) from None
    return msgspec.Raw(arguments)
