"""What the providers saw can be joined with what a client says it did."""

import hashlib
import json
from time import monotonic

import pytest

from seawall_simulators.journal import Journal, Row
from seawall_simulators.wires import WIRES

COLUMNS = {
    "seq", "provider", "wire", "operation", "model", "stream", "request_id", "client_request_id",
    "arrived_monotonic_s", "first_byte_monotonic_s", "finished_monotonic_s", "status", "outcome", "faults",
    "tokens_sent", "input_tokens", "output_tokens", "answer_sha256", "body_sha256", "user_agent", "connection",
    "request_body",
}  # fmt: skip


def row(**values):
    known = {"provider": "a", "wire": "openai", "client_request_id": None, "arrived_monotonic_s": 0.0}
    return Row(**known | {"user_agent": None, "connection": 1} | values)


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
async def test_a_row_tells_all_of_one_request(serve, wire, stream):
    """Found by the client's own request id; the digest is that of the bytes, however many pieces they came in."""
    served = await serve(alpha={"wire": wire, "behaviour": {"inter_token_ms": {"median": 1}}})
    client = await served.connect()
    begun = monotonic()

    response = await client.chat(wire, {"x-client-request-id": "call-7-1", "user-agent": "t"}, stream=stream)

    (found,) = await served.finished(1)
    assert set(found) == COLUMNS
    assert found["client_request_id"] == "call-7-1"
    assert (found["provider"], found["wire"], found["model"]) == ("alpha", wire, "m")
    assert (found["stream"], found["status"], found["outcome"]) == (stream, 200, "complete")
    assert (found["user_agent"], found["output_tokens"], found["tokens_sent"]) == ("t", 8, 8)
    assert found["body_sha256"] == hashlib.sha256(response.body).hexdigest()
    times = [begun, *(found[f"{name}_monotonic_s"] for name in ("arrived", "first_byte", "finished"))]
    assert times == sorted(times)


@pytest.mark.parametrize("tokens", [3, 5000])
async def test_the_answer_meant_is_known_by_its_digest(serve, tokens):
    """A client can tell a whole answer from a part of it, short or long."""
    served = await serve(alpha={"behaviour": {"tokens": tokens}})

    response = await (await served.connect()).chat()

    text = response.json["choices"][0]["message"]["content"]
    (found,) = await served.finished(1)
    assert found["answer_sha256"] == hashlib.sha256(text.encode()).hexdigest()


async def test_a_cut_stream_has_the_digest_of_what_was_meant(serve):
    """And that of what was sent, which is less."""
    served = await serve()
    whole = (await (await served.connect()).chat(stream=True)).frames
    await served.control("POST", "/reset")
    await served.fault(fault="cut", how="fin")
    client = await served.connect()
    await client.begin_chat(stream=True)

    _, frames, _ = await client.broken_off()

    deltas = [json.loads(frame[6:])["choices"][0]["delta"].get("content", "") for frame in whole[:-1]]
    (found,) = await served.finished(1)
    assert found["answer_sha256"] == hashlib.sha256("".join(deltas).encode()).hexdigest()
    assert found["body_sha256"] == hashlib.sha256(b"".join(frames)).hexdigest()
    assert frames == whole[: len(frames)]


async def test_a_client_that_leaves_is_noticed_at_once(serve):
    """In the middle of a stream that has long to go."""
    served = await serve(alpha={"behaviour": {"inter_token_ms": {"median": 1_000_000}}})
    client = await served.connect()
    await client.begin_chat(stream=True)
    await client.reader.readuntil(b"\r\n\r\n")

    client.close()

    (found,) = await served.finished(1)
    assert (found["outcome"], found["status"], found["tokens_sent"]) == ("client_left", 200, 1)


async def test_rows_are_asked_for_by_number(serve):
    """`since` gives what is new; clearing forgets and goes on counting."""
    served = await serve()
    client = await served.connect()
    for _ in range(3):
        await client.chat()

    later = (await served.control("GET", "/journal?since=2")).json
    await served.control("DELETE", "/journal")
    await client.chat()
    after = (await served.control("GET", "/journal")).json

    assert [found["seq"] for found in later["rows"]] == [3]
    assert [found["seq"] for found in after["rows"]] == [4] == [after["last_seq"]]


@pytest.mark.parametrize("chars", [0, 40])
async def test_what_was_asked_is_kept_as_far_as_wanted(serve, chars):
    """Nothing unless the configuration says so, and never more than it says."""
    served = await serve(journal_body_chars=chars)
    await (await served.connect()).chat()

    (found,) = (await served.control("GET", "/journal")).json["rows"]

    body = found["request_body"]
    assert body is None if chars == 0 else (len(body) == chars and body.startswith("{"))


async def test_the_oldest_rows_are_dropped_and_counted(serve):
    """The journal is bounded, and says what it has lost."""
    served = await serve(journal_rows=2)
    client = await served.connect()
    for _ in range(5):
        await client.chat()

    journal = (await served.control("GET", "/journal?since=1")).json

    assert [found["seq"] for found in journal["rows"]] == [4, 5]
    assert journal["dropped"] == 3


def test_since_is_exact_for_every_number():
    """Below, within and beyond what is held."""
    journal = Journal(rows_max=3)
    for _ in range(5):
        journal.append(row())

    held = {since: [each.seq for each in journal.since(since)] for since in range(7)}

    assert held == {0: [3, 4, 5], 1: [3, 4, 5], 2: [3, 4, 5], 3: [4, 5], 4: [5], 5: [], 6: []}
