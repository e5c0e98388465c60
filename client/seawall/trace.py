"""What happened in a call: who was asked, why, for how long and with what result; and who wants to know."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal, Protocol

import msgspec

from seawall.messages import Usage
from seawall.resilience.failures import Failure

AttemptWhy = Literal["first", "retry", "fallback", "hedge", "restart", "continue", "probe"]
Operation = Literal["chat", "embeddings"]
AttemptOutcome = Literal["answered", "failed", "cancelled"]
StageMode = Literal["enforce", "shadow", "off"]
StageVerdict = Literal["passed", "flagged", "altered", "held", "blocked", "failed"]


class AttemptRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One request to one provider. Times are seconds since the call started.

    Attributes:
        number: 1 for the call's first attempt; part of `client_request_id`.
        why: the reason it was made.
        first_token_s: when its first token came (not streamed: its answer); None if none came.
        outcome: "cancelled" where it was given up for reasons not its own: the caller left, another won.
        failure: why it failed; None unless `outcome` is "failed".
        breaker_state: the provider's breaker when the attempt began: "closed", "open" or "half-open".
        client_request_id: the header the provider saw, for its support and its logs.
        request_id: the provider's own id of the request, where it gave one.
        response_model: the model that the provider says answered, where it says so: an alias resolved, a version.
        usage: tokens as the provider counted them, where it did.
        continued_from: with why "continue", the provider whose text it was given to go on from.
        cost: of these tokens at the provider's `input_price` and `output_price`; None if either is unknown.
    """

    number: int
    provider: str
    model: str
    why: AttemptWhy
    started_s: float
    finished_s: float
    outcome: AttemptOutcome
    client_request_id: str
    first_token_s: float | None = None
    failure: Failure | None = None
    breaker_state: str = "closed"
    http_status: int | None = None
    request_id: str | None = None
    response_model: str | None = None
    usage: Usage | None = None
    cost: float | None = None
    continued_from: str | None = None


class SkippedProvider(msgspec.Struct, frozen=True, kw_only=True):
    """A provider that was not asked, `why`, and when it may be asked again (seconds since the call started)."""

    provider: str
    model: str
    why: str
    until_s: float | None = None


class StageRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What one stage of the security pipeline did in a call.

    Attributes:
        stage: "firewall", "redaction", "grounding", "verification", "tools" or "output".
        verdict: the gravest; in shadow mode, what it would have been. "failed": the stage did not get to the end.
        time_ms: what it took, all attempts together.
        findings: how often each rule or kind was found, the most frequent first. Never any text.
        failure: why it failed; None if it did not.
    """

    stage: str
    mode: StageMode
    verdict: StageVerdict
    time_ms: float
    findings: dict[str, int] = {}
    failure: str | None = None


class CallContext(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a call before it ends. `deadline_s` is its whole budget in seconds.

    `operation` is "embeddings" for a call of `embed`, "chat" for any other. `stages` tells what the security
    pipeline has done in it so far.
    """

    call_id: str
    stream: bool
    deadline_s: float
    operation: Operation = "chat"
    stages: Callable[[], tuple[StageRecord, ...]] = tuple


class CallTrace(msgspec.Struct, frozen=True, kw_only=True):
    """One whole call. `provider` and `model` are of the attempt that answered, None if none did.

    Attributes:
        duration_s: from start to end.
        attempts: in the order in which they ended.
        skipped: providers passed over, with the last reason for each.
        restarts: how often a stream started over after its first token.
        continuations: how often another attempt went on from a stream's text so far. The answer is then joined
            from several, whose records name each other in `continued_from`; `provider` gave its end.
        error: the name of the error that the caller got; None if there was none.
        cost: of all attempts whose cost is known; None if none is.
        operation: "embeddings" for a call of `embed`, "chat" for any other.
        stages: what each stage of the security pipeline did, where there is one.
    """

    call_id: str
    stream: bool
    deadline_s: float
    duration_s: float
    outcome: AttemptOutcome
    attempts: tuple[AttemptRecord, ...] = ()
    skipped: tuple[SkippedProvider, ...] = ()
    provider: str | None = None
    model: str | None = None
    restarts: int = 0
    continuations: int = 0
    error: str | None = None
    cost: float | None = None
    operation: Operation = "chat"
    stages: tuple[StageRecord, ...] = ()

    @property
    def fell_back(self) -> bool:
        """Whether another provider than the first one asked gave the answer."""
        if self.provider is not None:
            for record in self.attempts:
                if record.why == "first":
                    return record.provider != self.provider
        return False


class Observer(Protocol):
    """Is told of attempts and calls as they end, on the event loop: it must not block.

    It is told in the context (`contextvars`) of the code that made the call. What it raises is logged, once for
    each observer, and harms no call. One that is a pybreaker listener as well is told of breakers, too.
    An attempt that probes a recovering provider beside the call may end after the call did.
    """

    def attempt_finished(self, context: CallContext, record: AttemptRecord) -> None:
        """Take note of an attempt."""
        ...

    def call_finished(self, trace: CallTrace) -> None:
        """Take note of a call, answered, failed or cancelled."""
        ...
