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


def failure_before_head(error: BaseException) -> Failure:
    """Translate what went wrong before the response's head was there."""
    match error:
        case aiohttp.ClientConnectorCertificateError() | aiohttp.ServerFingerprintMismatch():
            return failure(FailureKind.TLS, "the server's certificate is not trusted", code="certificate")
        case aiohttp.ClientSSLError() | ssl.SSLError():
            return failure(FailureKind.TLS, "no TLS with the server", code="handshake")
        case aiohttp.ClientConnectorDNSError():
            return failure(FailureKind.CONNECT, "the host name is not known", code="dns")
        case aiohttp.ClientHttpProxyError() | aiohttp.ClientProxyConnectionError():
            return failure(FailureKind.CONNECT, "no connection through the proxy", code="proxy")
        case aiohttp.ClientConnectorError():
            return failure(FailureKind.CONNECT, "no connection", code=_code(error.os_error))
        case aiohttp.ServerTimeoutError() | TimeoutError():
            return failure(FailureKind.TIMEOUT_CONNECT, "no connection within its time limit")
        case aiohttp.ClientResponseError() | http_exceptions.HttpProcessingError():
            return failure(FailureKind.BAD_RESPONSE, "not an HTTP response, or headers beyond their limits")
        case aiohttp.ServerDisconnectedError():
            return failure(FailureKind.CONNECT, "closed before an answer came", code="closed")
        case OSError() | aiohttp.ClientError() if not isinstance(error, ValueError):
            return failure(FailureKind.CONNECT, "lost before an answer came", code=_code(error))
        case _:
            return failure(FailureKind.INVALID_REQUEST, "an address or a header that cannot be sent")


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
