"""Takes compressed bodies apart in small pieces, so that a bomb is noticed long before it fills the memory."""

from __future__ import annotations

import zlib

PIECE_BYTES_MAX = 65_536
_GZIP_OR_ZLIB = zlib.MAX_WBITS | 32


class UndecodableError(ValueError):
    """The body is not what its content-encoding says."""


class Inflater:
    """Decodes gzip or deflate. Push compressed bytes, pull pieces of at most 64 KiB until there are none."""

    def __init__(self) -> None:
        self._stream = zlib.decompressobj(_GZIP_OR_ZLIB)
        self._pending = b""
        self._begun = False

    def push(self, data: bytes) -> None:
        """Take the next compressed bytes; everything pushed before must have been pulled."""
        self._pending += data

    def pull(self) -> bytes:
        """Return the next decoded piece, or b"" when more must be pushed first. Raises `UndecodableError`."""
        while self._pending:
            if self._stream.eof:  # the next member of a gzip file
                self._stream = zlib.decompressobj(_GZIP_OR_ZLIB)
            piece = self._inflate(self._pending)
            self._pending = self._stream.unconsumed_tail or self._stream.unused_data
            if piece:
                return piece
        return b""

    def finish(self) -> None:
        """Take the end of the body. Raises `UndecodableError` if it came too early."""
        if self._begun and not self._stream.eof:
            raise UndecodableError("the compressed body ended early")

    def _inflate(self, data: bytes) -> bytes:
        try:
            piece = self._stream.decompress(data, PIECE_BYTES_MAX)
        except zlib.error:
            if self._begun:
                raise UndecodableError("the compressed body is damaged") from None
            # "deflate" without the zlib wrapper, as some servers send it.
            self._stream = zlib.decompressobj(-zlib.MAX_WBITS)
            try:
                piece = self._stream.decompress(data, PIECE_BYTES_MAX)
            except zlib.error:
                raise UndecodableError("the body is not compressed as its headers say") from None
        self._begun = True
        return piece


_INFLATED = {"gzip", "x-gzip", "deflate"}
_AS_IS = {"", "identity"}


def inflater_for(content_encoding: str) -> Inflater | None:
    """Return what decodes this content-encoding, None if nothing need be done. Raises `UndecodableError`."""
    encoding = content_encoding.strip().lower()
    if encoding in _AS_IS:
        return None
    if encoding in _INFLATED:
        return Inflater()
    raise UndecodableError("a content-encoding that was not asked for")
