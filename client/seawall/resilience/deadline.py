"""How long a call and the phases of an attempt may take."""

from __future__ import annotations

from typing import Annotated

import msgspec


class TimeoutOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Limits of one attempt, in seconds. The call's deadline always wins where it is nearer.

    Attributes:
        connect_s: to open a connection, TLS included. 0.05 to 60.
        first_token_s: from the start of a streamed attempt to its first token. 0.05 to 600.
        answer_s: from the start of an attempt that is not streamed to its answer. 0.05 to 3600.
        stall_s: between two tokens of a stream. 0.05 to 600.
        ping_limit_s: how long a stream may go without a token while keep-alive pings arrive; pings beyond it
            count for nothing. A provider that reports progress on its reasoning is not pinging. 0.05 to 3600.
        total_s: for a whole attempt, a flowing stream too. None: no such limit. 0.05 to 86400.
        deadline_share: the part of what is left of the call's deadline that an attempt may wait for its first
            token while another provider has not been tried. 0.1 to 1.
    """

    connect_s: Annotated[float, msgspec.Meta(ge=0.05, le=60)] = 3.0
    first_token_s: Annotated[float, msgspec.Meta(ge=0.05, le=600)] = 30.0
    answer_s: Annotated[float, msgspec.Meta(ge=0.05, le=3600)] = 120.0
    stall_s: Annotated[float, msgspec.Meta(ge=0.05, le=600)] = 10.0
    ping_limit_s: Annotated[float, msgspec.Meta(ge=0.05, le=3600)] = 60.0
    total_s: Annotated[float, msgspec.Meta(ge=0.05, le=86_400)] | None = None
    deadline_share: Annotated[float, msgspec.Meta(ge=0.1, le=1)] = 0.5
