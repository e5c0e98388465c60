"""A connection of the stack's own that shows whether a fault of the connection is really in force."""

import asyncio
import time
from dataclasses import dataclass

from seawall_chaos.endpoints import Firing
from seawall_chaos.faults.fault import Symptom

CANARY_ID = "canary-"
SILENCE_S = 0.2
GIVE_UP_S = 30.0
# How long a canary's answer should take through a narrow pipe, and how much of that a scheduler may take back.
SLOW_MS = 120.0
SLACK = 0.8
BYTES_MAX = 4 * 2**20


@dataclass(frozen=True, slots=True)
class Entrance:
    """Where canaries enter, and the path they ask for; `answers` whether a proxy behind answers any length."""

    host: str
    port: int
    path: str
    answers: bool


@dataclass(slots=True)
class CanaryFlight:
    """What a canary met: the firing if it met the symptom, and the addresses it came from."""

    firing: Firing | None = None
    address: str = ""


async def fly(entrance: Entrance, symptom: Symptom, number: int, flight: CanaryFlight) -> None:
    """Sends one request through `entrance` and notes in `flight` whether it met `symptom`."""
    began = time.monotonic()
    asked = _asked_bytes(symptom) if entrance.answers else 0
    request = (
        f"GET {entrance.path} HTTP/1.1\r\nhost: canary\r\nx-client-request-id: {CANARY_ID}{number}\r\n"
        f"connection: close\r\n" + (f"x-seawall-canary: {asked}\r\n\r\n" if entrance.answers else "\r\n")
    )
    met, received = "nothing unusual", 0
    try:
        reader, writer = await asyncio.open_connection(entrance.host, entrance.port)
    except ConnectionRefusedError:
        met = "refused"
    else:
        flight.address = "{}:{}".format(*writer.get_extra_info("sockname"))
        try:
            async with asyncio.timeout(SILENCE_S if symptom.kind == "silent" else GIVE_UP_S):
                writer.write(request.encode())
                received = await _read_to_end(reader)
        except TimeoutError:
            met = "silent" if symptom.kind == "silent" else "no end"
        except ConnectionResetError:
            met = "reset"
        finally:
            writer.transport.abort()
    took_ms = (time.monotonic() - began) * 1000
    if symptom.kind == "slow" and took_ms >= SLACK * (symptom.least_ms + received / symptom.bytes_per_ms):
        met = "slow"
    if met == symptom.kind:
        evidence = f"canary: {met}" + (f", {received} bytes in {took_ms:.0f} ms" if met == "slow" else "")
        flight.firing = Firing(time.monotonic(), None, evidence, canary=True)


def _asked_bytes(symptom: Symptom) -> int:
    return int(min(SLOW_MS * symptom.bytes_per_ms, BYTES_MAX)) if symptom.bytes_per_ms < BYTES_MAX else 64


async def _read_to_end(reader: asyncio.StreamReader) -> int:
    received = 0
    while data := await reader.read(65536):
        received += len(data)
    return received
