"""From what aiohttp and the operating system raise to one `Failure`: the only place that knows their errors."""

from __future__ import annotations

import errno
import ssl

import aiohttp
from aiohttp import http_exceptions

from seawall.providers.decompression import UndecodableError
from seawall.providers.provider_errors import failure
from seawall.resilience.failures import Failure, FailureKind

HTTP_ERRORS = (
    aiohttp.ClientError,
    http_exceptions.HttpProcessingError,
    UndecodableError,
    ssl.SSLError,
    OSError,  # TimeoutError is one
    ValueError,  # a header or an address that aiohttp will not send
)


# The first row that an error is an instance of decides; the order matters where classes overlap.
_BEFORE_HEAD: tuple[tuple[tuple[type[BaseException], ...], FailureKind, str, str | None], ...] = (
    (
        (aiohttp.ClientConnectorCertificateError, aiohttp.ServerFingerprintMismatch),
        FailureKind.TLS,
        "the server's certificate is not trusted",
        "certificate",
    ),
    ((aiohttp.ClientSSLError, ssl.SSLError), FailureKind.TLS, "no TLS with the server", "handshake"),
    ((aiohttp.ClientConnectorDNSError,), FailureKind.CONNECT, "the host name is not known", "dns"),
    (
        (aiohttp.ClientHttpProxyError, aiohttp.ClientProxyConnectionError),
        FailureKind.CONNECT,
        "no connection through the proxy",
        "proxy",
    ),
    ((aiohttp.ClientConnectorError,), FailureKind.CONNECT, "no connection", None),
    (
        (aiohttp.ServerTimeoutError, TimeoutError),
        FailureKind.TIMEOUT_CONNECT,
        "no connection within its time limit",
        None,
    ),
    (
        (aiohttp.ClientResponseError, http_exceptions.HttpProcessingError),
        FailureKind.BAD_RESPONSE,
        "not an HTTP response, or headers beyond their limits",
        None,
    ),
    ((aiohttp.ServerDisconnectedError,), FailureKind.CONNECT, "closed before an answer came", "closed"),
    (
        (ValueError,),  # aiohttp.InvalidURL is one
        FailureKind.INVALID_REQUEST,
        "an address or a header that cannot be sent",
        None,
    ),
    ((aiohttp.ClientError, OSError), FailureKind.CONNECT, "lost before an answer came", None),
)


def failure_before_head(error: BaseException) -> Failure:
    """Translate what went wrong before the response's head was there."""
    for kinds, kind, detail, code in _BEFORE_HEAD:
        if isinstance(error, kinds):
            return failure(kind, detail, code=code or _code(error))
    raise AssertionError("every error that the seam catches has a row") from error


def failure_in_body(error: BaseException, status: int) -> Failure:
    """Translate what went wrong while the body was read."""
    if isinstance(error, UndecodableError):
        return failure(FailureKind.BAD_RESPONSE, str(error), status=status)
    cause = error.__cause__ or error
    if isinstance(cause, http_exceptions.ContentLengthError | aiohttp.ClientConnectionError | OSError):
        return failure(FailureKind.STREAM_CUT, "cut off in the middle", status=status, code=_code(cause))
    if isinstance(cause, http_exceptions.TransferEncodingError) and "Not enough data" in str(cause):
        return failure(FailureKind.STREAM_CUT, "cut off in the middle", status=status)
    return failure(FailureKind.BAD_RESPONSE, "a body that breaks the rules of HTTP", status=status)


def _code(error: BaseException) -> str | None:
    """Return the operating system's name of an error, such as `ECONNREFUSED`."""
    number = error.errno if isinstance(error, OSError) else None
    return errno.errorcode.get(number) if number is not None else None
