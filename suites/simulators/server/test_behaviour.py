"""A healthy provider has latency, finite capacity and allowances, and says so as its family does."""

import asyncio
from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seawall_simulators.capacity import Capacity, Place
from seawall_simulators.rate_limits import RateLimiter
from seawall_simulators.wires import WIRES

SLOW = {"first_token_ms": {"median": 40}, "inter_token_ms": {"median": 5}}
LIMIT = {
    "openai": "x-ratelimit-{}-requests",
    "azure": "x-ratelimit-{}-requests",
    "anthropic": "anthropic-ratelimit-requests-{}",
}


@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_an_answer_takes_its_time(serve, stream):
    """A stream begins with its first token and goes on token by token; a body comes when the last would have."""
    served = await serve(alpha={"behaviour": SLOW})
    client = await served.connect()

    response = await client.chat(stream=stream)

    (row,) = await served.finished(1)
    first_s = row["first_byte_monotonic_s"] - row["arrived_monotonic_s"]
    assert response.status == 200
    assert first_s >= (0.038 if stream else 0.038 + 0.033)
    assert row["finished_monotonic_s"] - row["arrived_monotonic_s"] >= 0.038 + 0.033


async def test_what_costs_no_tokens_comes_at_once(serve):
    """A list of models waits for no token."""
    served = await serve(alpha={"behaviour": {"first_token_ms": {"median": 1_000_000}}})

    assert (await (await served.connect()).ask("GET", "/v1/models")).status == 200


@pytest.mark.parametrize("wire", WIRES)
async def test_capacity_is_finite(serve, wire):
    """One is served, one waits for it, a third is told that the provider is overloaded."""
    behaviour = {"capacity": 1, "queue": 1, "first_token_ms": {"median": 50}}
    served = await serve(alpha={"wire": wire, "behaviour": behaviour})
    clients = [await served.connect() for _ in range(3)]

    responses = await asyncio.gather(*(client.chat(wire, text=str(i)) for i, client in enumerate(clients)))

    statuses = sorted(response.status for response in responses)
    assert statuses == [200, 200, WIRES[wire].overload_status]
    rows = await served.finished(3)
    assert [row["outcome"] for row in rows] == ["rejected", "complete", "complete"]
    waited = rows[2]
    assert waited["first_byte_monotonic_s"] >= rows[1]["finished_monotonic_s"] + 0.045


async def test_who_leaves_the_queue_takes_nobodys_place(serve):
    """Of two that wait the first leaves; the second is served next."""
    behaviour = {"capacity": 1, "queue": 2, "first_token_ms": {"median": 50}}
    served = await serve(alpha={"behaviour": behaviour})
    clients = [await served.connect() for _ in range(3)]
    for number, client in enumerate(clients):
        await client.begin_chat(headers={"x-client-request-id": str(number)})
        while len((await served.control("GET", "/journal")).json["unfinished"]) <= number:
            pass

    clients[1].close()
    await clients[2].receive()

    rows = {row["client_request_id"]: row["outcome"] for row in await served.finished(3)}
    assert rows == {"0": "complete", "1": "client_left", "2": "complete"}


async def test_capacity_can_change_while_requests_wait(serve):
    """More of it lets those in who wait."""
    behaviour = {"capacity": 1, "first_token_ms": {"median": 1_000_000}}
    served = await serve(alpha={"behaviour": behaviour})
    stuck, waiting = await served.connect(), await served.connect()
    await stuck.begin_chat()
    while not (await served.control("GET", "/journal")).json["unfinished"]:
        pass
    document = (await served.control("GET", "/providers/alpha")).json
    document["behaviour"] |= {"first_token_ms": {"median": 0}}
    await served.control("PUT", "/providers/alpha", document)
    await waiting.begin_chat()
    while len((await served.control("GET", "/journal")).json["unfinished"]) < 2:
        pass

    document["behaviour"] |= {"capacity": 2}
    await served.control("PUT", "/providers/alpha", document)

    assert (await waiting.receive()).status == 200


async def test_errors_take_up_no_capacity(serve):
    """A fault in front of a provider that is full shows all the same."""
    served = await serve(
        alpha={"behaviour": {"capacity": 1, "queue": 0, "first_token_ms": {"median": 1_000_000}}}
    )
    await (await served.connect()).begin_chat()
    await served.fault(fault="http_status", status=500)

    assert (await (await served.connect()).chat()).status == 500


