"""`python -m seawall_chaos.toxiproxy.embedded`: the options of toxiproxy-server, as far as they are used."""

import argparse
import asyncio
import json
from pathlib import Path

from aiohttp import web

from seawall_chaos.toxiproxy.embedded.api import Api
from seawall_chaos.toxiproxy.embedded.proxy import log


async def main(host: str, port: int, config: Path | None, seed: int) -> None:
    """Serves until it is killed."""
    api = Api(seed)
    if config is not None:
        await api.populate(json.loads(await asyncio.to_thread(config.read_bytes)))
    runner = web.AppRunner(api.application(), access_log=None)
    await runner.setup()
    log(address=f"{host}:{port}", message="Starting Toxiproxy HTTP server")
    try:
        await web.TCPSite(runner, host, port).start()
    except OSError as error:
        log(error=str(error), message="Server finished with error")
    await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="embedded toxiproxy")
    parser.add_argument("-host", default="127.0.0.1")
    parser.add_argument("-port", type=int, default=8474)
    parser.add_argument("-config", type=Path)
    parser.add_argument("-seed", type=int, default=0)
    options = parser.parse_args()
    asyncio.run(main(options.host, options.port, options.config, options.seed))
