"""How much extra load calls may cause together: a token bucket that answers fill."""

from __future__ import annotations

from typing import Annotated

import msgspec


class RetryBudgetOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What same-provider retries and hedges may cost; the first try of another provider is always free.

    Attributes:
        success_share: tokens that one answer earns; 0.1 allows one retry for every ten answers. 0 to 1.
        floor_per_s: tokens earned each second whatever happens, so that a quiet service may retry. 0 to 1000.
        capacity: tokens that can be saved up, and what there is at the start. 0 to 100000.
    """

    success_share: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.1
    floor_per_s: Annotated[float, msgspec.Meta(ge=0, le=1000)] = 0.5
    capacity: Annotated[float, msgspec.Meta(ge=0, le=100_000)] = 20.0
