"""A connection of the stack's own that shows whether a fault of the connection is really in force."""

import asyncio
import time
from dataclasses import dataclass

from seawall_chaos.endpoints import Firing
from seawall_chaos.faults.fault import Symptom

CANARY_ID = "canary-"
SILENCE_S = 0.2
GIVE_UP_S = 30.0
# A canary that is called back has waited long enough to have been held up by more than a busy machine.
CALLED_BACK_S = 0.05
# How long a canary's answer should take through a narrow pipe, and how much of that a scheduler may take back.
SLOW_MS = 120.0
SLACK = 0.8
BYTES_MAX = 4 * 2**20
BYTES_LEAST = 64


@dataclass(frozen=True, slots=True)
class Entrance:
    """Where canaries enter, and the path they ask for; `answers` whether a proxy behind answers any length."""

    host: str
    port: int
    path: str
    answers: bool


class Canary:
    """One request through an entrance, and what it met: `firing` is set if that was the symptom."""

    def __init__(self, entrance: Entrance, symptom: Symptom, number: int) -> None:
        self.firing: Firing | None = None
        self.address = ""
        self._entrance = entrance
        self._symptom = symptom
        self._number = number

    async def fly(self) -> None:
        """Sends the request and waits for what comes of it."""
        began = time.monotonic()
        kind = self._symptom.kind
        try:
            received = await self._exchange()
        except ConnectionRefusedError:
            self._met("refused", "refused")
        except ConnectionResetError:
            self._met("reset", "reset")
        except TimeoutError:
            self._met("silent", f"no byte in {SILENCE_S * 1000:.0f} ms")
        except asyncio.CancelledError:
            waited_s = time.monotonic() - began
            if waited_s >= CALLED_BACK_S and kind in {"slow", "silent"}:
                self._met(kind, f"no answer in the {waited_s * 1000:.0f} ms until it was healed")
            raise
        else:
            took_ms = (time.monotonic() - began) * 1000
            if took_ms >= SLACK * (self._symptom.least_ms + received / self._symptom.bytes_per_ms):
                self._met("slow", f"{received} bytes in {took_ms:.0f} ms")

    def _met(self, kind: str, evidence: str) -> None:
        if kind == self._symptom.kind:
            self.firing = Firing(time.monotonic(), None, f"canary: {evidence}", canary=True)

    async def _exchange(self) -> int:
        """The length of the answer."""
        reader, writer = await asyncio.open_connection(self._entrance.host, self._entrance.port)
        self.address = "{}:{}".format(*writer.get_extra_info("sockname"))
        try:
            async with asyncio.timeout(SILENCE_S if self._symptom.kind == "silent" else GIVE_UP_S):
                writer.write(self._request())
                received = 0
                while data := await reader.read(65536):
                    received += len(data)
                return received
        finally:
            writer.transport.abort()

    def _request(self) -> bytes:
        lines = [
            f"GET {self._entrance.path} HTTP/1.1",
            "host: canary",
            f"x-client-request-id: {CANARY_ID}{self._number}",
            "connection: close",
        ]
        if self._entrance.answers:
            lines.append(f"x-seawall-canary: {self._bytes()}")
        return "\r\n".join([*lines, "", ""]).encode()

    def _bytes(self) -> int:
        """Enough for a narrow pipe to be felt."""
        bytes_per_ms = self._symptom.bytes_per_ms
        return (
            max(BYTES_LEAST, int(min(SLOW_MS * bytes_per_ms, BYTES_MAX)))
            if bytes_per_ms < BYTES_MAX
            else BYTES_LEAST
        )
