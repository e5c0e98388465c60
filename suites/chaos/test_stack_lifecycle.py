"""A stack starts as one, ends as one, and says so when a part of it dies."""

import asyncio
import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from urllib.parse import urlsplit

import pytest

from seawall_chaos.errors import ChildDiedError, EngineFaultError, StackError
from seawall_chaos.faults import parse_fault
from seawall_chaos.stack import ProviderSpec, Stack

pytestmark = [pytest.mark.chaos, pytest.mark.real_processes]

SPECS = [ProviderSpec("alpha", "openai", "alpha-1"), ProviderSpec("beta", "anthropic", "beta-1")]
# A program that runs a stack and tells where its processes and ports are.
HOST = """
import asyncio, json, sys
from pathlib import Path
from seawall_chaos.stack import ProviderSpec, Stack

async def main():
    specs = [ProviderSpec("alpha", "openai", "alpha-1"), ProviderSpec("beta", "anthropic", "beta-1")]
    async with Stack.start(specs, log_dir=Path(sys.argv[1])) as stack:
        processes = stack._processes
        ports = [processes.simulator_ports, processes.mitmproxy_ports, processes.toxiproxy_ports]
        print(json.dumps({"pids": [child.pid for child in processes.children],
                          "ports": [port for level in ports for port in level.values()]}), flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""
PROCESSES = ("fake providers", "toxiproxy", "mitmproxy")


def alive(pid):
    """Whether a process runs; a zombie does not."""
    try:
        with open(f"/proc/{pid}/stat", encoding="ascii") as stat:  # noqa: PTH123
            return stat.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def listens(port):
    with socket.socket() as sock:
        return sock.connect_ex(("127.0.0.1", port)) == 0


def left_of(description, *, within_s=20.0):
    """The processes and ports that are not gone soon."""
    give_up = time.monotonic() + within_s
    for pid in description["pids"]:
        # A process whose first thread is dead is not dead: its descriptor tells when the last one is.
        try:
            process = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        select.select([process], [], [], max(0.0, give_up - time.monotonic()))
        os.close(process)
    pids, ports = filter(alive, description["pids"]), filter(listens, description["ports"])
    return [*(f"process {pid}" for pid in pids), *(f"port {port}" for port in ports)]


def describe(stack):
    processes = stack._processes
    return {
        "pids": [child.pid for child in processes.children],
        "ports": [urlsplit(endpoint.base_url).port for endpoint in stack.endpoints.values()],
    }


def test_a_parent_that_is_killed_leaves_nothing_behind(tmp_path):
    """Whatever ends the program, no process and no port of its stack stays."""
    with contextlib.ExitStack() as exits:
        hosts = {}
        for how in (signal.SIGKILL, signal.SIGINT, signal.SIGTERM):
            command = [sys.executable, "-c", HOST, str(tmp_path / how.name)]
            options = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True}
            hosts[how] = exits.enter_context(subprocess.Popen(command, **options))
            exits.callback(hosts[how].kill)
        # All are up before the first one goes: a port that is free again may be the next one's.
        descriptions = {how: json.loads(host.stdout.readline()) for how, host in hosts.items()}
        for how, host in hosts.items():
            description = descriptions[how]
            assert len(description["pids"]) == 3
            assert all(map(listens, description["ports"]))
            host.send_signal(how)
            host.wait(30)

            assert left_of(description) == [], how


async def test_leaving_ends_everything_and_lets_errors_out(tmp_path):
    """No process and no port is left when the block is, and the caller's own exception is not replaced."""
    description = {}

    async def run():
        async with Stack.start(SPECS, log_dir=tmp_path) as stack:
            description.update(describe(stack))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await run()

    assert len(description["pids"]) == 3
    assert not any(map(alive, description["pids"]))
    assert not any(map(listens, description["ports"]))


async def test_cancelling_during_the_start_leaves_nothing(tmp_path):
    """Ctrl-C in the first moments is the hardest moment."""

    async def run():
        async with Stack.start(SPECS, log_dir=tmp_path):
            pytest.fail("it was to be cancelled before")

    before = children()
    for delay_s in (0.02, 0.1, 0.3):
        task = asyncio.create_task(run())
        await asyncio.wait([task], timeout=delay_s)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    assert children() == before


def children():
    """The processes that this one started and that still run."""
    listing = subprocess.run(
        ["ps", "-o", "pid=,args=", "--ppid", str(os.getpid())], capture_output=True, text=True, check=False
    )
    return {line for line in listing.stdout.splitlines() if " ps -o " not in line and "[" not in line}


@pytest.mark.parametrize("number", range(3))
async def test_a_child_that_dies_is_named(tmp_path, number):
    """The body is cancelled at once, the error names the process and its log, and every later call raises it."""
    pids, path = [], ("direct", "toxiproxy", "full")[number]

    async def run():
        async with Stack.start(SPECS, path=path, log_dir=tmp_path) as stack:
            pids.extend(describe(stack)["pids"])
            os.kill(pids[number], signal.SIGKILL)
            try:
                await asyncio.sleep(30)
            except asyncio.CancelledError:
                asyncio.current_task().uncancel()
            with pytest.raises(ChildDiedError, match=PROCESSES[number]):
                await stack.inject("x", parse_fault({"fault": "http_status"}), "alpha")

    with pytest.raises(ChildDiedError, match=PROCESSES[number]) as caught:
        await run()

    assert caught.value.log.is_relative_to(tmp_path)
    assert caught.value.log.exists()
    assert not any(map(alive, pids))


