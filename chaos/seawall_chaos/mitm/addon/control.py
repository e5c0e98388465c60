"""The harness on the other end: one JSON object per line, commands on standard input, replies and events out.

A pipe needs no port and no secret, and its end is the end of the parent.
"""

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

LINE_BYTES_MAX = 16 * 2**20
Command = Callable[..., Awaitable[Mapping[str, Any] | None]]


def say(message: Mapping[str, Any]) -> None:
    """Tells the harness something, at once."""
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def report_error(message: str) -> None:
    """Tells the harness that this proxy failed at its own work, so that nobody trusts what the client met."""
    say({"event": "error", "message": message})


async def obey(commands: Mapping[str, Command]) -> None:
    """Carries out commands in order until the parent is gone."""
    reader = asyncio.StreamReader(limit=LINE_BYTES_MAX)
    loop = asyncio.get_running_loop()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), sys.stdin)
    while line := await reader.readline():
        message = json.loads(line)
        try:
            result = await commands[message["do"]](**message["with"])
        except (KeyError, TypeError, ValueError, OSError) as error:
            say({"reply": message["id"], "error": f"{type(error).__name__}: {error}"})
        else:
            say({"reply": message["id"], "result": result})
