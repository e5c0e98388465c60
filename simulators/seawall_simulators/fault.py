"""What a fault is: parameters, and a pure transformation of a response's script."""

from collections.abc import Callable
from typing import Annotated

from msgspec import Struct
from pydantic import BaseModel, Field

from seawall_simulators.draw import Draw
from seawall_simulators.reply import Reply
from seawall_simulators.script import Mark, Script
from seawall_simulators.wire import Answer, Wire

Seconds = Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)]
Tokens = Annotated[int, Field(ge=0, le=1_000_000)]


class Context(Struct, frozen=True):
    """What a fault may know of the response it transforms. `answer` is None where the wire refused to answer."""

    wire: Wire
    request_id: str
    answer: Answer | None
    model: str
    say: Callable[[Reply], Script] | None = None
    """The response in which the model says this instead; None where it says nothing."""
    occurrence: int = 0
    """How many times the very same had been asked before."""


class Fault(BaseModel, frozen=True, extra="forbid"):
    """What every fault has. A subclass adds its name as `fault`, its own parameters, and `apply`."""

    fault: str
    probability: float = Field(default=1.0, ge=0, le=1)
    """The share of requests it acts on, drawn per request."""
    seed: int = Field(default=0, ge=0, lt=2**63)
    """Which requests a probability below 1 picks."""
    id: str | None = Field(default=None, min_length=1, max_length=200)
    """How the journal names it; its name when absent."""
    model: str | None = Field(default=None, max_length=200)
    """Acts only on requests for this model."""

    def apply(self, script: Script, context: Context) -> Script:
        """The response under this fault; the very same where it has nothing to act on."""
        raise NotImplementedError

    @property
    def mark(self) -> Mark:
        """The step that proves it."""
        return Mark(self.fault, self.id or self.fault)

    def strikes(self, draw: Draw, model: str) -> bool:
        """Whether this request is one of those it acts on."""
        if self.model is not None and self.model != model:
            return False
        if self.probability >= 1.0:
            return True
        return draw.fork(f"fault:{self.seed}:{self.id or self.fault}").uniform() < self.probability


def afflict(script: Script, faults: tuple[Fault, ...], context: Context, draw: Draw) -> Script:
    """The response under all these faults in order, each marked at the first step it changed."""
    for fault in faults:
        if not fault.strikes(draw, context.model):
            continue
        afflicted = fault.apply(script, context)
        same = _common(script, afflicted)
        if same < max(len(script), len(afflicted)):
            script = (*afflicted[:same], fault.mark, *afflicted[same:])
    return script


def _common(one: Script, other: Script) -> int:
    """How many steps two scripts share from the start."""
    pairs = zip(one, other, strict=False)
    return next(
        (index for index, (left, right) in enumerate(pairs) if left != right), min(len(one), len(other))
    )
