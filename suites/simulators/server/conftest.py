"""Providers in this very process, and clients of bare sockets that see every byte."""

import asyncio
import json
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from urllib.parse import urlsplit

import pytest

from seawall_simulators.config import Config
from seawall_simulators.server import Simulators

AT_ONCE = {"tokens": 8, "first_token_ms": {"median": 0}, "inter_token_ms": {"median": 0}}
PATHS = {
    "openai": "/v1/chat/completions",
    "azure": "/openai/v1/chat/completions",
    "anthropic": "/v1/messages",
    "gemini": "/v1/models/m:generateContent",
}
ANSWER_S_MAX = 5.0


def chat(wire="openai", *, text="hello", stream=False, model="m", **extra):
    """Path and body of a chat request as this wire has them."""
    if wire == "gemini":
        action = "streamGenerateContent?alt=sse" if stream else "generateContent"
        return f"/v1/models/{model}:{action}", {
            "contents": [{"role": "user", "parts": [{"text": text}]}]
        } | extra
    body = {"model": model, "messages": [{"role": "user", "content": text}], "stream": stream} | extra
    return PATHS[wire], body | ({"max_tokens": 100} if wire == "anthropic" else {})


@dataclass
class Response:
    """What came back: `frames` are the chunks of a stream, `raw` every byte, `ended` how the connection did."""

    status: int
    headers: dict
    body: bytes
    frames: list = field(default_factory=list)

    @property
    def json(self):
        return json.loads(self.body)


class Client:
    """One connection, bytes only."""

    def __init__(self, reader, writer):
        self.reader, self.writer = reader, writer

    @staticmethod
    def encode(method, path, document=None, headers=(), body=None):
        body = json.dumps(document).encode() if document is not None else body or b""
        lines = [f"{method} {path} HTTP/1.1", "host: x", f"content-length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in dict(headers).items()]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + body

    async def send(self, data):
        self.writer.write(data)
        await self.writer.drain()

    async def ask(self, method, path, document=None, headers=(), body=None):
        await self.send(self.encode(method, path, document, headers, body))
        return await self.receive(head_only=method == "HEAD")

    async def begin_chat(self, wire="openai", headers=(), **options):
        path, document = chat(wire, **options)
        version = {"anthropic-version": "2023-06-01"} if wire == "anthropic" else {}
        await self.send(self.encode("POST", path, document, dict(headers) | version))

    async def chat(self, wire="openai", headers=(), **options):
        await self.begin_chat(wire, headers, **options)
        return await self.receive()

    async def receive(self, *, head_only=False):
        """One whole response; raises IncompleteReadError or ConnectionResetError where it breaks off."""
        async with asyncio.timeout(ANSWER_S_MAX):
            head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            status_line, *lines = head.strip().split("\r\n")
            headers = dict(line.split(": ", 1) for line in lines)
            response = Response(int(status_line.split()[1]), headers, b"")
            if head_only or response.status == 100:
                return response
            if headers.get("transfer-encoding") == "chunked":
                while size := int(await self.reader.readuntil(b"\r\n"), 16):
                    response.frames.append(await self.reader.readexactly(size))
                    assert await self.reader.readexactly(2) == b"\r\n"
                assert await self.reader.readexactly(2) == b"\r\n"
                response.body = b"".join(response.frames)
            elif "content-length" in headers:
                response.body = await self.reader.readexactly(int(headers["content-length"]))
            else:
                response.body = await self.reader.read()
            return response

    async def broken_off(self):
        """All bytes of a response that breaks off, its frames, and how the connection ended."""
        received, ended = await self.rest()
        head, _, body = received.partition(b"\r\n\r\n")
        if b"chunked" not in head:
            return received, [body], ended
        frames = []
        while body:
            size, _, body = body.partition(b"\r\n")
            frames.append(body[: int(size, 16)])
            body = body[int(size, 16) + 2 :]
        return received, frames, ended

    async def rest(self):
        """All bytes until the connection ends, and how it does: `fin` or `rst`."""
        received = b""
        async with asyncio.timeout(ANSWER_S_MAX):
            try:
                while data := await self.reader.read(65536):
                    received += data
            except ConnectionResetError:
                return received, "rst"
        return received, "fin"

    def close(self):
        self.writer.close()


class Served:
    """Running providers, and clients of them."""

    def __init__(self, simulators, stack):
        self.simulators, self._stack = simulators, stack
        self.urls = simulators.base_urls

    async def connect(self, provider="alpha"):
        url = self.simulators.control_url if provider is None else self.urls[provider]
        target = urlsplit(url)
        reader, writer = await asyncio.open_connection(target.hostname, target.port)
        client = Client(reader, writer)
        self._stack.callback(writer.close)
        return client

    async def control(self, method, path, document=None, **options):
        client = await self.connect(None)
        response = await client.ask(method, path, document, **options)
        client.close()
        return response

    async def rows(self):
        return (await self.control("GET", "/journal")).json["rows"]

    async def finished(self, count):
        """The journal once it has this many rows."""
        async with asyncio.timeout(ANSWER_S_MAX):
            while len(rows := await self.rows()) < count:
                pass
            return rows

    async def fault(self, provider="alpha", **fault):
        response = await self.control("PUT", f"/providers/{provider}/fault", fault)
        assert response.status == 200, response.body


@pytest.fixture
async def serve():
    """Starts providers: `await serve()`, or with other behaviours, wires, a seed; one provider a name."""
    loop = asyncio.get_running_loop()
    troubles = []
    loop.set_exception_handler(lambda _, context: troubles.append(context))
    async with AsyncExitStack() as stack:

        async def start(seed=1, token=None, journal_rows=1000, journal_body_chars=0, **providers):
            providers = providers or {"alpha": {}}
            documents = {
                name: {"wire": "openai", "models": ["m"], "port": 0}
                | document
                | {"behaviour": AT_ONCE | document.get("behaviour", {})}
                for name, document in providers.items()
            }
            config = Config(
                seed=seed,
                journal_rows=journal_rows,
                journal_body_chars=journal_body_chars,
                providers=documents,
            )
            simulators = await stack.enter_async_context(Simulators(config, token=token))
            return Served(simulators, stack)

        yield start
    assert not troubles
