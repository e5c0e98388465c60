"""The process of a stack's fake providers, and its control API."""

import asyncio
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

import aiohttp

from seawall_chaos.child_process import ChildProcess
from seawall_chaos.endpoints import ProviderSpec
from seawall_chaos.errors import StackError

START_TIMEOUT_S = 30.0
CALL_TIMEOUT = aiohttp.ClientTimeout(total=30)
HTTP_ERROR = 400
Row = Mapping[str, Any]


class SimulatorProcess:
    """Running fake providers, each on a port of its own."""

    def __init__(self, child: ChildProcess, ready: Mapping[str, Any]) -> None:
        self.child = child
        self.base_urls: dict[str, str] = {n: p["base_url"] for n, p in ready["providers"].items()}
        self._control: str = ready["control"]
        self._session = aiohttp.ClientSession(timeout=CALL_TIMEOUT)
        self._rows: list[Row] = []
        self._last_seq = 0

    @classmethod
    async def start(cls, specs: Sequence[ProviderSpec], *, seed: int, log_dir: Path) -> Self:
        """Starts the providers; they answer when this returns."""
        providers = {
            spec.name: {
                "wire": spec.wire,
                "port": 0,
                "models": [spec.model],
                "api_key": spec.api_key,
                "behaviour": dict(spec.behaviour),
            }
            for spec in specs
        }
        config = log_dir / "providers.json"
        config.write_text(json.dumps({"seed": seed, "providers": providers}), encoding="utf-8")
        argv = (sys.executable, "-m", "seawall_simulators", "serve", "--config", str(config), "--parent")
        child = await ChildProcess.start("fake providers", argv, log=log_dir / "providers.log")
        try:
            ready = json.loads(await asyncio.wait_for(child.read_line(), START_TIMEOUT_S))
        except BaseException:
            await child.end()
            raise
        return cls(child, ready)

    async def set_faults(self, provider: str, faults: Sequence[Mapping[str, Any]]) -> None:
        """Replaces the faults a provider has."""
        await self._call("PUT", f"/providers/{provider}/fault", list(faults))

    async def journal(self) -> list[Row]:
        """Every request seen since the start or the last `reset`, unfinished ones last."""
        document = await self._call("GET", f"/journal?since={self._last_seq}")
        self._rows.extend(document["rows"])
        self._last_seq = document["last_seq"]
        if document["dropped"]:
            raise StackError(f"the providers' journal overflowed: {document['dropped']} rows are lost")
        return [*self._rows, *document["unfinished"]]

    async def reset(self) -> None:
        """Clears faults, journal, allowances and occurrences, and drops every connection."""
        await self._call("POST", "/reset")
        self._rows.clear()

    async def end(self) -> None:
        """Ends the process; idempotent."""
        await self._session.close()
        await self.child.end()

    async def _call(self, method: str, path: str, document: Any = None) -> Any:
        try:
            async with self._session.request(method, self._control + path, json=document) as response:
                answer = await response.json()
        except (aiohttp.ClientError, TimeoutError) as error:
            raise StackError(f"fake providers: {method} {path}: {error!r}; log: {self.child.log}") from error
        if response.status >= HTTP_ERROR:
            raise StackError(f"fake providers: {method} {path}: {answer.get('error')}")
        return answer
