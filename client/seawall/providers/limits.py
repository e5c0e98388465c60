"""How much of a response is read. A provider that sends more has failed."""

from __future__ import annotations

from typing import Annotated

import msgspec

Size = Annotated[int, msgspec.Meta(ge=1_024, le=1_073_741_824)]


class LimitOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Upper bounds on what one response may hold. Bytes are counted after decompression.

    Attributes:
        body_bytes_max: of an answer that is one JSON document. 1024 to 1073741824.
        stream_bytes_max: of a whole stream. 1024 to 1073741824.
        event_bytes_max: of one event of a stream. 1024 to 1073741824.
        embedding_bytes_max: of a document of vectors (2,048 of 3,072 dimensions are 34 MB in base64).
            1024 to 1073741824.
        error_bytes_max: how much of an error body is read. 1024 to 1073741824.
        json_depth_max: how deep any JSON may be nested. 4 to 512.
    """

    body_bytes_max: Size = 8 * 1_024 * 1_024
    stream_bytes_max: Size = 32 * 1_024 * 1_024
    event_bytes_max: Size = 1_024 * 1_024
    embedding_bytes_max: Size = 64 * 1_024 * 1_024
    error_bytes_max: Size = 64 * 1_024
    json_depth_max: Annotated[int, msgspec.Meta(ge=4, le=512)] = 64
