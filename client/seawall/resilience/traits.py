"""What a caller's settings say of a provider, beyond its name and model, that decides whom a call asks."""

from __future__ import annotations

from typing import Annotated

import msgspec

from seawall.messages import Usage

_TOKENS_PER_PRICE = 1_000_000

Tag = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]
Price = Annotated[float, msgspec.Meta(ge=0, le=1_000_000)]


class ProviderTraits(msgspec.Struct, frozen=True, kw_only=True):
    """How a provider compares with the others. `ProviderOptions` says what each field means."""

    weight: Annotated[float, msgspec.Meta(ge=0, le=1000)] = 1.0
    tags: tuple[Tag, ...] = ()
    max_concurrent: Annotated[int, msgspec.Meta(ge=1, le=100_000)] | None = None
    prefill: bool | None = None
    input_price: Price | None = None
    output_price: Price | None = None

    def cost(self, usage: Usage | None) -> float | None:
        """Return what these tokens cost, None where tokens or prices are unknown. Cached ones at the full price."""
        if usage is None or self.input_price is None or self.output_price is None:
            return None
        spent = usage.input_tokens * self.input_price + usage.output_tokens * self.output_price
        return spent / _TOKENS_PER_PRICE
