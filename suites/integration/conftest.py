"""Fake providers as a process of its own, and clients that use them as a service would."""

import asyncio
import contextlib
import hashlib
import json
import subprocess
import sys
import time
import urllib.request

import pytest

from seawall import LLMManager

WIRES = {"alpha": "openai", "beta": "anthropic", "gamma": "gemini", "delta": "azure"}
CLIENT_WIRES = {
    "openai": "openai_chat",
    "anthropic": "anthropic",
    "gemini": "gemini",
    "azure": "azure_openai",
}
NAMES = ("alpha", "beta", "gamma")
KEY = "sk-integration-0123456789"
PATIENCE_S = 5.0


class Providers:
    """The fake providers: where they are, what they are told to do, and what they saw."""

    def __init__(self, ready):
        self.control = ready["control"]
        self.base_urls = {name: provider["base_url"] for name, provider in ready["providers"].items()}

    def command(self, method, path, document=None):
        data = None if document is None else json.dumps(document).encode()
        request = urllib.request.Request(self.control + path, data, method=method)
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.loads(response.read() or b"null")

    def reset(self):
        self.command("POST", "/reset")

    def fault(self, name, fault, **params):
        self.command("PUT", f"/providers/{name}/fault", {"fault": fault, **params})

    def heal(self, name):
        self.command("DELETE", f"/providers/{name}/fault")

    def journal(self):
        return self.command("GET", "/journal")["rows"]

    async def saw(self, count):
        """The journal once it has so many rows: a request is written down when it has ended, a moment later."""
        until = time.monotonic() + PATIENCE_S
        while True:
            rows = await asyncio.to_thread(self.journal)
            if len(rows) >= count or time.monotonic() > until:
                return rows
            await asyncio.sleep(0.005)

    def settings(self, names=NAMES, **options):
        """Settings as a mapping, for `LLMManager.from_settings(overrides=...)`."""
        return {
            "providers": [
                {
                    "name": name,
                    "wire": CLIENT_WIRES[WIRES[name]],
                    "model": f"{name}-1",
                    "base_url": self.base_urls[name],
                    "api_key": KEY,
                }
                for name in names
            ],
            **options,
        }


@pytest.fixture(scope="session")
def provider_process(tmp_path_factory):
    """The process, for the whole session."""
    behaviour = {
        "tokens": 12,
        "first_token_ms": {"median": 2, "sigma": 0.1},
        "inter_token_ms": {"median": 0.2},
    }
    config = {
        "seed": 3,
        "providers": {
            name: {
                "wire": wire,
                "models": [f"{name}-1", "vectors"],
                "api_key": KEY,
                "behaviour": behaviour,
            }
            for name, wire in WIRES.items()
        },
    }
    file = tmp_path_factory.mktemp("providers") / "providers.json"
    file.write_text(json.dumps(config), encoding="utf-8")
    command = [sys.executable, "-m", "seawall_simulators", "serve", "--parent", "--config", str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            yield Providers(json.loads(process.stdout.readline()))
        finally:
            process.stdin.close()
            process.wait(timeout=10)


@pytest.fixture
def providers(provider_process):
    """The providers, healthy and with an empty journal."""
    provider_process.reset()
    yield provider_process
    provider_process.reset()


class Notes:
    """An observer that keeps what it is told."""

    def __init__(self):
        self.attempts = []
        self.calls = []

    def attempt_finished(self, context, record):
        self.attempts.append((context, record))

    def call_finished(self, trace):
        self.calls.append(trace)


@pytest.fixture
def notes():
    """An observer's notes."""
    return Notes()


@pytest.fixture
def service(providers, notes):
    """Make an LLMManager on the fake providers: `async with service(**settings) as llm`."""

    @contextlib.asynccontextmanager
    async def make(names=NAMES, **options):
        overrides = providers.settings(names, **options)
        async with LLMManager.from_settings(environ={}, overrides=overrides, observers=[notes]) as llm:
            yield llm

    return make


@pytest.fixture
def meant():
    """Whether a text is exactly what the provider meant to say in that journal row."""
    return lambda row, text: hashlib.sha256(text.encode()).hexdigest() == row["answer_sha256"]


@pytest.fixture
def leaks():
    """What a client still holds: tasks besides the test's own, connections in use, probes."""

    async def count(llm):
        for _ in range(20):  # cancelled tasks end within a few turns of the loop
            await asyncio.sleep(0)
        session = llm.client._wiring.connections.engine._session
        return {
            "tasks": len(asyncio.all_tasks()) - 1,
            "connections": 0 if session is None else len(session.connector._acquired),
            "probes": len(llm.client._probes),
        }

    return count
