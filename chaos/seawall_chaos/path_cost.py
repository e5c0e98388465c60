"""What the proxies of a stack cost by themselves: the same small request by each entrance, one after the other."""

import asyncio
import statistics
import time
from collections import deque
from collections.abc import Mapping

from seawall_chaos.canary import CANARY_ID
from seawall_chaos.endpoints import Endpoint, PathCost
from seawall_chaos.processes import LOOPBACK, Processes

ROUNDS = 60
WARM_UP = 10
MODELS_PATHS: Mapping[str, str] = {
    "openai": "/v1/models",
    "anthropic": "/v1/models",
    "gemini": "/v1beta/models",
}
DETOUR = "path-cost"


async def measured(processes: Processes, endpoint: Endpoint) -> PathCost:
    """Medians over requests that take turns, so that a busy moment hits every entrance alike."""
    name = endpoint.name
    ports = {"direct": processes.simulator_ports[name]}
    detour = processes.toxiproxy if processes.mitmproxy is not None else None
    if detour is not None:
        upstream = f"{LOOPBACK}:{processes.simulator_ports[name]}"
        proxy = {"name": DETOUR, "listen": f"{LOOPBACK}:0", "upstream": upstream, "enabled": True}
        listening = await detour.client.populate([proxy])
        ports["toxiproxy"] = int(listening[DETOUR].rpartition(":")[2])
        ports["full"] = processes.toxiproxy_ports[name]
    elif processes.toxiproxy is not None:
        ports["toxiproxy"] = processes.toxiproxy_ports[name]
    try:
        medians_ms = await _take_turns(ports, _request(endpoint))
    finally:
        if detour is not None:
            await detour.client.remove(DETOUR)
    return PathCost(medians_ms["direct"], medians_ms.get("toxiproxy"), medians_ms.get("full"))


async def _take_turns(ports: Mapping[str, int], request: bytes) -> dict[str, float]:
    streams = {name: await asyncio.open_connection(LOOPBACK, port) for name, port in ports.items()}
    took_ms: dict[str, list[float]] = {name: [] for name in ports}
    try:
        turns = deque(streams.items())
        for _ in range(WARM_UP + ROUNDS):
            # Whoever comes right after the most expensive one pays for its dust: not always the same.
            turns.rotate()
            for name, (reader, writer) in turns:
                began = time.perf_counter()
                writer.write(request)
                await _whole_response(reader)
                took_ms[name].append((time.perf_counter() - began) * 1000)
    finally:
        for _, writer in streams.values():
            writer.transport.abort()
    return {name: statistics.median(times[WARM_UP:]) for name, times in took_ms.items()}


async def _whole_response(reader: asyncio.StreamReader) -> None:
    head = await reader.readuntil(b"\r\n\r\n")
    lengths = [
        int(line.partition(b":")[2])
        for line in head.lower().split(b"\r\n")
        if line.startswith(b"content-length:")
    ]
    await reader.readexactly(lengths[0])


def _request(endpoint: Endpoint) -> bytes:
    return (
        f"GET {MODELS_PATHS[endpoint.wire]} HTTP/1.1\r\nhost: {LOOPBACK}\r\n"
        f"authorization: Bearer {endpoint.api_key}\r\nx-goog-api-key: {endpoint.api_key}\r\n"
        f"anthropic-version: 2023-06-01\r\nx-client-request-id: {CANARY_ID}path-cost\r\n\r\n"
    ).encode()
