"""`seawall providers`: the fake providers as a command."""

import asyncio
import contextlib
import gc
import ipaddress
import json
import os
import signal
import threading
from collections.abc import Callable
from pathlib import Path

import click

from seawall_simulators.config import Config, default_config, load_config
from seawall_simulators.document import DocumentError, nearest
from seawall_simulators.fault import Fault
from seawall_simulators.faults import FAULTS
from seawall_simulators.loop import run_loop
from seawall_simulators.payload import Payload
from seawall_simulators.payloads import Family, catalogue, taxonomy
from seawall_simulators.server import LOOPBACK, ListenError, Simulators

_GC_THRESHOLD = 50_000
_PORT_MAX = 65_535
_SEED_MAX = 2**63 - 1
_COLUMNS = "{:45} {:21} {:12} {:11} {:9} {:6} {:6} {}"


CONFIGURATION = """\b
A configuration, with the defaults it has:

\b
seed: 1
port: 0                 # shared; a provider on it has the prefix /NAME
control_port: 0
journal_rows: 1000000   # requests remembered
journal_body_chars: 0   # how much of each request's body the journal keeps
providers:
  alpha:
    wire: openai        # or azure, anthropic, gemini
    port: null          # one of its own, without a prefix
    models: [alpha-1]
    api_key: null       # any
    behaviour:
      tokens: 12        # of an answer
      first_token_ms: {median: 30, sigma: 0.3}
      inter_token_ms: {median: 5, sigma: 0.2}
      capacity: null    # requests served at once; more are queued
      queue: 64         # more are refused
      requests_per_minute: null
      tokens_per_minute: null
    faults: []          # such as {fault: stall, after_tokens: 3}
"""


class BadInputError(click.ClickException):
    """Something the user gave that cannot be used: one line, exit code 2."""

    exit_code = 2


def _whole(limit: int) -> Callable[[click.Context, click.Parameter, str | None], int | None]:
    """Reads an option as a whole number from 0 to a limit; raises BadInputError."""

    def read(_: click.Context, option: click.Parameter, text: str | None) -> int | None:
        if text is None:
            return None
        digits = text.isascii() and text.isdecimal() and len(text) <= len(str(limit))
        if not digits or int(text) > limit:
            name = option.opts[0]
            raise BadInputError(f"{name} {text!r:.80}: a whole number from 0 to {limit} is wanted")
        return int(text)

    return read


@click.group()
def providers() -> None:
    """Fake LLM providers that official SDKs accept."""


@providers.command(epilog=CONFIGURATION)
@click.option("--config", "file", type=click.Path(path_type=Path), help="YAML or JSON, as below.")
@click.option("--port", callback=_whole(_PORT_MAX), metavar="N", help="The shared port; 0 is any free one.")
@click.option("--control-port", callback=_whole(_PORT_MAX), metavar="N", help="The control API's port.")
@click.option("--seed", callback=_whole(_SEED_MAX), metavar="N", help="The same seed gives the same bytes.")
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

    Without --config: alpha (openai), beta (anthropic), gamma (gemini) and delta (azure) on one port.
    """
    given = {"port": port, "control_port": control_port, "seed": seed}
    try:
        config = default_config() if file is None else load_config(file)
        config = config.model_copy(update={key: value for key, value in given.items() if value is not None})
        if not token and not _is_loopback(host):
            raise BadInputError(f"--host {host}: beyond loopback --token is required")
        run_loop(_serve(config, host, token or None, parent=parent))
    except DocumentError as error:
        raise BadInputError("\n       ".join(error.mistakes)) from None
    except ListenError as error:
        raise BadInputError(str(error)) from None


@providers.command()
def faults() -> None:
    """Lists the faults a provider can have, with their parameters and defaults."""
    for name, kind in FAULTS.items():
        own = {key: field for key, field in kind.model_fields.items() if key not in Fault.model_fields}
        parameters = ", ".join(f"{key}={field.default!r}" for key, field in own.items())
        click.echo(f"{name}({parameters})\n    {(kind.__doc__ or '').strip().splitlines()[0]}")
    common = ", ".join(
        f"{key}={field.default!r}" for key, field in Fault.model_fields.items() if key != "fault"
    )
    click.echo(f"each also: {common}")


@providers.command()
@click.option("--family", metavar="NAME", help="Only those of one family.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line, contents included.")
def payloads(*, family: str | None, as_json: bool) -> None:
    """Lists the payload catalogue: what the fault `payload` can have a provider say, and what must become of it."""
    try:
        rows = list(catalogue().values())
    except DocumentError as error:
        raise BadInputError("\n       ".join(error.mistakes)) from None
    families = taxonomy().families
    if family is not None and family not in families:
        raise BadInputError(f"--family {family!r:.80}: no such family{nearest(family, families)}")
    wanted = [row for row in rows if family in (None, row.family)]
    if not as_json:
        click.echo(_COLUMNS.format("id", "family", "form", "expected", "severity", "2025", "2026", "ATLAS"))
    for row in wanted:
        click.echo(_as_json(row, families[row.family]) if as_json else _as_line(row, families[row.family]))


def _as_json(row: Payload, family: Family) -> str:
    return json.dumps({**row.model_dump(mode="json"), **family.model_dump(exclude_none=True)})


def _as_line(row: Payload, family: Family) -> str:
    lists = (family.owasp_2025 or "-", family.owasp_2026 or "-", family.atlas or "-")
    return _COLUMNS.format(row.id, row.family, row.form, row.expect, row.severity, *lists)


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
