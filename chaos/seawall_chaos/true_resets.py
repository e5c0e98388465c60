"""Has Toxiproxy pass a connection reset on as one, where it would make an orderly end of it."""

import asyncio
from collections import Counter

from seawall_chaos.faults.fault import Toxic
from seawall_chaos.mitm.process import MitmproxyProcess
from seawall_chaos.toxiproxy.server import ToxiproxyServer

NAME = "true-resets"
# With toxicity 0 it lets everything pass, but Toxiproxy closes what was opened under it by RST instead of FIN.
RESET_ON_CLOSE = Toxic("reset_peer", {"timeout": 0})
# The end of a connection takes its way through Toxiproxy to the client.
SETTLE_S = 0.02


class TrueResets:
    """Connections to a provider that end by RST whenever what is behind them ends them, while anybody wants that."""

    def __init__(self, toxiproxy: ToxiproxyServer | None, mitmproxy: MitmproxyProcess | None) -> None:
        self._toxiproxy = toxiproxy
        self._mitmproxy = mitmproxy
        self._wanted: Counter[str] = Counter()

    async def want(self, provider: str) -> None:
        """New connections are of that kind when this returns; older ones end, the busy ones after their response.

        Without mitmproxy nobody knows which are idle: there, older ones stay and show a FIN.
        """
        self._wanted[provider] += 1
        if self._toxiproxy is None or self._wanted[provider] > 1:
            return
        await self._toxiproxy.client.add_toxic(provider, NAME, RESET_ON_CLOSE, toxicity=0.0)
        if self._mitmproxy is not None:
            await self._mitmproxy.drain(provider, busy=True)
            await asyncio.sleep(SETTLE_S)

    async def done(self, provider: str) -> None:
        """One less who wants it."""
        self._wanted[provider] -= 1
        if self._toxiproxy is not None and not self._wanted[provider]:
            await self._toxiproxy.client.remove_toxic(provider, NAME)
