"""What a wire is handed and what it hands back: pure data, no socket and no clock."""

from collections.abc import Callable, Mapping
from typing import Protocol

from msgspec import Struct

from seawall_simulators.draw import Draw
from seawall_simulators.reply import Reply

Headers = tuple[tuple[str, str], ...]


class Request(Struct, frozen=True, gc=False):
    """One parsed HTTP request.

    `path` starts with a slash, without the provider's prefix and without the query, still percent-encoded;
    `query` is what followed the question mark; header names are lower-case.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes


class ProviderView(Struct, frozen=True):
    """What a wire may know of the provider it speaks for."""

    name: str
    models: tuple[str, ...]
    tokens: int
    """Length of the answers, in content tokens."""
    api_key: str | None = None
    """None: any key is welcome. Else a request without this very key is refused (401), as the provider does."""
    told: Reply | None = None
    """What the model says to whatever it is asked; None: what it decides."""


class RateLimitState(Struct, frozen=True, gc=False):
    """What is left of the provider's allowances at the moment of answering.

    A limit of None means unlimited: the wire then says its customary constants, so that equal requests get
    equal bytes.
    """

    limit_requests: int | None = None
    remaining_requests: int = 0
    reset_requests_s: float = 0.0
    """Seconds until the request allowance is full again."""
    limit_tokens: int | None = None
    remaining_tokens: int = 0
    reset_tokens_s: float = 0.0


def no_error_frame(code: str | None) -> bytes:  # noqa: ARG001  (the signature is the contract)
    """The error frame of an answer that has no stream."""
    return b""


class Answer(Struct, frozen=True, kw_only=True):
    """What a wire wants said: pure data, no time.

    Either `body` is set (a body sent whole) or the three tuples of frames are (a stream). Content-type,
    content-length, transfer-encoding, connection and the rate-limit headers are the server's business; every
    other header, the request id among them, is in `headers`.
    """

    operation: str
    """Such as `chat.completions`, `responses`, `embeddings`, `models`, `messages`, `generateContent`."""
    request_id: str
    """The provider's own id of this request, as its headers (or body) say it."""
    model: str = ""
    stream: bool = False
    status: int = 200
    headers: Headers = ()
    content_type: str = "application/json"
    body: bytes | None = None
    head_chunks: tuple[bytes, ...] = ()
    """Frames before the first token."""
    token_chunks: tuple[bytes, ...] = ()
    """One frame per content token or fragment of tool arguments."""
    tail_chunks: tuple[bytes, ...] = ()
    """Frames after the last token, up to and including the terminal event."""
    text: str = ""
    """The full answer text; empty for tool calls."""
    ping: bytes | None = None
    """This wire's keep-alive frame, None where it has none."""
    error_frame: Callable[[str | None], bytes] = no_error_frame
    """The provider-true error event inside a 200 stream, by error code (None: its overload error)."""
    input_tokens: int = 0
    output_tokens: int = 0


class ApiError(Exception):
    """A request the provider refuses; the server words it through `Wire.error`."""

    def __init__(
        self,
        status: int,
        code: str | None = None,
        message: str | None = None,
        *,
        operation: str = "",
        model: str = "",
        stream: bool = False,
    ) -> None:
        super().__init__(status, code, message)
        self.status = status
        self.code = code
        self.message = message
        self.operation = operation
        self.model = model
        self.stream = stream


class Wire(Protocol):
    """One provider family's way of speaking. Stateless: one instance serves every provider of the family."""

    @property
    def name(self) -> str:
        """`openai`, `azure`, `anthropic`, `gemini`."""
        ...

    @property
    def overload_status(self) -> int:
        """The status this family answers with when its capacity is exhausted: 503, or 529."""
        ...

    def base_path(self) -> str:
        """What an SDK's `base_url` ends with: `/v1`, `/openai/v1`, or nothing."""
        ...

    def answer(self, request: Request, provider: ProviderView, draw: Draw) -> Answer:
        """What the provider says to a request; raises ApiError for one it refuses."""
        ...

    def request_id(self, draw: Draw) -> str:
        """A request id in this family's form, for answers that `answer` did not make."""
        ...

    def error(
        self,
        status: int,
        *,
        code: str | None,
        message: str | None,
        request_id: str,
        retry_after_s: float | None = None,
    ) -> tuple[Headers, bytes]:
        """Provider-true headers and JSON body of any error status.

        None for `code` or `message` means what the family customarily says with this status. `retry_after_s`
        is said wherever the family says it: `retry-after`, `retry-after-ms`, RetryInfo in the body. Headers
        leave out content-type and content-length.
        """
        ...

    def rate_limit_headers(self, limits: RateLimitState) -> Headers:
        """The headers that tell a client what is left of its allowances; empty where the family has none."""
        ...
