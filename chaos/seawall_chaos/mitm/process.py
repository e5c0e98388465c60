"""The mitmproxy process of a stack: started, told what to do, listened to."""

import asyncio
import json
import os
from collections import defaultdict
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any, Self

from seawall_chaos.child_process import ChildProcess
from seawall_chaos.endpoints import Firing
from seawall_chaos.errors import ChildDiedError, EngineFaultError, StackError
from seawall_chaos.mitm.environment import MitmproxyEnvironment

# The addon's folder comes last on the path, so nothing of ours can stand in for anything of theirs.
RUN_ADDON = (
    "import runpy, sys; sys.path.append(sys.argv.pop(1)); runpy.run_module('addon', run_name='__main__')"
)
START_TIMEOUT_S = 60.0
REPLY_TIMEOUT_S = 30.0


class MitmproxyProcess:
    """A running mitmproxy with one reverse-proxy listener per provider, and what its rules have done."""

    def __init__(self, child: ChildProcess) -> None:
        self.child = child
        self.version = ""
        self._numbers = count(1)
        self._replies: dict[int, asyncio.Future[Any]] = {}
        self._firings: dict[str, list[Firing]] = defaultdict(list)
        self._errors: list[str] = []
        self._listener: asyncio.Task[None] | None = None

    @classmethod
    async def start(cls, environment: MitmproxyEnvironment, *, log_dir: Path) -> Self:
        """Starts the process; it listens nowhere yet."""
        argv = (str(environment.python), "-c", RUN_ADDON, str(Path(__file__).parent))
        env = {key: value for key, value in os.environ.items() if key not in {"PYTHONHOME", "VIRTUAL_ENV"}}
        child = await ChildProcess.start("mitmproxy", argv, log=log_dir / "mitmproxy.log", env=env)
        proxy = cls(child)
        try:
            ready = json.loads(await asyncio.wait_for(child.read_line(), START_TIMEOUT_S))
        except BaseException:
            await child.end()
            raise
        proxy.version = str(ready["version"])
        proxy._listener = asyncio.create_task(proxy._listen_to_it())
        return proxy

    async def listen(self, upstreams: Mapping[str, int]) -> dict[str, int]:
        """The port of each provider's listener, by the port the provider listens on."""
        ports: dict[str, int] = await self._tell("listen", upstreams=dict(upstreams))
        return ports

    async def add_rule(self, rule: Mapping[str, Any]) -> None:
        """Puts a rule in force."""
        await self._tell("add", rule=rule)

    async def remove_rule(self, rule_id: str) -> None:
        """Takes a rule back; responses it already acts on stay as they are."""
        await self._tell("remove", rule_id=rule_id)

    async def drain(self, provider: str, *, busy: bool) -> None:
        """Ends the provider's idle connections now; with `busy`, the others after the response under way."""
        await self._tell("drain", provider=provider, busy=busy)

    async def drop(self) -> None:
        """Ends every connection now."""
        await self._tell("drop")

    async def firings(self, rule_id: str) -> list[Firing]:
        """What a rule has done so far, oldest first; EngineFaultError if the proxy itself failed at anything."""
        await self._tell("sync")
        self.check()
        return list(self._firings[rule_id])

    def check(self) -> None:
        """EngineFaultError if the proxy itself failed at anything since the last `forget`."""
        if self._errors:
            raise EngineFaultError(f"mitmproxy: {self._errors[0]}; its log is {self.child.log}")

    def forget(self) -> None:
        """Forgets firings and errors."""
        self._firings.clear()
        self._errors.clear()

    async def end(self) -> None:
        """Ends the process; idempotent."""
        await self.child.end()
        if self._listener is not None:
            self._listener.cancel()
            await asyncio.wait([self._listener])

    async def _tell(self, do: str, **arguments: Any) -> Any:
        number = next(self._numbers)
        reply = self._replies[number] = asyncio.get_running_loop().create_future()
        try:
            self.child.write_line(json.dumps({"id": number, "do": do, "with": arguments}).encode())
            return await asyncio.wait_for(reply, REPLY_TIMEOUT_S)
        except TimeoutError:
            raise StackError(f"mitmproxy did not answer {do!r}; its log is {self.child.log}") from None
        finally:
            del self._replies[number]

    async def _listen_to_it(self) -> None:
        try:
            while True:
                self._hear(json.loads(await self.child.read_line()))
        except ChildDiedError as died:
            for reply in self._replies.values():
                if not reply.done():
                    reply.set_exception(died)

    def _hear(self, message: Mapping[str, Any]) -> None:
        if message.get("event") == "fired":
            firing = Firing(message["at"], message["client_request_id"], message["evidence"])
            self._firings[message["rule"]].append(firing)
        elif message.get("event") == "error":
            self._errors.append(message["message"])
        elif (reply := self._replies.get(message["reply"])) is not None and not reply.done():
            if "error" in message:
                reply.set_exception(StackError(f"mitmproxy: {message['error']}"))
            else:
                reply.set_result(message["result"])
