"""The parent's end of a worker: its process, the orders to it and what it reports."""

from __future__ import annotations

import asyncio
import dataclasses
import json
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from seawall_chaos.endpoints import Endpoint
from seawall_chaos.load import LoadShape
from seawall_chaos.outcome import Outcome

START_S_MAX = 90.0
ORDER_S_MAX = 60.0
END_S_MAX = 3.0
LINE_BYTES_MAX = 1 << 20
# What a developer has set for real providers, or a proxy, must not steer a run.
_FOREIGN = ("OPENAI_", "ANTHROPIC_", "GEMINI_", "GOOGLE_", "SEAWALL_")
_PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
_KEPT = ("SEAWALL_TEST_",)


class WorkerError(Exception):
    """A worker that did not start, or ended, or did not answer an order in time."""


class WorkerProcess:
    """One subject's process. `started` and `outcomes` hold the calls since the last `make_calls`, by number."""

    def __init__(self, subject: str, log: Path, on_death: Callable[[str], None]) -> None:
        """`on_death` is told, in one line, when the process ends without having been closed."""
        self.subject = subject
        self.started: dict[int, float] = {}
        self.outcomes: dict[int, Outcome] = {}
        self._log = log
        self._on_death = on_death
        self._replies: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None
        self._closing = False

    async def start(self) -> dict[str, Any]:
        """Start the process; returns what it says of its subject: wires, one_provider, versions."""
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "seawall_chaos.worker",
                self.subject,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=log,
                env=_environment(),
                limit=LINE_BYTES_MAX,
                # Ctrl-C is for the parent, which then ends its workers in order.
                start_new_session=True,
            )
        self._reading = asyncio.create_task(self._read(self._process))
        return await self._reply("ready", START_S_MAX)

    async def warm_up(self, endpoints: Sequence[Endpoint]) -> None:
        """Have the subject use everything once."""
        await self._order("warm_up", endpoints=[dataclasses.asdict(endpoint) for endpoint in endpoints])
        await self._reply("warm", ORDER_S_MAX)

    async def open(self, endpoints: Sequence[Endpoint]) -> None:
        """Make a fresh client, which the next calls go through."""
        await self._order("open", endpoints=[dataclasses.asdict(endpoint) for endpoint in endpoints])
        await self._reply("open", ORDER_S_MAX)

    async def make_calls(
        self, shape: LoadShape, *, start_s: float, deadline_s: float, outstanding_max: int
    ) -> None:
        """Begin the calls of `shape` at `start_s` of the monotonic clock; `finish` waits for their end."""
        self.started, self.outcomes = {}, {}
        await self._order(
            "make_calls",
            shape=dataclasses.asdict(shape),
            start_s=start_s,
            deadline_s=deadline_s,
            outstanding_max=outstanding_max,
        )

    async def finish(self, timeout_s: float) -> None:
        """Wait until every call has ended."""
        await self._reply("done", timeout_s)

    async def stop(self) -> None:
        """Give up the calls that are under way; their outcomes say so."""
        await self._order("stop")
        await self._reply("stopped", END_S_MAX)

    async def close_client(self) -> None:
        """Let go of the client and its connections."""
        await self._order("close")
        await self._reply("closed", ORDER_S_MAX)

    async def aclose(self) -> None:
        """End the process."""
        self._closing = True
        process = self._process
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), END_S_MAX)
        except TimeoutError:
            process.kill()
            await process.wait()
        if self._reading is not None:
            await self._reading

    async def _order(self, do: str, **fields: Any) -> None:
        process = self._process
        if process is None or process.stdin is None or process.returncode is not None:
            raise WorkerError(f"the worker of {self.subject} is gone; its log is {self._log}")
        process.stdin.write(json.dumps({"do": do, **fields}).encode() + b"\n")
        try:
            await process.stdin.drain()
        except ConnectionError as error:
            raise WorkerError(f"the worker of {self.subject} is gone; its log is {self._log}") from error

    async def _reply(self, event: str, timeout_s: float) -> dict[str, Any]:
        try:
            async with asyncio.timeout(timeout_s):
                while (reply := await self._replies.get())["event"] != event:
                    if reply["event"] == "gone":
                        raise WorkerError(reply["reason"])
        except TimeoutError as error:
            raise WorkerError(
                f"the worker of {self.subject} did not say {event} in {timeout_s:g}s"
            ) from error
        return reply

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        assert process.stdout is not None  # noqa: S101 - it was asked for as a pipe
        while line := await process.stdout.readline():
            message = json.loads(line)
            match message["event"]:
                case "sent":
                    self.started[message["number"]] = message["at_s"]
                case "finished":
                    outcome = Outcome.from_document(message["outcome"])
                    self.outcomes[outcome.number] = outcome
                case _:
                    self._replies.put_nowait(message)
        code = await process.wait()
        reason = f"the worker of {self.subject} ended (exit code {code}); its log is {self._log}"
        self._replies.put_nowait({"event": "gone", "reason": reason})
        if not self._closing:
            self._on_death(reason)


def _environment() -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if name.startswith(_KEPT) or not (name.startswith(_FOREIGN) or name.lower() in _PROXIES)
    }
    return kept | {"NO_PROXY": "127.0.0.1,localhost", "PYTHONUNBUFFERED": "1"}
