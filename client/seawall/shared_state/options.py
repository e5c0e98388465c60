"""Where workers meet."""

from __future__ import annotations

from typing import Annotated

import msgspec

from seawall.providers.secret import Secret

REDIS_SCHEMES = ("redis://", "rediss://", "unix://")


class SharedStateOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of what workers tell each other of resting providers. Needs the extra `redis`.

    Attributes:
        redis_url: `redis://`, `rediss://` (TLS) or `unix://` address of a Redis; None: each worker is on its own.
        namespace: workers with the same one share; put the service and its environment into it. Letters, digits
            and `.:_-`, at most 100.
        interval_s: how often a worker listens and tells. 0.05 to 60.
        timeout_s: an exchange that takes longer is given up. No call ever waits for one. 0.01 to 10.
    """

    redis_url: Secret | None = None
    namespace: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9.:_-]{1,100}$")] = "seawall"
    interval_s: Annotated[float, msgspec.Meta(ge=0.05, le=60)] = 0.25
    timeout_s: Annotated[float, msgspec.Meta(ge=0.01, le=10)] = 0.5
