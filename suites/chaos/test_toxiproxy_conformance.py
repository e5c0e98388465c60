"""Both Toxiproxies, the real one and the embedded engine, do the same to the same bytes."""

import asyncio
import itertools
import time

import pytest
import pytest_asyncio

from seawall_chaos.faults.fault import Toxic
from seawall_chaos.toxiproxy.client import ToxiproxyError
from seawall_chaos.toxiproxy.provision import Toxiproxy, find_toxiproxy
from seawall_chaos.toxiproxy.server import ToxiproxyServer

pytestmark = [pytest.mark.chaos, pytest.mark.real_processes, pytest.mark.asyncio(loop_scope="module")]
NAMES = (f"proxy-{number}" for number in itertools.count())


@pytest.fixture(scope="module", params=["real", "embedded"])
def toxiproxy(request):
    """The engine under test."""
    if request.param == "embedded":
        return Toxiproxy(None, "2.12.0", "test")
    found = find_toxiproxy()
    if found.binary is None:
        pytest.skip(f"no real Toxiproxy on this machine: {found.origin}")
    return found


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(toxiproxy, tmp_path_factory):
    """A running server."""
    server = await ToxiproxyServer.start(toxiproxy, log_dir=tmp_path_factory.mktemp("toxiproxy"), seed=7)
    yield server
    await server.end()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def upstream():
    """Answers `N\\n` with N bytes, and `N.\\n` with N bytes and the end of the connection."""

    async def serve(reader, writer):
        try:
            while line := await reader.readline():
                wanted = line.strip()
                writer.write(pattern(int(wanted.rstrip(b"."))))
                await writer.drain()
                if wanted.endswith(b"."):
                    break
        except ConnectionError:
            pass
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as listening:
        yield listening.sockets[0].getsockname()[1]


