"""When a provider is given a rest, for how long, and how it comes back."""

from __future__ import annotations

from typing import Annotated

import msgspec


class BreakerOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the circuit breaker of each provider and model.

    Attributes:
        enabled: false never opens.
        window_s: how far back the rates look. 1 to 3600.
        minimum_calls: rates say nothing below this many results in the window. 1 to 10000.
        failure_rate: opens at this share of failures in the window. 0.01 to 1.
        slow_rate: opens at this share of slow results in the window. 0.01 to 1.
        slow_factor: slow is later than this multiple of the provider's own usual worst (its hedging quantile
            over recent answers). 1.5 to 100.
        slow_min_s: nothing quicker than this is slow. 0 to 600.
        slow_call_s: slow is also whatever takes longer than this to the first token; None: only the factor
            counts. 0.01 to 3600.
        consecutive_failures: opens after this many failures, hangs or lost races in a row, whatever the
            window holds. Where there is no other provider to go to, only the rates count. 1 to 1000.
        open_s: the first rest; it grows by `open_growth` with each failed probe, up to `open_max_s`, and is
            lengthened by up to a fifth at random. 0.1 to 3600.
        open_growth: how many times as long each rest is as the one before. 1 to 10.
        open_max_s: no rest is longer, its random part aside. 0.1 to 86400.
        probe_lease_s: a probe that has not reported after this long is forgotten, and another may go. 0.1 to 3600.
        probes_to_close: successful probes in a row that close it. 1 to 100.
        last_resort_per_s: calls that have nobody else to ask may pass an open breaker this often per second, besides
            `minimum_calls` saved up and three for each one that is answered. 0 to 1000.
        ramp_s: after closing, its share of traffic grows from a tenth to the whole in this time while another
            provider can take the rest. 0 to 3600.
    """

    enabled: bool = True
    window_s: Annotated[float, msgspec.Meta(ge=1, le=3600)] = 30.0
    minimum_calls: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 10
    failure_rate: Annotated[float, msgspec.Meta(ge=0.01, le=1)] = 0.5
    slow_rate: Annotated[float, msgspec.Meta(ge=0.01, le=1)] = 0.5
    slow_factor: Annotated[float, msgspec.Meta(ge=1.5, le=100)] = 3.0
    slow_min_s: Annotated[float, msgspec.Meta(ge=0, le=600)] = 0.15
    slow_call_s: Annotated[float, msgspec.Meta(ge=0.01, le=3600)] | None = None
    consecutive_failures: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 3
    open_s: Annotated[float, msgspec.Meta(ge=0.1, le=3600)] = 5.0
    open_growth: Annotated[float, msgspec.Meta(ge=1, le=10)] = 2.0
    open_max_s: Annotated[float, msgspec.Meta(ge=0.1, le=86_400)] = 60.0
    probe_lease_s: Annotated[float, msgspec.Meta(ge=0.1, le=3600)] = 30.0
    probes_to_close: Annotated[int, msgspec.Meta(ge=1, le=100)] = 1
    last_resort_per_s: Annotated[float, msgspec.Meta(ge=0, le=1000)] = 1.0
    ramp_s: Annotated[float, msgspec.Meta(ge=0, le=3600)] = 5.0
