"""mitmproxy's proxy core with one addon, driven over standard input and output.

The stock `mitmdump` imports every addon there is (a web application among them), which costs a second of CPU at
each start. Only the proxy core and the layer chooser are needed here, so the package `mitmproxy.addons` is entered
without running its `__init__`.
"""

# pyright: reportMissingImports=false

import asyncio
import importlib.util
import logging
import sys
import types
from typing import Any


def enter_addons_package() -> None:
    """Makes `mitmproxy.addons.X` importable without importing all of them."""
    spec = importlib.util.find_spec("mitmproxy")
    if spec is None or spec.submodule_search_locations is None:
        sys.exit("mitmproxy is not installed in this environment")
    package = types.ModuleType("mitmproxy.addons")
    package.__path__ = [f"{folder}/addons" for folder in spec.submodule_search_locations]
    sys.modules["mitmproxy.addons"] = package


enter_addons_package()

from mitmproxy import master, options, version  # noqa: E402
from mitmproxy.addons.next_layer import NextLayer  # noqa: E402
from mitmproxy.addons.proxyserver import Proxyserver  # noqa: E402

from . import control  # noqa: E402
from .connections import Connections  # noqa: E402
from .faults import Faults  # noqa: E402


class ErrorReports(logging.Handler):
    """Whatever mitmproxy logs as an error ("mitmproxy has crashed!", an addon's traceback) spoils the run."""

    def emit(self, record: logging.LogRecord) -> None:
        """Passes an error on to the harness."""
        control.report_error(self.format(record))


async def main() -> None:
    """Runs the proxy until the harness is gone."""
    logging.basicConfig(stream=sys.stderr, level=logging.WARNING)
    logging.getLogger().addHandler(ErrorReports(logging.ERROR))
    proxy = master.Master(options.Options())
    proxyserver = Proxyserver()
    connections = Connections(proxyserver)
    faults = Faults(connections)
    proxy.addons.add(proxyserver, NextLayer(), faults)
    proxy.options.update(mode=[], connection_strategy="lazy", http2=False, keep_host_header=False)

    async def sync() -> None:
        """Its reply comes after every event that was reported before."""

    commands: dict[str, Any] = {
        "listen": connections.listen,
        "add": faults.add,
        "remove": faults.remove,
        "drain": connections.drain,
        "drop": connections.drop,
        "sync": sync,
    }
    running = asyncio.create_task(proxy.run())
    control.say({"event": "ready", "version": version.VERSION})
    try:
        await control.obey(commands)
    finally:
        proxy.shutdown()
        await running


asyncio.run(main())
