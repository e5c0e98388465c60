"""What a provider wants to see again with a tool call: its own signed or encrypted thoughts, opaque to us.

Only the provider and wire that wrote it can read it, so it is marked with both, and given back to no other.
"""

from __future__ import annotations

from seawall.messages import ToolCall
from seawall.providers.options import ProviderOptions


def signature_mark(options: ProviderOptions) -> str:
    """Return what the signatures of this provider begin with."""
    return f"{options.wire}:{options.name}:"


def own_signature(call: ToolCall, mark: str) -> str | None:
    """Return what this provider attached to the call, None if it did not or if another one did."""
    signature = call.signature
    return signature[len(mark) :] if signature is not None and signature.startswith(mark) else None
