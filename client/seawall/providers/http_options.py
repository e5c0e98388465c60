"""How HTTP is done, whichever engine does it."""

from __future__ import annotations

from typing import Annotated

import msgspec


class HttpOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the HTTP engine.

    Attributes:
        keepalive_s: how long an idle connection is kept for the next attempt, 0 to 600 seconds. Below the 60 s
            after which common load balancers close theirs.
        proxy: the URL of a forward proxy. Proxies named in the environment are not used.
        ca_file: a PEM file with the certificate authorities to trust instead of the system's.
    """

    keepalive_s: Annotated[float, msgspec.Meta(ge=0, le=600)] = 45.0
    proxy: str | None = None
    ca_file: str | None = None
