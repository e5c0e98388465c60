"""Where a call meets the security pipeline: before anything is sent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

from seawall.errors import ConfigurationError, RequestBlocked
from seawall.messages import CompletionRequest
from seawall.prompts import CallOptions
from seawall.screen import RequestRefusedError
from seawall.telemetry.observers import Observers
from seawall.trace import CallContext, CallTrace

if TYPE_CHECKING:
    from seawall.security.pipeline import CallScreening, SecurityPipeline

Admitted_co = TypeVar("Admitted_co", covariant=True)


class Admitting(Protocol[Admitted_co]):
    """What looks at a call before anything of it is sent."""

    def admit(self) -> Admitted_co:
        """Return what may leave, where it is asked for just that. Raises `RequestRefusedError`."""
        ...


def begin_screening(
    security: SecurityPipeline | None, request: CompletionRequest, options: CallOptions
) -> CallScreening | None:
    """Return the screening of a call, None where there is no pipeline.

    Raises `ConfigurationError` for an option that asks for a stage that is off: it would be believed to be held.
    """
    if security is None and not options:
        return None
    grounding, verification = options.get("grounding"), options.get("verification")
    for name, option in (("grounding", grounding), ("verification", verification)):
        if option is not None and (security is None or not security.looks(name)):
            raise ConfigurationError(
                f"option {name!r} asks for a stage that is off: set security.{name}.mode"
            )
    if security is None:
        return None
    return security.screen(request, grounding=grounding, verification=verification)


def admit(screening: Admitting[Admitted_co], context: CallContext, observers: Observers) -> Admitted_co:
    """Let the screening look at what is to leave. Raises `RequestBlocked`, of which observers are told."""
    try:
        return screening.admit()
    except RequestRefusedError as refused:
        trace = CallTrace(
            call_id=context.call_id,
            stream=context.stream,
            deadline_s=context.deadline_s,
            duration_s=0.0,
            outcome="failed",
            error=RequestBlocked.__name__,
            operation=context.operation,
            stages=context.stages(),
        )
        observers.call_finished(trace)
        raise RequestBlocked(str(refused), trace=trace) from None
