"""The parent's end of a worker: its process, the orders to it and what it reports."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from seawall_chaos.child_process import ChildProcess
from seawall_chaos.endpoints import Endpoint
from seawall_chaos.errors import ChildDiedError, StackError
from seawall_chaos.load import LoadShape, plan_calls
from seawall_chaos.outcome import Outcome
from seawall_chaos.rivals import command
from seawall_chaos.subject import Outage

START_S_MAX = 90.0
ORDER_S_MAX = 60.0
STOP_S_MAX = 3.0
CALLS_PER_ORDER = 500
# What a developer has set for real providers, or a proxy, must not steer a run.
_FOREIGN = ("OPENAI_", "ANTHROPIC_", "GEMINI_", "GOOGLE_", "SEAWALL_")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_KEPT = ("SEAWALL_TEST_",)


class WorkerProcess:
    """One subject's process. `started` and `outcomes` hold the calls since the last `make_calls`, by number.

    Whatever waits for it raises `ChildDiedError` when it ends, and `StackError` when it takes too long.
    """

    def __init__(
        self, subject: str, log: Path, on_death: Callable[[str], None], argv: Sequence[str] | None = None
    ) -> None:
        """`on_death` is told, in one line, when the process ends without having been closed.

        `argv` is a program that speaks a worker's language; None: our own, with the subject of that name.
        """
        self.subject = subject
        self._argv = argv
        self.started: dict[int, float] = {}
        self.outcomes: dict[int, Outcome] = {}
        self._log = log
        self._on_death = on_death
        self._replies: asyncio.Queue[dict[str, Any] | ChildDiedError] = asyncio.Queue()
        self._process: ChildProcess | None = None
        self._reading: asyncio.Task[None] | None = None

    async def start(self) -> dict[str, Any]:
        """Start the process; returns what it says of its subject: wires, one_provider, versions.

        Raises InstallError, a StackError, where a rival's environment cannot be made.
        """
        argv = self._argv
        if argv is None:
            argv = await asyncio.to_thread(command, self.subject, "seawall_chaos.worker", self.subject)
        self._process = await ChildProcess.start(
            f"the worker of {self.subject}", argv, log=self._log, env=_environment()
        )
        self._reading = asyncio.create_task(self._read(self._process))
        return await self._reply("ready", START_S_MAX)

    async def warm_up(self, endpoints: Sequence[Endpoint]) -> None:
        """Have the subject use everything once."""
        self._order("warm_up", endpoints=[dataclasses.asdict(endpoint) for endpoint in endpoints])
        await self._reply("warm", ORDER_S_MAX)

    async def open(self, endpoints: Sequence[Endpoint]) -> None:
        """Make a fresh client, which the next calls go through."""
        self._order("open", endpoints=[dataclasses.asdict(endpoint) for endpoint in endpoints])
        await self._reply("open", ORDER_S_MAX)

    async def make_calls(
        self,
        shape: LoadShape,
        *,
        start_s: float,
        deadline_s: float,
        outstanding_max: int,
        outages: Sequence[Outage] = (),
    ) -> None:
        """Begin the calls of `shape` at `start_s` of the monotonic clock; `finish` waits for their end.

        `outages` is for those who are to know the future.
        """
        self.started, self.outcomes = {}, {}
        calls = [dataclasses.asdict(call) for call in plan_calls(shape)]
        for first in range(0, len(calls), CALLS_PER_ORDER):
            self._order("plan", calls=calls[first : first + CALLS_PER_ORDER])
        self._order(
            "make_calls",
            start_s=start_s,
            deadline_s=deadline_s,
            outstanding_max=outstanding_max,
            outages=[dataclasses.asdict(outage) for outage in outages],
        )

    async def finish(self, timeout_s: float) -> None:
        """Wait until every call has ended."""
        await self._reply("done", timeout_s)

    async def stop(self) -> None:
        """Give up the calls that are under way; their outcomes say so."""
        self._order("stop")
        await self._reply("stopped", STOP_S_MAX)

    async def close_client(self) -> None:
        """Let go of the client and its connections."""
        self._order("close")
        await self._reply("closed", ORDER_S_MAX)

    async def aclose(self) -> None:
        """End the process."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)
        if self._process is not None:
            await self._process.end()

    def _order(self, do: str, **fields: Any) -> None:
        if self._process is None:
            raise StackError(f"the worker of {self.subject} was not started")
        self._process.write_line(json.dumps({"do": do, **fields}).encode())

    async def _reply(self, event: str, timeout_s: float) -> dict[str, Any]:
        try:
            async with asyncio.timeout(timeout_s):
                while True:
                    reply = await self._replies.get()
                    if isinstance(reply, ChildDiedError):
                        raise reply
                    if reply["event"] == event:
                        return reply
        except TimeoutError as error:
            raise StackError(f"the worker of {self.subject} did not say {event} in {timeout_s:g}s") from error

    async def _read(self, process: ChildProcess) -> None:
        try:
            while True:
                message = json.loads(await process.read_line())
                match message["event"]:
                    case "sent":
                        self.started[message["number"]] = message["at_s"]
                    case "finished":
                        outcome = Outcome.from_document(message["outcome"])
                        self.outcomes[outcome.number] = outcome
                    case _:
                        self._replies.put_nowait(message)
        except ChildDiedError as error:
            self._replies.put_nowait(error)
            self._on_death(str(error))


def _environment() -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if name.startswith(_KEPT) or not (name.startswith(_FOREIGN) or name.lower() in _PROXIES)
    }
    return kept | {"NO_PROXY": "127.0.0.1,localhost", "PYTHONUNBUFFERED": "1"}
