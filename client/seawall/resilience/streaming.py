"""What happens to a stream that fails after its first token, and how long it may do so unseen."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec


class StreamingOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of streamed calls.

    Attributes:
        on_midstream_failure: "restart" tells the consumer to discard what it has (`StreamRestarted`) and
            answers anew from the next provider; "continue" gives the next provider that takes one (see `prefill` of
            a provider) the text so far as the beginning of its answer, and the consumer's text just goes on; where
            that cannot be (a tool call has begun, a schema is to be followed, security stages look at answers, no
            such provider is left), it is "restart"; "raise" ends the call with an error.
        restarts_max: how many times one stream may start over or be continued. 0 to 10.
        buffer_tokens: the commit window: so many first pieces of a stream are held back until one more comes, so
            that a provider which fails among them is replaced unseen. 0 holds nothing back: what is held back comes
            later for every user, to spare few of them a restart. 0 to 1000.
        buffer_s: no piece is held back longer than this after the first one. 0.001 to 60.
    """

    on_midstream_failure: Literal["restart", "continue", "raise"] = "restart"
    restarts_max: Annotated[int, msgspec.Meta(ge=0, le=10)] = 2
    buffer_tokens: Annotated[int, msgspec.Meta(ge=0, le=1000)] = 0
    buffer_s: Annotated[float, msgspec.Meta(ge=0.001, le=60)] = 0.5