def pattern(length):
    return (b"0123456789abcdef" * (length // 16 + 1))[:length]


@pytest_asyncio.fixture(loop_scope="module")
async def proxy(server, upstream):
    """A fresh proxy: its name and port."""
    name = next(NAMES)
    listening = await server.client.populate(
        [{"name": name, "listen": "127.0.0.1:0", "upstream": f"127.0.0.1:{upstream}", "enabled": True}]
    )
    yield name, int(listening[name].rpartition(":")[2])
    await server.client.remove(name)


def got(length):
    return lambda seen: len(seen.data) >= length


async def timed(coroutine):
    began = time.monotonic()
    return await coroutine, (time.monotonic() - began) * 1000


async def test_bytes_pass_unchanged(raw, proxy):
    """A megabyte arrives as it was sent, and the end of the connection with it."""
    seen = await raw.exchange(proxy[1], b"1000000.\n")

    assert seen.data == pattern(1_000_000)
    assert seen.end == "fin"


async def test_each_accepted_connection_is_in_the_log(raw, server, proxy):
    """The count of connections comes from the server's own log, with the client's address and the time."""
    began = time.monotonic()
    sock = await raw.connect(proxy[1])
    await raw.send(sock, b"1\n")
    await raw.read(sock, until=got(1))
    address = "{}:{}".format(*sock.getsockname())
    sock.close()
    # A second exchange: by then the log line of the first was read.
    await raw.exchange(proxy[1], b"1.\n")
    await server.client.version()

    found = {client: at for at, client in server.accepted(proxy[0])}
    assert began <= found[address] <= time.monotonic()


async def test_latency_delays_and_its_removal_heals(raw, server, proxy):
    """Every answer comes later, on open connections too, until the toxic is gone."""
    name, port = proxy
    sock = await raw.connect(port)
    await raw.send(sock, b"5\n")
    await raw.read(sock, until=got(5))
    await server.client.add_toxic(name, "slow", Toxic("latency", {"latency": 400}))
    await raw.send(sock, b"5\n")
    _, late_ms = await timed(raw.read(sock, until=got(5)))
    await server.client.remove_toxic(name, "slow")
    await raw.send(sock, b"5\n")
    _, healed_ms = await timed(raw.read(sock, until=got(5)))
    sock.close()

    assert late_ms >= 390
    assert healed_ms < 350


async def test_latencies_of_both_directions_and_several_toxics_add_up(raw, server, proxy):
    """Toxics form a chain."""
    name, port = proxy
    for number, stream in enumerate(("upstream", "downstream", "downstream")):
        await server.client.add_toxic(
            name, f"slow-{number}", Toxic("latency", {"latency": 60}, stream=stream)
        )
    _, took_ms = await timed(raw.exchange(port, b"5\n", until=got(5)))

    assert 170 <= took_ms < 1500


async def test_a_toxic_can_be_changed_in_place(raw, server, proxy):
    """An update takes hold of open connections; jitter stays within its bounds."""
    name, port = proxy
    await server.client.add_toxic(name, "slow", Toxic("latency", {"latency": 5000}))
    sock = await raw.connect(port)
    await server.client.update_toxic(name, "slow", {"latency": 60, "jitter": 20})
    took_ms = []
    for _ in range(6):
        await raw.send(sock, b"5\n")
        took_ms.append((await timed(raw.read(sock, until=got(5))))[1])
    sock.close()

    assert all(35 <= each < 3000 for each in took_ms), took_ms
    assert (await server.client.toxics(name))["slow"].attributes["latency"] == 60


async def test_bandwidth_is_what_was_asked_for(raw, server, proxy):
    """20 KB through 100 KB/s take about 200 ms."""
    name, port = proxy
    await server.client.add_toxic(name, "narrow", Toxic("bandwidth", {"rate": 100}))
    seen, took_ms = await timed(raw.exchange(port, b"20000\n", until=got(20_000)))

    assert seen.data == pattern(20_000)
    assert 150 <= took_ms < 2000


async def test_slow_close_delays_the_end_only(raw, server, proxy):
    """The data is in time, the end is late."""
    name, port = proxy
    await server.client.add_toxic(name, "lingering", Toxic("slow_close", {"delay": 200}))
    seen, took_ms = await timed(raw.exchange(port, b"10.\n"))

    assert seen.end == "fin"
    assert took_ms - seen.at_s[-1] * 1000 >= 150


async def test_timeout_silences_and_its_removal_ends_the_connection(raw, server, proxy):
    """Timeout 0: nothing ever comes, on open connections too; healing ends what it silenced."""
    name, port = proxy
    sock = await raw.connect(port)
    await raw.send(sock, b"5\n")
    await raw.read(sock, until=got(5))
    await server.client.add_toxic(name, "silence", Toxic("timeout", {"timeout": 0}))
    await raw.send(sock, b"5\n")
    silent = await raw.read(sock, timeout_s=0.15)
    await server.client.remove_toxic(name, "silence")
    after = await raw.read(sock)
    sock.close()

    assert (silent.data, silent.end) == (b"", "open")
    assert (after.data, after.end) == (b"", "fin")
    assert (await raw.exchange(port, b"5.\n")).data == pattern(5)


async def test_timeout_ends_the_connection_when_it_is_over(raw, server, proxy):
    """Timeout 100: silence, then the end."""
    name, port = proxy
    await server.client.add_toxic(name, "silence", Toxic("timeout", {"timeout": 100}))
    seen, took_ms = await timed(raw.exchange(port, b"5\n"))

    assert (seen.data, seen.end) == (b"", "fin")
    assert took_ms >= 90


@pytest.mark.parametrize("stream", ["upstream", "downstream"])
async def test_reset_peer_resets(raw, server, proxy, stream):
    """A connection opened under the toxic ends by a true RST."""
    name, port = proxy
    await server.client.add_toxic(name, "reset", Toxic("reset_peer", {"timeout": 0}, stream=stream))
    seen = await raw.exchange(port, b"5\n")

    assert (seen.data, seen.end) == (b"", "rst")


async def test_reset_peer_of_no_toxicity_only_changes_how_connections_end(raw, server, proxy):
    """The data passes whole, then RST stands where FIN would."""
    name, port = proxy
    await server.client.add_toxic(name, "reset", Toxic("reset_peer", {"timeout": 0}), toxicity=0.0)
    seen = await raw.exchange(port, b"50000.\n")

    assert seen.data == pattern(50_000)
    assert seen.end == "rst"


async def test_slicer_hands_on_small_pieces(raw, server, proxy):
    """A thousand bytes in pieces of about a hundred, 10 ms apart, whole in the end."""
    name, port = proxy
    slices = {"average_size": 100, "size_variation": 20, "delay": 10_000}
    await server.client.add_toxic(name, "slicer", Toxic("slicer", slices))
    seen, took_ms = await timed(raw.exchange(port, b"1000\n", until=got(1000)))

    assert seen.data == pattern(1000)
    assert len(seen.at_s) >= 5
    assert took_ms >= 60


async def test_limit_data_counts_over_the_life_of_a_connection(raw, server, proxy):
    """Seventy bytes pass, in however many answers, then the connection ends."""
    name, port = proxy
    await server.client.add_toxic(name, "limit", Toxic("limit_data", {"bytes": 70}))
    seen = await raw.exchange(port, b"40\n40\n")

    assert seen.data == (pattern(40) * 2)[:70]
    assert seen.end == "fin"


async def test_down_refuses_and_up_listens_on_the_same_port(raw, server, proxy):
    """Taking a proxy down ends open connections and refuses new ones; coming back changes nothing else."""
    name, port = proxy
    sock = await raw.connect(port)
    await raw.send(sock, b"5\n")
    await raw.read(sock, until=got(5))
    await server.client.disable(name)
    ended = await raw.read(sock)
    sock.close()
    refused = await raw.exchange(port, b"5\n")
    await server.client.enable(name)

    assert ended.end in {"fin", "rst"}
    assert refused.end == "refused"
    assert (await raw.exchange(port, b"5.\n")).data == pattern(5)


async def test_toxicity_is_a_share_of_connections(raw, server, proxy):
    """Of forty connections under toxicity one half, some are silent and some are not."""
    name, port = proxy
    await server.client.add_toxic(name, "silence", Toxic("timeout", {"timeout": 20}), toxicity=0.5)
    seen = await asyncio.gather(*(raw.exchange(port, b"5.\n") for _ in range(40)))

    assert 8 <= sum(1 for each in seen if each.data) <= 32


async def test_reset_heals_everything_at_once(raw, server, proxy):
    """No toxic is left and every proxy listens."""
    name, port = proxy
    await server.client.add_toxic(name, "slow", Toxic("latency", {"latency": 10_000}))
    await server.client.disable(name)
    await server.client.reset()

    assert await server.client.toxics(name) == {}
    assert (await raw.exchange(port, b"5.\n")).data == pattern(5)


async def test_refusals_are_typed_and_say_why(server, proxy):
    """What Toxiproxy refuses, 5xx included, comes out as one exception with its words."""
    name, port = proxy
    slow = Toxic("latency", {"latency": 1})
    await server.client.add_toxic(name, "slow", slow)
    taken = {"name": "taken", "listen": f"127.0.0.1:{port}", "upstream": "127.0.0.1:1"}

    for attempt, words in (
        (server.client.add_toxic(name, "slow", slow), "toxic already exists"),
        (server.client.add_toxic(name, "odd", Toxic("lateness", {})), "invalid toxic type"),
        (server.client.add_toxic(name, "odd", Toxic("latency", {}, stream="sideways")), "stream was invalid"),
        (server.client.remove_toxic(name, "nothing"), "toxic not found"),
        (server.client.disable("nobody"), "no proxy 'nobody'"),
        (server.client.populate([{"name": "half"}]), "missing required field"),
        (server.client.populate([taken]), "address already in use"),
    ):
        with pytest.raises(ToxiproxyError, match=words):
            await attempt


async def test_populate_twice_keeps_what_is_the_same(server, proxy, upstream):
    """The second populate neither fails nor loses toxics."""
    name, port = proxy
    await server.client.add_toxic(name, "slow", Toxic("latency", {"latency": 1}))
    again = {"name": name, "listen": f"127.0.0.1:{port}", "upstream": f"127.0.0.1:{upstream}"}
    listening = await server.client.populate([again])

    assert listening == {name: f"127.0.0.1:{port}"}
    assert list(await server.client.toxics(name)) == ["slow"]
