"""Malicious providers: bare loopback servers that send what no real one would, and a client that meets them."""

import asyncio
import contextlib
import json
import sys
from pathlib import Path

import httpx2
import pytest

from seawall import LLMManager, load_settings
from seawall.providers.http_httpx2 import Httpx2Engine

# What attacks the client is shared with the scripts beside it, which measure what these tests hold.
sys.path.insert(0, str(Path(__file__).parent))

KEY = "sk-canary-4f1e77d0a9"


class Provider:
    """A server that reads one request per connection, keeps it, and answers with whatever it was given."""

    def __init__(self):
        self.requests = []
        self.answer = None
        self.sent = 0
        self.serving = set()

    async def _serve(self, reader, writer):
        self.serving.add(asyncio.current_task())
        with contextlib.closing(writer), contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            length = next(
                int(line.partition(b":")[2])
                for line in head.split(b"\r\n")
                if line.lower().startswith(b"content-length")
            )
            self.requests.append(head + await reader.readexactly(length))
            async for piece in self.answer():
                writer.write(piece)
                self.sent += len(piece)
                await writer.drain()

    async def start(self):
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self.server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/v1"

    async def stop(self):
        """Throw out who is still there, and leave nothing for the next test to find."""
        self.server.close()
        for task in self.serving:
            task.cancel()
        await asyncio.gather(*self.serving, return_exceptions=True)

    def says(self, *pieces):
        """Answer with these bytes."""

        async def answer():
            for piece in pieces:
                yield piece

        self.answer = answer

    def goes_on(self, head, piece):
        """Answer with a head and then the same piece until the client has had enough."""

        async def answer():
            yield head
            while True:
                yield piece

        self.answer = answer


@pytest.fixture
def key():
    """The canary that must turn up nowhere but in the request."""
    return KEY


@pytest.fixture
async def provider():
    """One malicious provider."""
    server = Provider()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
async def elsewhere():
    """A second host, which nobody was told to talk to."""
    server = Provider()
    server.says(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n")
    await server.start()
    yield server
    await server.stop()


@pytest.fixture(params=["aiohttp", "httpx2"])
async def llm(provider, request):
    """A client of that provider alone, with default settings but for a single attempt, over each HTTP engine."""
    settings = {
        "providers": [
            {"name": "mallory", "wire": "openai_chat", "model": "m", "base_url": provider.url, "api_key": KEY}
        ],
        "retry": {"attempts_max": 1},
        "deadline_s": 20,
    }
    loaded = load_settings(environ={}, overrides=settings)
    own = request.param == "httpx2"
    engine = Httpx2Engine(httpx2.AsyncClient(trust_env=False)) if own else None
    async with LLMManager(loaded, engine=engine) as manager:
        yield manager


@pytest.fixture
def chat_body():
    """The body of a whole answer."""

    def body(text):
        message = {"role": "assistant", "content": text}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        return json.dumps(
            {"id": "1", "object": "chat.completion", "created": 1, "model": "m", "choices": [choice]}
        ).encode()

    return body
