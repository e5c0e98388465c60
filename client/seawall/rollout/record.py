"""What a call through the rollout came to: which path answered, what became of the other, and who is told."""

from __future__ import annotations

from typing import Generic, Literal, Protocol, TypeVar, runtime_checkable

import msgspec

from seawall.messages import Completion
from seawall.rollout.options import Stage

Old = TypeVar("Old")
Path = Literal["old", "new"]
DecidedBy = Literal["settings", "flag", "kill"]


class PathOutcome(msgspec.Struct, frozen=True, kw_only=True):
    """How one path ended. `error` is the name of what it raised; its message is left out, it may quote a prompt.

    The latency of a shadow that was cancelled is not known: 0.
    """

    outcome: Literal["answered", "failed", "cancelled"]
    latency_s: float
    error: str | None = None


class RolloutRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One call through the rollout. Holds no text of a prompt or an answer, and no key.

    Attributes:
        call_id: of the new path's call, as in its `llm.call` line; a shadow's ends in "-shadow".
        stage: what was in force.
        decided_by: who said so.
        path: which path the caller's answer, or error, came from.
        fell_back: whether the new path was asked first and failed.
        bucket: where the key lies, 0 up to 100: the new path takes it while `percent` is above that.
        old: how the old path ended; None where it was not called.
        new: how the new path ended; None where it was not called, or is not known yet.
        shadow: "observed", or why not: "not_sampled" by `shadow_share`, "at_limit" by `shadow_concurrent_max`.
            None in other stages.
        agreement: how well the shadow's answer agrees with the old one, 0 to 1; None where they cannot be compared.
    """

    call_id: str
    stage: Stage
    decided_by: DecidedBy
    path: Path
    fell_back: bool = False
    bucket: float = 0.0
    old: PathOutcome | None = None
    new: PathOutcome | None = None
    shadow: Literal["observed", "not_sampled", "at_limit"] | None = None
    agreement: float | None = None


class RolloutAnswer(msgspec.Struct, Generic[Old], frozen=True, kw_only=True):
    """An answer and the path it came by.

    Attributes:
        value: what the old path returned, or the new path's `Completion`.
        record: what is known so far; what becomes of a shadow is told to observers.
    """

    value: Old | Completion
    record: RolloutRecord

    @property
    def path(self) -> Path:
        """Which path answered."""
        return self.record.path

    @property
    def text(self) -> str:
        """The answer's text. Raises TypeError where the old path returned neither text nor something with a `text`."""
        text = text_of(self.value)
        if text is None:
            raise TypeError(f"the old path's {type(self.value).__name__} has no text; look at value")
        return text


def text_of(value: object) -> str | None:
    """Return the text of either path's answer: itself, or its `text`."""
    text = value if isinstance(value, str) else getattr(value, "text", None)
    return text if isinstance(text, str) else None


@runtime_checkable
class RolloutObserver(Protocol):
    """An observer that wants to know of rollouts, too. Called on the event loop: it must not block."""

    def rollout_finished(self, record: RolloutRecord) -> None:
        """Take note of a call through the rollout; where there is a shadow, once that has ended."""
        ...
