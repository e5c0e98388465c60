"""How a provider behaves when it is well: lengths, latencies, capacity, allowances."""

from pydantic import BaseModel, ConfigDict, Field

from seawall_simulators.draw import Draw
from seawall_simulators.script import END, Head, Script, Send, Step, Wait
from seawall_simulators.wire import Answer


class Latency(BaseModel):
    """A log-normal distribution: `median` in milliseconds, `sigma` of the natural logarithm (0: constant)."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    median: float = Field(default=0.0, ge=0, le=3_600_000, allow_inf_nan=False)
    sigma: float = Field(default=0.0, ge=0, le=3)

    def draw_s(self, draw: Draw) -> float:
        """One latency, in seconds."""
        return draw.lognormal(self.median, self.sigma) / 1000.0


class Behaviour(BaseModel):
    """What a provider does with a request it serves. None means without limit."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    tokens: int = Field(default=12, ge=1, le=100_000)
    """Length of the answers, in content tokens."""
    first_token_ms: Latency = Latency(median=30.0, sigma=0.3)
    inter_token_ms: Latency = Latency(median=5.0, sigma=0.2)
    capacity: int | None = Field(default=None, ge=1, le=100_000)
    """Requests served at the same time."""
    queue: int = Field(default=64, ge=0, le=100_000)
    """Requests that wait for capacity; one more is told that the provider is overloaded."""
    requests_per_minute: int | None = Field(default=None, ge=1, le=1_000_000_000)
    tokens_per_minute: int | None = Field(default=None, ge=1, le=1_000_000_000_000)


def script_of(answer: Answer, headers: bytes, behaviour: Behaviour, draw: Draw) -> Script:
    """What a healthy provider does to give this answer; `headers` are lines that go with those the answer has."""
    if answer.body is not None:
        head = Head(answer.status, answer.headers, answer.content_type, len(answer.body), headers)
        waits = _whole_wait(answer, behaviour, draw)
        return (*waits, head, Send(answer.body, "body"), END)
    head = Head(answer.status, answer.headers, answer.content_type, None, headers)
    steps: list[Step] = [*_first_wait(behaviour, draw), head]
    steps.extend([Send(data, "prelude") for data in answer.head_chunks])
    if behaviour.inter_token_ms.median:
        between = draw.fork("inter-token")
        for index, data in enumerate(answer.token_chunks):
            if index:
                steps.append(Wait(behaviour.inter_token_ms.draw_s(between)))
            steps.append(Send(data, "token"))
    else:
        steps.extend([Send(data, "token") for data in answer.token_chunks])
    steps.extend([Send(data, "terminal") for data in answer.tail_chunks])
    steps.append(END)
    return tuple(steps)


def _first_wait(behaviour: Behaviour, draw: Draw) -> Script:
    if not behaviour.first_token_ms.median:
        return ()
    return (Wait(behaviour.first_token_ms.draw_s(draw.fork("first-token"))),)


def _whole_wait(answer: Answer, behaviour: Behaviour, draw: Draw) -> Script:
    """A whole body comes when its last token would have; what costs no tokens comes at once."""
    if not answer.input_tokens and not answer.output_tokens:
        return ()
    first = _first_wait(behaviour, draw)
    if answer.output_tokens <= 1 or not behaviour.inter_token_ms.median:
        return first
    between = draw.fork("inter-token")
    rest_s = sum(behaviour.inter_token_ms.draw_s(between) for _ in range(answer.output_tokens - 1))
    return (*first, Wait(rest_s))
