"""Which tools may be called when words that nobody vouches for are in the context."""

from __future__ import annotations

import msgspec


class ToolPolicyOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Options of the tool policy.

    Attributes:
        with_untrusted: tools with side effects that may be called although untrusted text is in the context, each
            with those of its arguments that may be copied from such text ("*": all). Others are held.
        private_addresses: whether arguments may name hosts that only this machine or its network can reach.
    """

    with_untrusted: dict[str, tuple[str, ...]] = {}
    private_addresses: bool = False
