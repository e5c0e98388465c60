"""When to ask again, and after how long: tenacity's strategies, on handed-in time and randomness."""

from __future__ import annotations

from typing import Annotated

import msgspec


class RetryOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of asking a provider again. Other providers are always asked first.

    Attributes:
        attempts_per_provider: how often one call may ask one provider. 1 to 10.
        attempts_max: how many attempts one call may make in all. 1 to 50.
        wait_initial_s: the first wait is drawn from 0 to this (full jitter); it doubles from wait to wait.
            0 to 60.
        wait_max_s: no wait is drawn from more than this. 0 to 600.
    """

    attempts_per_provider: Annotated[int, msgspec.Meta(ge=1, le=10)] = 3
    attempts_max: Annotated[int, msgspec.Meta(ge=1, le=50)] = 8
    wait_initial_s: Annotated[float, msgspec.Meta(ge=0, le=60)] = 0.25
    wait_max_s: Annotated[float, msgspec.Meta(ge=0, le=600)] = 8.0
