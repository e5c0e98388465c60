"""Fake providers as a process of its own, and the paths by which an SDK reaches them."""

import asyncio
import contextlib
import json
import subprocess
import sys
import threading
import urllib.request
from concurrent.futures import Future
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import pytest

from seawall_chaos.mitm.process import MitmproxyProcess
from seawall_chaos.provision import provision
from seawall_chaos.toxiproxy.server import ToxiproxyServer

API_KEY = "sk-seawall-suite"
PROVIDERS = {"alpha": "openai", "beta": "anthropic", "gamma": "gemini", "delta": "azure"}
CONFIG = {
    "seed": 7,
    "providers": {
        name: {
            "wire": wire,
            "port": 0,
            "models": [f"{name}-1", f"{name}-2"],
            "api_key": API_KEY,
            "behaviour": {"tokens": 12, "first_token_ms": {"median": 0}, "inter_token_ms": {"median": 0}},
        }
        for name, wire in PROVIDERS.items()
    },
}


@dataclass(frozen=True)
class Endpoints:
    """Where SDKs find the fake providers, by whatever path, and where those are controlled."""

    control: str
    base_urls: dict[str, str]
    api_key: str = API_KEY

    def command(self, method, path, document=None):
        """Sends one command to the control API and returns what it says."""
        data = None if document is None else json.dumps(document).encode()
        request = urllib.request.Request(self.control + path, data, method=method)
        with urllib.request.urlopen(request, timeout=10) as response:
            return json.loads(response.read() or b"null")

    @contextlib.contextmanager
    def fault(self, provider, **fault):
        """One fault on one provider for as long as the block lasts."""
        self.command("PUT", f"/providers/{provider}/fault", fault)
        try:
            yield
        finally:
            self.command("DELETE", f"/providers/{provider}/fault")

    @contextlib.contextmanager
    def behaviour(self, provider, **behaviour):
        """Another behaviour of one provider for as long as the block lasts."""
        before = self.command("GET", f"/providers/{provider}")
        changed = {**before, "behaviour": {**before["behaviour"], **behaviour}}
        self.command("PUT", f"/providers/{provider}", changed)
        try:
            yield
        finally:
            self.command("PUT", f"/providers/{provider}", before)


@contextlib.contextmanager
def direct(folder):
    """The fake providers in a process of their own, with nothing between."""
    file = folder / "providers.json"
    file.write_text(json.dumps(CONFIG), encoding="utf-8")
    command = [sys.executable, "-m", "seawall_simulators", "serve", "--parent", "--config", str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        try:
            ready = json.loads(process.stdout.readline())
            urls = {name: provider["base_url"] for name, provider in ready["providers"].items()}
            yield Endpoints(ready["control"], urls)
        finally:
            process.stdin.close()
            process.wait(timeout=10)


@contextlib.contextmanager
def through_both_proxies(folder):
    """The same, with a real mitmproxy and Toxiproxy on the way, which do nothing to what passes."""
    up, leave = Future(), threading.Event()
    with direct(folder) as reached:
        hosting = threading.Thread(
            target=lambda: asyncio.run(host_proxies(folder, reached.base_urls, up, leave))
        )
        hosting.start()
        try:
            yield replace(reached, base_urls=up.result(timeout=60))
        finally:
            leave.set()
            hosting.join()


async def host_proxies(folder, base_urls, up, leave):
    """Runs both proxies until `leave` is set; `up` gets the URLs by which they are entered, or the failure."""
    try:
        found = provision(retry=False)
        async with contextlib.AsyncExitStack() as exits:
            mitmproxy = await MitmproxyProcess.start(found.mitmproxy, log_dir=folder)
            exits.push_async_callback(mitmproxy.end)
            toxiproxy = await ToxiproxyServer.start(found.toxiproxy, log_dir=folder)
            exits.push_async_callback(toxiproxy.end)
            ports = await mitmproxy.listen({name: urlsplit(url).port for name, url in base_urls.items()})
            entries = await toxiproxy.open_proxies(ports)
            urls = {
                name: urlsplit(url)._replace(netloc=f"127.0.0.1:{entries[name]}").geturl()
                for name, url in base_urls.items()
            }
            up.set_result(urls)
            await asyncio.to_thread(leave.wait)
            mitmproxy.check()
    except BaseException as error:
        if up.done():
            raise
        up.set_exception(error)


PATHS = {"direct": direct, "through both proxies": through_both_proxies}
"""Each way to the providers: a context manager that is given a folder and gives Endpoints."""


@pytest.fixture(scope="module", params=PATHS)
def endpoints(request, tmp_path_factory):
    """The fake providers as SDKs reach them, by each path in turn."""
    with PATHS[request.param](tmp_path_factory.mktemp("providers")) as reached:
        yield reached