@pytest.mark.parametrize("wire", LIMIT)
async def test_requests_per_minute_are_counted_and_said(serve, wire):
    """The headers count down; the first request too many is told when to come back."""
    served = await serve(alpha={"wire": wire, "behaviour": {"requests_per_minute": 2}})
    client = await served.connect()

    responses = [await client.chat(wire, text=str(number)) for number in range(3)]

    assert [response.status for response in responses] == [200, 200, 429]
    remaining = [response.headers[LIMIT[wire].format("remaining")] for response in responses]
    assert remaining == ["1", "0", "0"]
    assert {response.headers[LIMIT[wire].format("limit")] for response in responses} == {"2"}
    assert 29 <= float(responses[2].headers["retry-after"]) <= 31


async def test_gemini_says_in_the_body_when_to_come_back(serve):
    """It has no such headers."""
    served = await serve(alpha={"wire": "gemini", "behaviour": {"requests_per_minute": 1}})
    client = await served.connect()

    assert (await client.chat("gemini")).status == 200
    refused = await client.chat("gemini")

    assert refused.status == 429
    assert "retryDelay" in refused.json["error"]["details"][-1]


async def test_tokens_per_minute_are_counted(serve):
    """Two answers fit the allowance, a third does not; what costs no tokens still does."""
    served = await serve(alpha={"behaviour": {"tokens_per_minute": 30}})
    client = await served.connect()

    statuses = [(await client.chat()).status for _ in range(4)]

    used = sum(
        row["input_tokens"] + row["output_tokens"] for row in await served.rows() if row["status"] == 200
    )
    assert statuses == [200, 200, 429, 429]
    assert used <= 30
    assert (await client.ask("GET", "/v1/models")).status == 200


async def test_a_rejected_request_is_journalled_as_such(serve):
    """With what it would have been."""
    served = await serve(alpha={"behaviour": {"requests_per_minute": 1}})
    client = await served.connect()
    for _ in range(2):
        await client.chat()

    _, row = await served.finished(2)

    assert (row["outcome"], row["status"], row["answer_sha256"]) == ("rejected", 429, None)


@given(
    per_minute=st.integers(1, 100),
    asked=st.lists(st.tuples(st.floats(0, 20), st.integers(0, 50)), max_size=40),
)
def test_an_allowance_is_never_exceeded(per_minute, asked):
    """In no span of time is more admitted than the bucket and its refill hold; who waits as told is admitted."""
    limiter, now, admitted = RateLimiter(None, per_minute, 0.0), 0.0, []
    for pause, tokens in asked:
        now += pause
        wait = limiter.admit(tokens, now)
        if wait is not None:
            assert wait > 0
            assert limiter.admit(tokens, now + wait - wait / 100) is not None
            now += wait * (1 + 1e-9) + 1e-9
            assert limiter.admit(tokens, now) is None
        admitted.append((now, min(tokens, per_minute)))
    for start in range(len(admitted)):
        begun, total = admitted[start][0], 0
        for at, tokens in admitted[start:]:
            total += tokens
            most = per_minute + (at - begun) * per_minute / 60
            assert total <= most or isclose(total, most, rel_tol=1e-6)


@given(
    served_max=st.integers(1, 4),
    queued_max=st.integers(0, 3),
    steps=st.lists(st.tuples(st.sampled_from(["enter", "leave"]), st.integers(0, 9)), max_size=60),
)
def test_capacity_serves_in_order_and_never_too_many(served_max, queued_max, steps):
    """Against the plainest model of it: two lists."""
    capacity, started = Capacity(served_max, queued_max), []
    served, queued = [], []
    for step, key in steps:
        if step == "enter" and key not in served + queued:
            place = capacity.enter(key, lambda key=key: started.append(key))
            if len(served) < served_max:
                served.append(key)
                assert place is Place.SERVED
            elif len(queued) < queued_max:
                queued.append(key)
                assert place is Place.QUEUED
            else:
                assert place is Place.REFUSED
        elif step == "leave":
            capacity.leave(key)
            if key in queued:
                queued.remove(key)
            elif key in served:
                served.remove(key)
                if queued:
                    served.append(queued.pop(0))
                    assert started[-1] == served[-1]
    assert capacity._served == set(served)
    assert list(capacity._queued) == queued
