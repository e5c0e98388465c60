"""What a call writes down as it goes: a record per attempt, and at the end the trace."""

from __future__ import annotations

from seawall.messages import Usage
from seawall.resilience.attempt import Attempt
from seawall.resilience.failures import Failure
from seawall.trace import AttemptOutcome, AttemptRecord, CallContext, CallTrace, SkippedProvider


class Ledger:
    """One call's records. `started` is the time that the records count from."""

    __slots__ = ("context", "continuations", "records", "restarts", "started")

    def __init__(self, context: CallContext) -> None:
        self.context = context
        self.records: list[AttemptRecord] = []
        self.restarts = self.continuations = 0
        self.started = 0.0

    def write(
        self,
        attempt: Attempt,
        now: float,
        outcome: AttemptOutcome,
        *,
        failure: Failure | None = None,
        usage: Usage | None = None,
        request_id: str | None = None,
        response_model: str | None = None,
    ) -> None:
        """Write down how an attempt ended."""
        started = self.started
        first_token_at = attempt.first_token_at
        status = attempt.http_status
        if failure is not None:
            status = failure.http_status or status
            request_id = failure.request_id
        self.records.append(
            AttemptRecord(
                number=attempt.number,
                provider=attempt.provider.name,
                model=attempt.provider.model,
                why=attempt.why,
                started_s=attempt.started - started,
                finished_s=now - started,
                outcome=outcome,
                client_request_id=attempt.client_request_id,
                first_token_s=None if first_token_at is None else first_token_at - started,
                failure=failure,
                breaker_state=attempt.breaker_state,
                http_status=status,
                request_id=request_id,
                response_model=response_model,
                usage=usage,
                continued_from=attempt.continued_from,
                cost=attempt.provider.traits.cost(usage),
            )
        )

    def trace(
        self,
        now: float,
        outcome: AttemptOutcome,
        *,
        skipped: tuple[SkippedProvider, ...] = (),
        winner: Attempt | None = None,
        error: str | None = None,
    ) -> CallTrace:
        """Return the trace of the whole call."""
        context = self.context
        costs = [record.cost for record in self.records if record.cost is not None]
        return CallTrace(
            call_id=context.call_id,
            stream=context.stream,
            deadline_s=context.deadline_s,
            duration_s=now - self.started,
            outcome=outcome,
            attempts=tuple(self.records),
            skipped=skipped,
            provider=None if winner is None else winner.provider.name,
            model=None if winner is None else winner.provider.model,
            restarts=self.restarts,
            continuations=self.continuations,
            error=error,
            cost=sum(costs) if costs else None,
            operation=context.operation,
            stages=context.stages(),
        )
