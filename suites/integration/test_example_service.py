"""The example service of the documents, as a real process before real providers, with clients that leave."""

import asyncio
import contextlib
import json
import os
import re
import subprocess
import sys
import time
from pathlib import Path

import aiohttp
import pytest

pytestmark = pytest.mark.real_processes
EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
PATIENCE_S = 15
SDK_NAMES = {"alpha": "OPENAI", "beta": "ANTHROPIC", "gamma": "GEMINI"}


@pytest.fixture(scope="module")
def environment(provider_process):
    """What the examples find: keys as every SDK wants them, and the fake providers' addresses."""
    variables = {f"{name}_API_KEY": "sk-integration-0123456789" for name in SDK_NAMES.values()}
    for provider, name in SDK_NAMES.items():
        variables[f"SEAWALL_PROVIDERS__{name}__BASE_URL"] = provider_process.base_urls[provider]
        variables[f"SEAWALL_PROVIDERS__{name}__MODEL"] = f"{provider}-1"
    return os.environ | variables


@contextlib.contextmanager
def running_service(environment, folder):
    """The service as a process of its own; yields its address."""
    log = folder / "service.log"
    command = [sys.executable, "-m", "uvicorn", "fastapi_service:app", "--app-dir", EXAMPLES, "--port", "0"]
    with (
        log.open("wb") as output,
        subprocess.Popen(command, env=environment, cwd=folder, stderr=output, stdout=output) as process,
    ):
        end = time.monotonic() + PATIENCE_S
        while not (found := re.search(r"running on (http://[\d.:]+)", log.read_text(encoding="utf-8"))):
            assert process.poll() is None, log.read_text(encoding="utf-8")
            assert time.monotonic() < end
            time.sleep(0.02)
        try:
            yield found[1]
        finally:
            process.terminate()
            assert process.wait(timeout=10) in (0, -15), log.read_text(encoding="utf-8")
    assert "Traceback" not in log.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def shared_service(environment, tmp_path_factory):
    """One service for tests that leave it as they found it."""
    with running_service(environment, tmp_path_factory.mktemp("service")) as url:
        yield url


@pytest.fixture
async def web(shared_service):
    """A browser of the shared service."""
    async with aiohttp.ClientSession(shared_service) as session:
        yield session


@pytest.fixture
async def web_of_its_own(environment, tmp_path):
    """A browser of a service that nobody else uses."""
    with running_service(environment, tmp_path) as url:
        async with aiohttp.ClientSession(url) as session:
            yield session


async def ask(web, **question):
    async with web.post("/answer", json={"text": "hello", **question}) as response:
        return response.status, response.headers, await response.json()


def server_events(text):
    return [
        (block.partition("\n")[0].removeprefix("event: "), json.loads(block.partition("data: ")[2]))
        for block in text.strip().split("\n\n")
    ]


async def test_it_answers(web, providers, meant):
    """JSON with who answered, and a trace id that is on record at the provider."""
    status, headers, body = await ask(web)
    (row,) = await providers.saw(1)

    assert (status, body["provider"], body["fell_back"]) == (200, "openai", False)
    assert meant(row, body["text"])
    assert row["client_request_id"] == headers["X-Trace-Id"] + "-1"


async def test_it_streams_and_tells_of_restarts(web, providers, meant):
    """Server-sent events; a provider that breaks off is a `restart`, and what counts is the text after it."""
    providers.fault("alpha", "truncation", after_tokens=5)
    async with web.post("/stream", json={"text": "hello"}) as response:
        trace_id = response.headers["X-Trace-Id"]
        events = server_events(await response.text())
    text = ""
    for name, data in events:
        text = text[: data["discard_from"]] if name == "restart" else text + data.get("text", "")
    rows = await providers.saw(2)

    assert events[-1] == ("done", {"provider": "anthropic"})
    assert "restart" in [name for name, _ in events]
    assert meant(next(row for row in rows if row["provider"] == "beta"), text)
    assert {row["client_request_id"].rpartition("-")[0] for row in rows} == {trace_id}


async def test_it_lives_through_outages_and_says_what_failed(web_of_its_own, providers):
    """One provider down: nobody notices, but its health. All of them: 503, and when to come back."""
    web = web_of_its_own
    providers.fault("alpha", "http_status", status=503)
    answers = await asyncio.gather(*(ask(web) for _ in range(20)))
    assert {status for status, _, _ in answers} == {200}
    assert {body["provider"] for _, _, body in answers} == {"anthropic"}

    async with web.get("/health") as response:
        assert response.status == 200
        assert (await response.json())["breakers"] == {
            "openai": "open",
            "anthropic": "closed",
            "gemini": "closed",
        }

    for name in ("alpha", "beta", "gamma"):
        providers.fault(name, "http_status", status=429, retry_after="7")
    status, headers, body = await ask(web, deadline_s=2)
    assert (status, body) == (503, {"error": "no provider answers"})
    assert 1 <= int(headers["Retry-After"]) <= 7
    assert headers["X-Trace-Id"]
    async with web.post("/stream", json={"text": "hello", "deadline_s": 2}) as response:
        assert response.status == 503
    async with web.post("/answer", json={"text": ""}) as response:
        assert response.status == 422


async def test_a_deadline_is_a_gateway_timeout(web, providers):
    """Nobody answers in time: 504, in time."""
    for name in ("alpha", "beta", "gamma"):
        providers.fault(name, "stall", after_tokens=0)
    started = time.monotonic()
    status, _, body = await ask(web, deadline_s=0.4)

    assert (status, body) == (504, {"error": "no answer in time"})
    assert time.monotonic() - started < 3


async def until(providers, *, under_way):
    """Wait until the providers are at work, or no longer."""
    async with asyncio.timeout(PATIENCE_S):
        while (
            bool((await asyncio.to_thread(providers.command, "GET", "/health"))["under_way"]) is not under_way
        ):
            pass


@pytest.mark.parametrize(
    ("path", "after_tokens"),
    [("/answer", 0), ("/stream", 0), ("/stream", 3)],
    ids=["answer", "opening", "stream"],
)
async def test_a_client_that_leaves_takes_its_call_along(web, providers, path, after_tokens):
    """Before the first token or in mid-stream: every provider asked sees its own client leave at once."""
    for name in ("alpha", "beta", "gamma"):  # else another one would step in
        providers.fault(name, "stall", after_tokens=after_tokens)

    async def wait():
        async with web.post(path, json={"text": "hello", "deadline_s": 60}) as response:
            await response.read()

    waiting = asyncio.create_task(wait())
    await until(providers, under_way=True)
    if after_tokens:
        await asyncio.sleep(0.2)  # the first events are on their way to the client
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await until(providers, under_way=False)

    assert {row["outcome"] for row in providers.journal()} == {"client_left"}


def test_the_script_with_threads_runs(providers, environment, tmp_path):
    """Each question has its answer, in order, and the stream comes at the end."""
    questions = [f"question {number}" for number in range(20)]
    result = subprocess.run(
        [sys.executable, EXAMPLES / "threads.py"],
        input="\n".join(questions),
        env=environment,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    *answers, streamed = result.stdout.splitlines()

    assert result.returncode == 0, result.stderr
    assert [line.partition(" -> ")[0] for line in answers] == questions
    assert all(line.endswith("(openai)") for line in answers)
    assert streamed
