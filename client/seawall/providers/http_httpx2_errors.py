"""From what httpx2 and the operating system raise to one `Failure`: the only place that knows their errors."""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator

import httpx2

from seawall.providers.decompression import UndecodableError
from seawall.providers.provider_errors import failure
from seawall.resilience.failures import Failure, FailureKind

HTTP_ERRORS = (
    httpx2.HTTPError,
    httpx2.InvalidURL,
    UndecodableError,
    ssl.SSLError,
    OSError,  # TimeoutError is one
    ValueError,  # a header that httpx2 will not send
)

# The first row that an error or one of its causes is an instance of decides.
_CAUSES: tuple[tuple[type[BaseException], FailureKind, str, str], ...] = (
    (
        ssl.SSLCertVerificationError,
        FailureKind.TLS,
        "the server's certificate is not trusted",
        "certificate",
    ),
    (ssl.SSLError, FailureKind.TLS, "no TLS with the server", "handshake"),
    (socket.gaierror, FailureKind.CONNECT, "the host name is not known", "dns"),
)
_BEFORE_HEAD: tuple[tuple[tuple[type[BaseException], ...], FailureKind, str, str | None], ...] = (
    ((httpx2.ProxyError,), FailureKind.CONNECT, "no connection through the proxy", "proxy"),
    ((httpx2.ConnectError,), FailureKind.CONNECT, "no connection", None),
    (
        (httpx2.LocalProtocolError, httpx2.UnsupportedProtocol, httpx2.InvalidURL, ValueError),
        FailureKind.INVALID_REQUEST,
        "an address or a header that cannot be sent",
        None,
    ),
    (
        (httpx2.RemoteProtocolError,),
        FailureKind.BAD_RESPONSE,
        "not an HTTP response, or headers beyond their limits",
        None,
    ),
    ((httpx2.HTTPError, OSError), FailureKind.CONNECT, "lost before an answer came", None),
)
# httpx2 gives an ending of the connection no type of its own.
_CLOSED_EARLY = ("Server disconnected", "peer closed connection")


def failure_before_head(error: BaseException) -> Failure:
    """Translate what went wrong before the response's head was there."""
    if _is_closed_early(error):
        return failure(FailureKind.CONNECT, "closed before an answer came", code="closed")
    if isinstance(error, httpx2.PoolTimeout):
        return failure(FailureKind.TIMEOUT_CONNECT, "no connection free in the client's pool", code="pool")
    if isinstance(error, httpx2.TimeoutException | TimeoutError):
        return failure(FailureKind.TIMEOUT_CONNECT, "no connection within its time limit")
    causes = tuple(_causes(error))
    for kind_of_error, kind, detail, code in _CAUSES:
        if any(isinstance(cause, kind_of_error) for cause in causes):
            return failure(kind, detail, code=code)
    for kinds, kind, detail, known_code in _BEFORE_HEAD:
        if isinstance(error, kinds):
            return failure(kind, detail, code=known_code or _code(causes))
    raise AssertionError("every error that the seam catches has a row") from error


def failure_in_body(error: BaseException, status: int) -> Failure:
    """Translate what went wrong while the body was read."""
    if isinstance(error, UndecodableError):
        return failure(FailureKind.BAD_RESPONSE, str(error), status=status)
    if _is_closed_early(error) or isinstance(error, httpx2.NetworkError | OSError):
        code = _code(tuple(_causes(error)))
        return failure(FailureKind.STREAM_CUT, "cut off in the middle", status=status, code=code)
    return failure(FailureKind.BAD_RESPONSE, "a body that breaks the rules of HTTP", status=status)


def _is_closed_early(error: BaseException) -> bool:
    return isinstance(error, httpx2.RemoteProtocolError) and str(error).startswith(_CLOSED_EARLY)


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """Yield an error and what it was raised from."""
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _code(causes: tuple[BaseException, ...]) -> str | None:
    """Return the operating system's name of the first cause that has one, such as `ECONNREFUSED`."""
    for cause in causes:
        number = cause.errno if isinstance(cause, OSError) else None
        if number is not None and number in errno.errorcode:
            return errno.errorcode[number]
    return None