async def test_a_start_that_fails_says_why_and_leaves_nothing(tmp_path):
    """A behaviour that no provider can have."""
    before = children()
    with pytest.raises(StackError, match="fake providers"):
        async with Stack.start([ProviderSpec("alpha", "openai", "m", {"tokens": -1})], log_dir=tmp_path):
            pytest.fail("it cannot start")

    assert children() == before
    assert "tokens" in (tmp_path / "providers.log").read_text(encoding="utf-8")


async def test_three_stacks_side_by_side(tmp_path, raw, whole):
    """They share nothing: a fault on one is not met on the others."""
    async with (
        Stack.start(SPECS, log_dir=tmp_path / "one") as one,
        Stack.start(SPECS, path="toxiproxy", log_dir=tmp_path / "two") as two,
        Stack.start(SPECS, path="direct", log_dir=tmp_path / "three") as three,
    ):
        await one.inject("x", parse_fault({"fault": "http_status"}), "alpha")
        seen = []
        for stack in (one, two, three):
            endpoint = stack.endpoints["alpha"]
            request = raw.request("/v1/chat/completions", {"model": "alpha-1", "messages": [hello()]})
            seen.append(await raw.exchange(urlsplit(endpoint.base_url).port, request, until=whole))

        assert [each.status for each in seen] == [503, 200, 200]
        assert [each.path for each in (one, two, three)] == ["full", "toxiproxy", "direct"]
        assert set(one.versions) == {"simulators", "toxiproxy", "mitmproxy"}
        assert set(three.versions) == {"simulators"}


def hello():
    return {"role": "user", "content": "hi"}


@pytest.mark.parametrize("path", ["direct", "toxiproxy"])
async def test_the_shorter_paths_carry_faults_too(tmp_path, raw, whole, path):
    """The simulator stands in for mitmproxy, a reset is a true one, and each path measures what it has."""
    async with Stack.start(SPECS, path=path, log_dir=tmp_path) as stack:
        port = urlsplit(stack.endpoints["alpha"].base_url).port
        request = raw.request(
            "/v1/chat/completions", {"model": "alpha-1", "stream": True, "messages": [hello()]}
        )
        for document, end in (
            ({"fault": "tcp_reset"}, "rst"),
            ({"fault": "tcp_reset", "carrier": "simulator"}, "rst"),
            ({"fault": "cut", "how": "rst"}, "rst"),
            ({"fault": "cut", "how": "fin"}, "fin"),
        ):
            injection = await stack.inject(str(document), parse_fault(document), "alpha")
            seen = await raw.exchange(port, request, until=whole)
            await stack.heal(injection.id)
            met = [firing for firing in await stack.firings(injection.id) if not firing.canary]
            assert (seen.end, len(met)) == (end, 1), document


async def test_the_same_seed_gives_the_same_bytes(tmp_path, raw, whole):
    """Two stacks of one seed answer alike through both proxies; another seed does not."""
    bodies = []
    for number, seed in enumerate((3, 3, 4)):
        async with Stack.start(SPECS[:1], path="direct", seed=seed, log_dir=tmp_path / str(number)) as stack:
            request = raw.request("/v1/chat/completions", {"model": "alpha-1", "messages": [hello()]})
            port = urlsplit(stack.endpoints["alpha"].base_url).port
            bodies.append((await raw.exchange(port, request, until=whole)).data)

    assert bodies[0] == bodies[1] != bodies[2]


async def test_a_fault_that_breaks_inside_mitmproxy_is_an_error_not_a_success(tmp_path, raw):
    """The client is reset, and asking for firings raises: nobody takes the run for a good one."""
    async with Stack.start(SPECS[:1], log_dir=tmp_path) as stack:
        rule = {"id": "broken", "provider": "alpha", "action": "stall", "probability": 1.0, "seed": 0}
        # No such frame path: the rule fails while it counts tokens.
        params = {"after_tokens": 2, "for_s": None, "ping_every_s": 0, "token_paths": 7, "frames": {}}
        await stack.inject("x", parse_fault({"fault": "http_status", "model": "none"}), "alpha")
        await stack._processes.mitmproxy.add_rule({**rule, "model": None, "params": params})
        request = raw.request(
            "/v1/chat/completions", {"model": "alpha-1", "stream": True, "messages": [hello()]}
        )
        seen = await raw.exchange(urlsplit(stack.endpoints["alpha"].base_url).port, request)

        assert seen.end in {"rst", "fin"}
        assert not seen.whole
        with pytest.raises(EngineFaultError, match="TypeError"):
            await stack.firings("x")
        await stack.reset()
