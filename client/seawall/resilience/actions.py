"""What a call's machine tells its driver to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from seawall.errors import LLMError
from seawall.trace import AttemptWhy, CallTrace

if TYPE_CHECKING:
    from seawall.resilience.attempt import Attempt


class StartAttempt(msgspec.Struct, frozen=True, gc=False):
    """Send the request to this provider. `number` names the attempt in every event about it."""

    number: int
    provider: str
    why: AttemptWhy
    connect_timeout_s: float
    client_request_id: str


class StartProbe(msgspec.Struct, frozen=True, gc=False):
    """Drive a `Probe` of this attempt beside the call, which does not wait for it and may end before it."""

    attempt: Attempt


class CancelAttempt(msgspec.Struct, frozen=True, gc=False):
    """Close this attempt's connection. No event about it is expected any more."""

    number: int


class WakeAt(msgspec.Struct, frozen=True, gc=False):
    """Send `timer` at this time. Replaces what was asked before; an event or two too many do no harm."""

    at: float


class Deliver(msgspec.Struct, frozen=True, gc=False):
    """Hand the deltas that this event was about to the consumer."""

    number: int


class DeliverRestart(msgspec.Struct, frozen=True, gc=False):
    """Tell the consumer to discard its text from this character on; this provider starts over."""

    discard_from: int
    provider: str


class Finish(msgspec.Struct, frozen=True):
    """The call is answered by this attempt. Final."""

    number: int
    trace: CallTrace


class Fail(msgspec.Struct, frozen=True):
    """The call fails with this error. Final."""

    error: LLMError


Action = StartAttempt | StartProbe | CancelAttempt | WakeAt | Deliver | DeliverRestart | Finish | Fail
