"""The floor under any server in Python: a bare protocol that answers every read with the same bytes.

`python -m seawall_simulators.floor` serves it until its standard input ends; the bench measures it beside the
fake providers, so that their rate can be read as a share of what this machine allows at this moment.
"""

import asyncio
import json
import sys

from seawall_simulators.loop import run_loop
from seawall_simulators.render import head_bytes
from seawall_simulators.script import Head

_BODY = b"x" * 650
_ANSWER = head_bytes(Head(200, (), "application/json", len(_BODY)), close=False, chunked=False) + _BODY


class Floor(asyncio.Protocol):
    """Takes whatever arrives for one request."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client has connected."""
        self._transport = transport

    def data_received(self, data: bytes) -> None:  # noqa: ARG002
        """Answers."""
        self._transport.write(_ANSWER)


async def serve() -> None:
    """Serves on a free port, which it prints."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Floor, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    sys.stdout.write(json.dumps({"providers": {"alpha": {"base_url": url}}}) + "\n")
    sys.stdout.flush()
    await loop.run_in_executor(None, sys.stdin.read)


if __name__ == "__main__":
    run_loop(serve())
