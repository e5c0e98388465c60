"""A process that makes calls through one subject: orders as JSON lines on stdin, results on stdout.

Orders: `warm_up`, `open` (a fresh client), `plan` (calls to come), `make_calls`, `stop` (give up what is under way),
`close`. All times are `time.monotonic()`, which is one clock for all processes of a host. It ends when stdin does, so
it cannot outlive its parent. docs/BENCH.md has the table; a worker in any language may stand in for this one. It imports
nothing but the standard library and its like, since it also runs in the environments of rivals.
"""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import hashlib
import importlib
import importlib.metadata
import json
import os
import sys
import time
from typing import Any

from seawall_chaos.endpoints import Endpoint
from seawall_chaos.load import PlannedCall
from seawall_chaos.outcome import Outcome
from seawall_chaos.subject import CallLog, Clairvoyant, Discard, Outage, Subject, describe

# A client that keeps the deadline by itself gets the chance to say so before the harness gives up.
GRACE_S = 0.5
ORDER_BYTES_MAX = 1 << 20


class Worker:
    """One subject, and the calls that are under way through it."""

    def __init__(self, subject: type[Subject], output: int) -> None:
        """`output` is the file descriptor that results go to."""
        self._type = subject
        self._output = output
        self._client: Subject | None = None
        self._plan: list[PlannedCall] = []
        self._under_way: set[asyncio.Task[None]] = set()
        self._feeding: asyncio.Task[None] | None = None

    def tell(self, event: str, **fields: Any) -> None:
        """Send one event to the parent."""
        line = json.dumps({"event": event, **fields}, separators=(",", ":")).encode() + b"\n"
        while line:
            line = line[os.write(self._output, line) :]

    async def obey(self, order: dict[str, Any]) -> None:
        """Carry out one order."""
        match order["do"]:
            case "warm_up":
                await self._warm_up([Endpoint(**endpoint) for endpoint in order["endpoints"]])
                self.tell("warm")
            case "open":
                self._client = self._type([Endpoint(**endpoint) for endpoint in order["endpoints"]])
                self.tell("open")
            case "plan":
                self._plan += [PlannedCall(**call) for call in order["calls"]]
            case "make_calls":
                calls, self._plan = self._plan, []
                if isinstance(self._client, Clairvoyant):
                    self._client.foresee([Outage(**outage) for outage in order["outages"]])
                self._feeding = asyncio.create_task(self._make_calls(calls, order))
            case "stop":
                await self._stop()
            case "close":
                await self._close()
                self.tell("closed")

    async def _warm_up(self, endpoints: list[Endpoint]) -> None:
        """Use every code path once, so that what an SDK loads on first use is not taken for latency."""
        for first in range(len(endpoints)):
            client = self._type(endpoints[first:] + endpoints[:first])
            for kind in ("complete", "stream"):
                planned = PlannedCall(first, f"warm-up-{first}-{kind}", kind, "Hello", 0.0)
                # A failure here is nobody's call; one that lasts shows in the steady-state check.
                with contextlib.suppress(Exception):
                    await self._ask(client, planned, CallLog(planned.call_id, "Hello", 10.0), _Answer())
            await client.aclose()

    async def _make_calls(self, calls: list[PlannedCall], order: dict[str, Any]) -> None:
        start_s, sent = order["start_s"], 0
        for call in calls:
            await asyncio.sleep(max(0.0, start_s + call.intended_s - time.monotonic()))
            if len(self._under_way) >= order["outstanding_max"]:
                continue
            sent += 1
            task = asyncio.create_task(self._make_call(call, start_s, order["deadline_s"]))
            self._under_way.add(task)
            task.add_done_callback(self._under_way.discard)
        await asyncio.gather(*self._under_way)
        self.tell("done", sent=sent)

    async def _make_call(self, call: PlannedCall, start_s: float, deadline_s: float) -> None:
        assert self._client is not None  # noqa: S101 - `open` comes before `make_calls`
        log = CallLog(call.call_id, call.prompt, deadline_s)
        answer = _Answer()
        started_s = time.monotonic()
        self.tell("sent", number=call.number, at_s=started_s)
        limit = asyncio.timeout_at(start_s + call.intended_s + deadline_s + GRACE_S)
        gave_up, failure = False, None
        try:
            async with limit:
                await self._ask(self._client, call, log, answer)
        except asyncio.CancelledError:
            gave_up, failure = True, "stopped"
        except Exception as error:  # noqa: BLE001 - whatever a subject raises is its failure
            gave_up = limit.expired()
            failure = "gave up" if gave_up else describe(error)
        outcome = Outcome(
            number=call.number,
            started_s=started_s,
            finished_s=time.monotonic(),
            first_token_s=answer.first_token_s if call.kind == "stream" else None,
            gave_up=gave_up,
            failure=failure,
            text_sha256=hashlib.sha256(answer.text.encode()).hexdigest(),
            chars=len(answer.text),
            restarts=answer.restarts,
            attempts=tuple(log.attempts),
        )
        self.tell("finished", outcome=dataclasses.asdict(outcome))

    async def _ask(self, client: Subject, call: PlannedCall, log: CallLog, answer: _Answer) -> None:
        if call.kind == "complete":
            answer.add(await client.complete(log))
            return
        async for piece in client.stream(log):
            if isinstance(piece, Discard):
                answer.discard(piece.start)
            elif piece:
                answer.add(piece)

    async def _stop(self) -> None:
        tasks = [task for task in (self._feeding, *self._under_way) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self.tell("stopped")

    async def _close(self) -> None:
        if self._client is not None:
            client, self._client = self._client, None
            await client.aclose()


@dataclasses.dataclass(slots=True)
class _Answer:
    """What a consumer of the stream has in hand."""

    text: str = ""
    first_token_s: float | None = None
    restarts: int = 0

    def add(self, piece: str) -> None:
        if self.first_token_s is None:
            self.first_token_s = time.monotonic()
        self.text += piece

    def discard(self, start: int) -> None:
        self.text = self.text[:start]
        self.restarts += 1


async def work(subject: type[Subject], output: int) -> None:
    """Obey orders until stdin ends."""
    reader = asyncio.StreamReader(limit=ORDER_BYTES_MAX)
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    worker = Worker(subject, output)
    versions = {name: importlib.metadata.version(name) for name in subject.distributions}
    wires = sorted(subject.wires) if subject.wires is not None else None
    worker.tell("ready", wires=wires, one_provider=subject.one_provider, versions=versions)
    while line := await reader.readline():
        await worker.obey(json.loads(line))


def main() -> None:
    """Entry point: the subject's name is the only argument."""
    # Whatever a client prints must not mix with the results.
    output = os.dup(1)
    os.dup2(2, 1)
    module = importlib.import_module(f"seawall_chaos.subjects.{sys.argv[1].replace('-', '_')}")
    asyncio.run(work(module.SUBJECT, output))


if __name__ == "__main__":
    main()
