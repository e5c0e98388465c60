"""`seawall providers`: the fake providers as a command."""

import asyncio
import contextlib
import gc
import ipaddress
import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import NoReturn

import click

from seawall_simulators.config import Config, default_config, load_config
from seawall_simulators.document import DocumentError
from seawall_simulators.loop import run_loop
from seawall_simulators.server import LOOPBACK, ListenError, Simulators

_USAGE = 2
_GC_THRESHOLD = 50_000


@click.group()
def providers() -> None:
    """Fake LLM providers that official SDKs accept."""


@providers.command()
@click.option(
    "--config", "file", type=click.Path(path_type=Path), help="YAML or JSON; see the documentation."
)
@click.option("--port", type=click.IntRange(0, 65_535), help="The shared port; 0 is any free one.")
@click.option("--control-port", type=click.IntRange(0, 65_535), help="The control API's port.")
@click.option("--seed", type=click.IntRange(0, 2**63 - 1), help="The same seed gives the same bytes.")
@click.option("--host", default=LOOPBACK, show_default=True, help="Beyond loopback, --token is required.")
@click.option(
    "--token",
    envvar="SEAWALL_PROVIDERS_TOKEN",
    show_envvar=True,
    help="What the control API wants as a bearer.",
)
@click.option("--parent", is_flag=True, help="Stop when standard input ends, as when the parent has died.")
def serve(  # click's options, all by name
    *,
    file: Path | None,
    port: int | None,
    control_port: int | None,
    seed: int | None,
    host: str,
    token: str | None,
    parent: bool,
) -> None:
    """Serves fake providers until told to stop; prints one JSON line when ready.

    Without --config: alpha (openai), beta (anthropic) and gamma (gemini) on one port.
    """
    given = {"port": port, "control_port": control_port, "seed": seed}
    try:
        config = default_config() if file is None else load_config(file)
        config = config.model_copy(update={key: value for key, value in given.items() if value is not None})
        if not token and not _is_loopback(host):
            _refuse([f"--host {host}: beyond loopback, --token (or SEAWALL_PROVIDERS_TOKEN) is required"])
        run_loop(_serve(config, host, token or None, parent=parent))
    except DocumentError as error:
        _refuse(error.mistakes)
    except ListenError as error:
        _refuse([str(error)])


def _refuse(mistakes: list[str]) -> NoReturn:
    for mistake in mistakes:
        click.echo(f"error: {mistake}", err=True)
    sys.exit(_USAGE)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def _serve(config: Config, host: str, token: str | None, *, parent: bool) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    async with Simulators(config, host=host, token=token) as simulators:
        if parent:
            threading.Thread(target=_watch_parent, args=(loop, stop), daemon=True).start()
        gc.freeze()
        gc.set_threshold(_GC_THRESHOLD)
        print(json.dumps(simulators.description()), flush=True)
        await stop.wait()


def _watch_parent(loop: asyncio.AbstractEventLoop, stop: asyncio.Event) -> None:
    """Standard input ends when whoever holds its other end closes it, or dies."""
    with contextlib.suppress(OSError):
        while os.read(0, 4096):
            pass
    with contextlib.suppress(RuntimeError):  # the loop has stopped by itself
        loop.call_soon_threadsafe(stop.set)
