"""When to ask a second provider while the first is still at work."""

from __future__ import annotations

from typing import Annotated

import msgspec


class HedgingOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of hedging: the next provider is asked when the first is later than it usually is.

    Attributes:
        enabled: false never asks two providers for one answer.
        quantile: what is usual at worst, as a quantile of the provider's own recent latencies. 0.5 to 0.999.
        delay_factor: how many times the usual worst makes late. 1 to 100.
        delay_min_s: never hedge sooner than this. 0 to 60.
        cold_scout_s: while nothing is known of a provider, one call at a time (and ever more rarely) asks the
            next one too after so long, to learn whether that is quicker. If it is, the others that wait no
            longer wait in vain. 0.01 to 600.
        cold_delay_s: the delay for every call while nothing is known of any provider. 0.01 to 600.
        cold_stall_s: the longest silence of a flowing stream after which another provider is asked too, while
            nothing is known of the provider's streams. A stream that began quickly is measured by that: a silence
            of `breaker.slow_factor` times its time to the first token is late. 0.01 to 600.
        samples_min: how many latencies make a quantile; with fewer, the longest counts, times
            `breaker.slow_factor`. 5 to 100.
        memory_s: latencies older than this are forgotten. 1 to 86400.
        call_share: hedges per call over the long run; 0.02 is two in a hundred. 0 to 1. Hedging an attempt whose
            provider's breaker has opened meanwhile costs nothing: it is a fallback.
        burst: hedges that can be saved up, and what there is at the start. 0 to 1000.
    """

    enabled: bool = True
    quantile: Annotated[float, msgspec.Meta(ge=0.5, le=0.999)] = 0.95
    delay_factor: Annotated[float, msgspec.Meta(ge=1, le=100)] = 2.0
    delay_min_s: Annotated[float, msgspec.Meta(ge=0, le=60)] = 0.02
    cold_scout_s: Annotated[float, msgspec.Meta(ge=0.01, le=600)] = 0.3
    cold_delay_s: Annotated[float, msgspec.Meta(ge=0.01, le=600)] = 5.0
    cold_stall_s: Annotated[float, msgspec.Meta(ge=0.01, le=600)] = 2.0
    samples_min: Annotated[int, msgspec.Meta(ge=5, le=100)] = 5
    memory_s: Annotated[float, msgspec.Meta(ge=1, le=86_400)] = 600.0
    call_share: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.02
    burst: Annotated[float, msgspec.Meta(ge=0, le=1000)] = 10.0
