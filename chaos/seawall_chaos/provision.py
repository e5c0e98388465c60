"""Both proxies, found or provisioned."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from seawall_chaos.mitm.environment import MitmproxyEnvironment, mitmproxy_environment
from seawall_chaos.toxiproxy.provision import Toxiproxy, find_toxiproxy


@dataclass(frozen=True, slots=True)
class Proxies:
    """What a stack runs on."""

    toxiproxy: Toxiproxy
    mitmproxy: MitmproxyEnvironment


def provision(progress: Callable[[str], None] = lambda _: None, *, retry: bool = True) -> Proxies:
    """Finds or provisions Toxiproxy and mitmproxy side by side; tells `progress` what it does.

    Raises StackError where mitmproxy's environment cannot be made, or a Toxiproxy that was asked for by name is
    not to be had. Without any Toxiproxy, the embedded engine stands in and is named so.
    """
    with ThreadPoolExecutor(max_workers=2) as pool:
        toxiproxy = pool.submit(find_toxiproxy, retry=retry, progress=progress)
        mitmproxy = pool.submit(mitmproxy_environment, progress)
        proxies = Proxies(toxiproxy.result(), mitmproxy.result())
    progress(f"Toxiproxy: {proxies.toxiproxy}")
    progress(f"mitmproxy: {proxies.mitmproxy.version}")
    return proxies
