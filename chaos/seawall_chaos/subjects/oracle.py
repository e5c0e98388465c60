"""The limit: a client that is told beforehand which provider fails when, and asks the first one that is well.

It cheats on purpose. It has no policy that could be wrong and nothing in it that costs: aiohttp, one request for a
call, the timeline of the faults in its hand. No client can do better; how far one stays behind is what it has to learn.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any, ClassVar

import aiohttp

from seawall_chaos.endpoints import Endpoint
from seawall_chaos.subject import CallLog, Outage

# A call lasts, and a fault comes and goes within milliseconds of its time: so much before and after, it keeps away.
BEFORE_S, AFTER_S = 0.5, 0.1


class Oracle:
    """Bare requests on OpenAI's wire to the first provider that no fault is on."""

    wires: ClassVar[frozenset[str] | None] = frozenset({"openai"})
    one_provider: ClassVar[bool] = False
    distributions: ClassVar[tuple[str, ...]] = ("aiohttp",)

    def __init__(self, endpoints: Sequence[Endpoint]) -> None:
        self.endpoints = endpoints
        self.outages: Sequence[Outage] = ()
        self.session = aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))

    def foresee(self, outages: Sequence[Outage]) -> None:
        """Learns what is going to happen."""
        self.outages = outages

    def choose(self, now_s: float) -> Endpoint:
        """The first provider that is well, or the first of all where none is."""
        ill = {
            outage.provider
            for outage in self.outages
            if outage.begin_s - BEFORE_S <= now_s <= outage.end_s + AFTER_S
        }
        return next((each for each in self.endpoints if each.name not in ill), self.endpoints[0])

    async def complete(self, call: CallLog) -> str:
        """One completion."""
        async with self._asked(call, stream=False) as response:
            document = await response.json()
        return str(document["choices"][0]["message"]["content"])

    async def stream(self, call: CallLog) -> AsyncIterator[str]:
        """One streamed completion; one that ends without its terminal event is an error."""
        async with self._asked(call, stream=True) as response:
            async for line in response.content:
                data = line.strip().removeprefix(b"data: ")
                if data == b"[DONE]":
                    return
                if data.startswith(b"{"):
                    for choice in json.loads(data)["choices"]:
                        yield choice["delta"].get("content") or ""
        raise aiohttp.ClientPayloadError("the stream ended early")

    @asynccontextmanager
    async def _asked(self, call: CallLog, *, stream: bool) -> AsyncIterator[aiohttp.ClientResponse]:
        endpoint = self.choose(time.monotonic())
        body: dict[str, Any] = {
            "model": endpoint.model,
            "messages": [{"role": "user", "content": call.prompt}],
            "stream": stream,
        }
        with call.attempt(endpoint.name) as headers:
            headers["Authorization"] = f"Bearer {endpoint.api_key}"
            async with (
                asyncio.timeout(call.deadline_s),
                self.session.post(
                    f"{endpoint.base_url}/chat/completions", json=body, headers=headers
                ) as response,
            ):
                response.raise_for_status()
                yield response

    async def aclose(self) -> None:
        """Closes its connections."""
        await self.session.close()


SUBJECT = Oracle
