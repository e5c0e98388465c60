"""What callers catch.

    LLMError                      anything below; `.trace` tells what was tried
    ├── ConfigurationError        settings, keys or arguments that cannot work; nothing was asked
    ├── RequestBlocked            the security pipeline did not let the request out; nobody was asked
    ├── InvalidRequest            providers find fault with the request itself; asking again will not help
    ├── AllProvidersFailed        every provider failed or may not be asked now
    ├── Overloaded                this client has as much under way as it may; shed without being sent
    ├── DeadlineExceeded          the call's deadline passed first
    └── StreamInterrupted         a stream broke off after its first token and was not restarted

Cancelling a call raises `asyncio.CancelledError`, as everywhere.
"""

from __future__ import annotations

from seawall.trace import AttemptRecord, CallTrace, SkippedProvider


class LLMError(Exception):
    """Base of every error of this package. `trace` is None only where no call was begun."""

    def __init__(self, message: str, *, trace: CallTrace | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.trace = trace

    def __str__(self) -> str:
        """Return the message, and a line for each attempt and each provider that was passed over."""
        if self.trace is None:
            return self.message
        lines = [describe_attempt(record) for record in self.trace.attempts]
        lines += [describe_skipped(skipped) for skipped in self.trace.skipped]
        return "\n  ".join([self.message, *lines])


class ConfigurationError(LLMError):
    """The settings, a key or an argument cannot work. Nothing was sent."""


class RequestBlocked(LLMError):  # noqa: N818
    """The security pipeline refused the request, and nobody was asked. `trace.stages` says which stage and why."""


class InvalidRequest(LLMError):  # noqa: N818
    """The providers asked find fault with the request: two of them agree, or there is no other to ask."""


class AllProvidersFailed(LLMError):  # noqa: N818
    """No provider answered, and none may be asked again in time."""


class Overloaded(LLMError):  # noqa: N818
    """So many calls are under way that this one was not sent. The message says where, and what the limit is."""


class DeadlineExceeded(LLMError):  # noqa: N818
    """The call's deadline passed before any provider answered."""


class StreamInterrupted(LLMError):  # noqa: N818
    """The stream failed after its first token, and the policy is not to start over."""


def describe_attempt(record: AttemptRecord) -> str:
    """Return one line that says who was asked, why, when, and how it ended."""
    failure = record.failure
    ending = record.outcome if failure is None else f"{record.outcome}: {failure.kind}"
    if record.http_status is not None:
        ending += f" (HTTP {record.http_status})"
    if failure is not None and failure.detail:
        ending += f": {failure.detail}"
    return (
        f"{record.number}. {record.provider}/{record.model} ({record.why}) at {record.started_s:.3f} s "
        f"for {record.finished_s - record.started_s:.3f} s: {ending}"
    )


def describe_skipped(skipped: SkippedProvider) -> str:
    """Return one line that says why a provider was not asked."""
    until = f", until {skipped.until_s:.3f} s" if skipped.until_s is not None else ""
    return f"-  {skipped.provider}/{skipped.model} not asked: {skipped.why}{until}"
