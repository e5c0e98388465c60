"""What differs between the families that speak OpenAI's bodies: OpenAI itself, and Azure."""

from collections.abc import Callable

from msgspec import Struct

from seawall_simulators.draw import Draw
from seawall_simulators.wire import Headers
from seawall_simulators.wires import openai_headers


class Dialect(Struct, frozen=True):
    """The headers of an answer, and the members (JSON, each after a comma) that a body has beyond OpenAI's."""

    request_id: Callable[[Draw], str]
    headers: Callable[[str, str], Headers]
    """Of an answer, by its request id and its model."""
    choice: bytes = b""
    """Of a choice that says something."""
    silent_choice: bytes = b""
    """Of a chunk's choice that says nothing."""
    completion: bytes = b""
    """Of a whole completion."""
    opening: bytes = b""
    """The frame before a stream's first chunk."""
    response_begun: bytes = b""
    """Of a response in progress."""
    response: bytes = b""
    """Of a response that has ended."""


OPENAI = Dialect(openai_headers.request_id, openai_headers.headers)
