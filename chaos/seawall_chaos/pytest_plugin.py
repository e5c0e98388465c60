"""Fake providers and whole stacks for anyone's tests; installed with the harness, pytest finds it by itself."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from seawall_chaos.stack import Stack

_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class FakeProviders:
    """Providers in a process of their own. `base_urls` is by name, as the official SDK of the wire takes it."""

    def __init__(self, ready: dict[str, Any]) -> None:
        """`ready` is what the process says when it is."""
        self.control: str = ready["control"]
        self.wires = {name: provider["wire"] for name, provider in ready["providers"].items()}
        self.base_urls = {name: provider["base_url"] for name, provider in ready["providers"].items()}

    def set_fault(self, provider: str, fault: str, **params: Any) -> None:
        """Puts one fault in force, in place of what was."""
        self._ask("PUT", f"/providers/{provider}/fault", {"fault": fault, **params})

    def reset(self) -> None:
        """Clears faults, journals and rate limits."""
        self._ask("POST", "/reset")

    def journal(self) -> list[dict[str, Any]]:
        """The requests that ended since the start or the last reset."""
        rows: list[dict[str, Any]] = self._ask("GET", "/journal")["rows"]
        return rows

    def _ask(self, method: str, path: str, document: object = None) -> Any:
        body = None if document is None else json.dumps(document).encode()
        request = urllib.request.Request(self.control + path, body, method=method)  # noqa: S310 - loopback
        with _DIRECT.open(request, timeout=10) as response:
            return json.loads(response.read() or b"null")


@contextmanager
def serve_fake_providers(log: Path) -> Iterator[FakeProviders]:
    """Healthy providers, alpha (openai), beta (anthropic), gamma (gemini) and delta (azure), while the context lasts."""
    command = [sys.executable, "-m", "seawall_simulators", "serve", "--parent"]
    with (
        log.open("wb") as stderr,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr) as process,  # noqa: S603
    ):
        assert process.stdin is not None  # noqa: S101
        assert process.stdout is not None  # noqa: S101
        yield FakeProviders(json.loads(process.stdout.readline()))
        process.stdin.close()


@pytest.fixture
def fake_providers(tmp_path: Path) -> Iterator[FakeProviders]:
    """Healthy providers: alpha (openai), beta (anthropic), gamma (gemini), delta (azure)."""
    with serve_fake_providers(tmp_path / "providers.log") as providers:
        yield providers


@pytest.fixture
def chaos_stack() -> Callable[..., AbstractAsyncContextManager[Stack]]:
    """`seawall_chaos.stack.Stack.start`: fake providers behind both proxies, faults at hand."""
    from seawall_chaos.stack import Stack  # noqa: PLC0415 - what it loads is for those who ask for it

    return Stack.start
