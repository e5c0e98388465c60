"""What toxics do to the pieces of one direction of one connection."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

# The attributes each type takes, all whole numbers, 0 where not given.
ATTRIBUTES: Mapping[str, tuple[str, ...]] = {
    "latency": ("latency", "jitter"),
    "bandwidth": ("rate",),
    "slow_close": ("delay",),
    "timeout": ("timeout",),
    "reset_peer": ("timeout",),
    "slicer": ("average_size", "size_variation", "delay"),
    "limit_data": ("bytes",),
}
STREAMS = ("upstream", "downstream")
# A slow pipe hands on what it has every so often.
BANDWIDTH_STEP_S = 0.1


class ToxicError(ValueError):
    """A toxic that does not exist or has attributes it cannot have."""


@dataclass(slots=True)
class Toxic:
    """One toxic as the API takes and shows it."""

    name: str
    type: str
    stream: str
    toxicity: float
    attributes: dict[str, int]

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Toxic:
        """A toxic from the API's JSON; ToxicError if it is none."""
        type_, stream = document.get("type", ""), document.get("stream") or "downstream"
        if stream not in STREAMS:
            raise ToxicError("stream was invalid, can be either upstream or downstream")
        if type_ not in ATTRIBUTES:
            raise ToxicError("invalid toxic type")
        toxic = cls(
            name=document.get("name") or f"{type_}_{stream}",
            type=type_,
            stream=stream,
            toxicity=float(document.get("toxicity", 1.0)),
            attributes=dict.fromkeys(ATTRIBUTES[type_], 0),
        )
        toxic.set(document.get("attributes") or {})
        return toxic

    def set(self, attributes: Mapping[str, Any]) -> None:
        """Takes over the attributes it knows."""
        known = {key: value for key, value in attributes.items() if key in self.attributes}
        for key, value in known.items():
            if isinstance(value, bool) or not isinstance(value, int):
                raise ToxicError(f"bad request body: {key} must be a whole number")
        self.attributes.update(known)

    def document(self) -> dict[str, Any]:
        """As the API shows it."""
        return {
            "attributes": dict(self.attributes),
            "name": self.name,
            "type": self.type,
            "stream": self.stream,
            "toxicity": self.toxicity,
        }


@dataclass(slots=True)
class Piece:
    """Data, and the moment since which delays count."""

    data: bytes
    since_s: float


class Flow(Protocol):
    """One direction of a connection, as its toxics see it."""

    random: random.Random
    sent: dict[str, int]

    def now_s(self) -> float:
        """The time that pieces' `since_s` is in."""
        ...

    async def pause(self, for_s: float) -> bool:
        """Waits; False if the toxics changed meanwhile, which ends every wait at once."""
        ...

    def close(self) -> None:
        """Ends this direction."""


PassOn = Callable[[Piece], Awaitable[None]]


async def treat(toxic: Toxic, piece: Piece, flow: Flow, pass_on: PassOn) -> None:
    """Does to one piece what the toxic does."""
    await TREATMENTS[toxic.type](toxic, piece, flow, pass_on)


async def _latency(toxic: Toxic, piece: Piece, flow: Flow, pass_on: PassOn) -> None:
    jitter = toxic.attributes["jitter"]
    delay_s = (
        toxic.attributes["latency"] + (flow.random.uniform(-jitter, jitter) if jitter > 0 else 0)
    ) / 1000
    wait_s = delay_s - (flow.now_s() - piece.since_s)
    if wait_s > 0:
        await flow.pause(wait_s)
    await pass_on(Piece(piece.data, piece.since_s + wait_s))


async def _bandwidth(toxic: Toxic, piece: Piece, flow: Flow, pass_on: PassOn) -> None:
    bytes_per_s = toxic.attributes["rate"] * 1000
    data, step = piece.data, int(bytes_per_s * BANDWIDTH_STEP_S)
    while bytes_per_s > 0 and len(data) > step:
        if not await flow.pause(BANDWIDTH_STEP_S):
            await pass_on(Piece(data, piece.since_s))
            return
        await pass_on(Piece(data[:step], piece.since_s))
        data = data[step:]
    if bytes_per_s > 0:
        await flow.pause(len(data) / bytes_per_s)
    await pass_on(Piece(data, piece.since_s))


async def _slicer(toxic: Toxic, piece: Piece, flow: Flow, pass_on: PassOn) -> None:
    average, variation = max(1, toxic.attributes["average_size"]), toxic.attributes["size_variation"]
    data = piece.data
    while data:
        size = average + (flow.random.randint(-variation, variation) if variation > 0 else 0)
        await pass_on(Piece(data[: max(1, size)], piece.since_s))
        data = data[max(1, size) :]
        if not await flow.pause(toxic.attributes["delay"] / 1e6):
            break
    if data:
        await pass_on(Piece(data, piece.since_s))


async def _limit_data(toxic: Toxic, piece: Piece, flow: Flow, pass_on: PassOn) -> None:
    left = max(0, toxic.attributes["bytes"] - flow.sent.get(toxic.name, 0))
    data = piece.data[:left]
    flow.sent[toxic.name] = flow.sent.get(toxic.name, 0) + len(data)
    if data:
        await pass_on(Piece(data, piece.since_s))
    if flow.sent[toxic.name] >= toxic.attributes["bytes"]:
        flow.close()


async def _timeout(_: Toxic, __: Piece, ___: Flow, ____: PassOn) -> None:
    """The data is dropped; the closing is the flow's clockwork."""


async def _reset_peer(toxic: Toxic, _: Piece, flow: Flow, __: PassOn) -> None:
    await flow.pause(toxic.attributes["timeout"] / 1000)
    flow.close()


async def _slow_close(_: Toxic, piece: Piece, __: Flow, pass_on: PassOn) -> None:
    """Only the end is late."""
    await pass_on(piece)


TREATMENTS: Mapping[str, Callable[[Toxic, Piece, Flow, PassOn], Awaitable[None]]] = {
    "latency": _latency,
    "bandwidth": _bandwidth,
    "slicer": _slicer,
    "limit_data": _limit_data,
    "timeout": _timeout,
    "reset_peer": _reset_peer,
    "slow_close": _slow_close,
}
