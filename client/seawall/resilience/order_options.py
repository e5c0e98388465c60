"""In what order a call would rather ask its providers."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec


class OrderOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the order in which a call asks providers. Breakers, rests and limits come on top of it.

    Attributes:
        by: "listed" asks in the order of the settings; "weight" lets providers share the calls by their `weight`,
            those of weight 0 last; "cost" asks the cheapest first, by `input_price` + `output_price`, and those
            without prices last.
        failing_share: a provider that failed this share of its recent calls, at least `breaker.minimum_calls`
            of them in `breaker.window_s`, goes behind those that did not; 1 leaves that to the breaker alone.
            0.01 to 1.
        slower_factor: a provider whose usual worst latency is this many times that of the quickest one goes behind
            those that are not; None: latency does not matter. 1.1 to 1000.
    """

    by: Literal["listed", "weight", "cost"] = "listed"
    failing_share: Annotated[float, msgspec.Meta(ge=0.01, le=1)] = 1.0
    slower_factor: Annotated[float, msgspec.Meta(ge=1.1, le=1000)] | None = None
