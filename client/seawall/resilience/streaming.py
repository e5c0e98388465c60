"""What happens to a stream that fails after its first token."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec


class StreamingOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of streamed calls.

    Attributes:
        on_midstream_failure: "restart" tells the consumer to discard what it has (`StreamRestarted`) and
            answers anew from the next provider; "raise" ends the call with an error.
        restarts_max: how many times one stream may start over. 0 to 10.
    """

    on_midstream_failure: Literal["restart", "raise"] = "restart"
    restarts_max: Annotated[int, msgspec.Meta(ge=0, le=10)] = 2
