"""Every policy's options in one value, with the one budget above them all."""

from __future__ import annotations

from typing import Annotated

import msgspec

from seawall.resilience.breaker_options import BreakerOptions
from seawall.resilience.budget import RetryBudgetOptions
from seawall.resilience.concurrency import ConcurrencyOptions
from seawall.resilience.deadline import TimeoutOptions
from seawall.resilience.hedging import HedgingOptions
from seawall.resilience.order_options import OrderOptions
from seawall.resilience.rate_limits import RateLimitOptions
from seawall.resilience.retry import RetryOptions
from seawall.resilience.streaming import StreamingOptions


class PolicyOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How calls are kept alive. The defaults are meant to be right on day one; settings extend this struct.

    Attributes:
        deadline_s: seconds a call may take in all, with every attempt and wait. A stream that has begun to
            flow is cut off by it only where the caller names a deadline. 0.05 to 86400.
    """

    deadline_s: Annotated[float, msgspec.Meta(ge=0.05, le=86_400)] = 60.0
    timeouts: TimeoutOptions = TimeoutOptions()
    retry: RetryOptions = RetryOptions()
    retry_budget: RetryBudgetOptions = RetryBudgetOptions()
    breaker: BreakerOptions = BreakerOptions()
    hedging: HedgingOptions = HedgingOptions()
    rate_limits: RateLimitOptions = RateLimitOptions()
    concurrency: ConcurrencyOptions = ConcurrencyOptions()
    order: OrderOptions = OrderOptions()
    streaming: StreamingOptions = StreamingOptions()
