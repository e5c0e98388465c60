"""The adapter over toxiproxy-python: what the library gets wrong and this does not."""

import asyncio
import socket

import pytest

from seawall_chaos.toxiproxy import client as client_module
from seawall_chaos.toxiproxy.client import ToxiproxyClient, ToxiproxyError
from seawall_chaos.toxiproxy.provision import Toxiproxy
from seawall_chaos.toxiproxy.server import ToxiproxyServer

pytestmark = [pytest.mark.chaos, pytest.mark.real_processes]
EMBEDDED = Toxiproxy(None, "2.12.0", "test")


@pytest.fixture
async def servers(tmp_path):
    """Two servers in one process, which the library cannot tell apart."""
    folders = [tmp_path / name for name in ("one", "two")]
    for folder in folders:
        folder.mkdir()
    started = await asyncio.gather(*(ToxiproxyServer.start(EMBEDDED, log_dir=folder) for folder in folders))
    yield started
    for server in started:
        await server.end()


async def test_two_servers_at_once_through_a_proxy_setting_that_leads_nowhere(servers, monkeypatch):
    """Calls that overlap reach each its own server, and HTTP_PROXY is not asked for the way to loopback."""
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    proxies = [
        [{"name": f"proxy-{number}", "listen": "127.0.0.1:0", "upstream": "127.0.0.1:1"}] for number in (0, 1)
    ]
    await asyncio.gather(*(s.client.populate(p) for s, p in zip(servers, proxies, strict=True)))
    found = await asyncio.gather(*(server.client.proxies() for server in servers))

    assert [list(each) for each in found] == [["proxy-0"], ["proxy-1"]]
    assert [await server.client.version() for server in servers] == ["2.12.0", "2.12.0"]


async def test_a_server_that_does_not_answer_is_given_up(monkeypatch):
    """The library would wait for ever."""
    monkeypatch.setattr(client_module, "TIMEOUT_S", 0.1)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        async with ToxiproxyClient("127.0.0.1", silent.getsockname()[1]) as client:
            with pytest.raises(ToxiproxyError, match="timed out"):
                await client.version()


async def test_a_server_that_is_not_there_is_one_clear_error():
    """One exception type, with the address in it."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    async with ToxiproxyClient("127.0.0.1", port) as client:
        with pytest.raises(ToxiproxyError, match=f"127.0.0.1:{port}"):
            await client.proxies()


async def test_a_port_that_another_server_has_is_noticed(servers, tmp_path, monkeypatch):
    """A server that could not bind is not mistaken for the one that answers on its port; another port is tried."""
    taken = int(servers[0].client._api.base_url.rpartition(":")[2])
    create_server = socket.create_server
    given = iter([taken])

    class TakenOnce:
        """Suggests the taken port first, as an unlucky moment would."""

        def __init__(self, address):
            self._real = create_server(address)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self._real.close()

        def getsockname(self):
            return ("127.0.0.1", next(given, self._real.getsockname()[1]))

    monkeypatch.setattr("seawall_chaos.toxiproxy.server.socket.create_server", TakenOnce)
    server = await ToxiproxyServer.start(EMBEDDED, log_dir=tmp_path)
    await server.client.populate([{"name": "mine", "listen": "127.0.0.1:0", "upstream": "127.0.0.1:1"}])
    theirs = await servers[0].client.proxies()
    await server.end()

    assert next(given, None) is None
    assert list(theirs) == []
