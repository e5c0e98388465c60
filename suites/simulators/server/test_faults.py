"""Each fault, as a client of bare sockets meets it, and as the journal proves it."""

import json
from pathlib import Path

import pytest

import seawall_simulators.faults
from seawall_simulators.faults import FAULTS
from seawall_simulators.wires import WIRES

TERMINAL = {
    "openai": b"data: [DONE]",
    "azure": b"data: [DONE]",
    "anthropic": b"message_stop",
    "gemini": b'"finishReason"',
}
TOKEN = {"openai": b'"content":"', "azure": b'"content":"', "anthropic": b"text_delta", "gemini": b'"text":"'}
STATUSES = (
    200,
    204,
    302,
    304,
    400,
    401,
    403,
    404,
    408,
    413,
    418,
    422,
    429,
    500,
    502,
    503,
    504,
    520,
    529,
    599,
)
wires = pytest.mark.parametrize("wire", WIRES)
streams = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])


def tokens_in(frames, wire):
    """How many content tokens these frames hold."""
    empty = (b'"content":""', b'"text":""')
    return sum(TOKEN[wire] in frame and not any(each in frame for each in empty) for frame in frames)


async def afflicted(serve, wire, **fault):
    """A provider with this fault, and a client of it."""
    served = await serve(alpha={"wire": wire})
    await served.fault(**fault)
    return served, await served.connect()


async def proven(served, name, outcome="faulted"):
    """The one row of the journal, which says that this fault fired."""
    (row,) = await served.finished(1)
    assert row["faults"] == [{"id": name, "fault": name}]
    assert row["outcome"] == outcome
    return row


def test_every_file_is_a_fault_and_every_fault_a_file():
    """The registry is the folder."""
    files = {file.stem for file in Path(seawall_simulators.faults.__file__).parent.glob("[a-z]*.py")}

    assert set(FAULTS) == files


def test_a_new_file_is_a_new_fault(tmp_path, monkeypatch):
    """Nothing but the file is needed."""
    source = (Path(seawall_simulators.faults.__file__).parent / "blackhole.py").read_text(encoding="utf-8")
    new = source.replace("class Blackhole", "class Mute").replace('"blackhole"', '"mute"')
    (tmp_path / "mute.py").write_text(new, encoding="utf-8")
    monkeypatch.setattr(seawall_simulators.faults, "__path__", [str(tmp_path)])

    assert set(seawall_simulators.faults._scan()) == {"mute"}


@wires
@streams
@pytest.mark.parametrize("retry_after", [None, 7, 0.5, "Wed, 21 Oct 2026 07:28:00 GMT"])
async def test_http_status_answers_as_the_provider_would(serve, wire, stream, retry_after):
    """The status, the family's error body, and Retry-After to the letter."""
    served, client = await afflicted(serve, wire, fault="http_status", status=429, retry_after=retry_after)

    response = await client.chat(wire, stream=stream)

    assert response.status == 429
    assert response.json["error"]
    assert response.headers.get("retry-after") == (None if retry_after is None else str(retry_after))
    assert (await proven(served, "http_status"))["status"] == 429


@wires
async def test_any_status_can_be_had(serve, wire):
    """Each is sent as HTTP wants it, those without a body without one, and the connection goes on."""
    served = await serve(alpha={"wire": wire})
    client = await served.connect()

    for status in STATUSES:
        await served.fault(fault="http_status", status=status)
        await client.begin_chat(wire)
        response = await client.receive(head_only=status in (204, 304))
        assert response.status == status
        assert ("content-length" in response.headers) == (status not in (204, 304))


async def test_a_code_is_said_in_the_body(serve):
    """As for a quota that no waiting clears."""
    _, client = await afflicted(serve, "openai", fault="http_status", status=429, code="insufficient_quota")

    assert (await client.chat()).json["error"]["code"] == "insufficient_quota"


@streams
async def test_gateway_html_is_a_page(serve, stream):
    """No JSON, no header of the provider's."""
    served, client = await afflicted(serve, "openai", fault="gateway_html", status=502)

    response = await client.chat(stream=stream)

    assert (response.status, response.headers["content-type"]) == (502, "text/html")
    assert response.body.startswith(b"<html>")
    assert b"502 Bad Gateway" in response.body
    assert "x-request-id" not in response.headers
    await proven(served, "gateway_html")


@streams
async def test_delayed_head_delays_everything(serve, stream):
    """Not a byte before the delay, all of it after."""
    served, client = await afflicted(serve, "openai", fault="delayed_head", delay_s=0.05)

    assert (await client.chat(stream=stream)).status == 200
    row = await proven(served, "delayed_head")
    assert row["first_byte_monotonic_s"] - row["arrived_monotonic_s"] >= 0.048


@wires
@streams
async def test_slow_first_token_sends_the_head_in_time(serve, wire, stream):
    """The head comes by itself; content follows after the delay."""
    served, client = await afflicted(serve, wire, fault="slow_first_token", delay_s=0.05)
    await client.begin_chat(wire, stream=stream)

    first = await client.reader.read(65536)
    assert first.startswith(b"HTTP/1.1 200")
    assert tokens_in([first], wire) == 0
    row = await proven(served, "slow_first_token")
    assert row["finished_monotonic_s"] - row["first_byte_monotonic_s"] >= 0.048


@wires
@pytest.mark.parametrize("after_tokens", [0, 1, 3, 100])
async def test_stall_stops_a_stream_and_keeps_the_connection(serve, wire, after_tokens):
    """So many tokens, then nothing until the client leaves, which is noticed."""
    served, client = await afflicted(serve, wire, fault="stall", after_tokens=after_tokens)
    await client.begin_chat(wire, stream=True)

    received = await client.reader.readuntil(b"\r\n\r\n")
    while not (unfinished := (await served.control("GET", "/journal")).json["unfinished"]):
        pass
    client.close()
    row = await proven(served, "stall", "client_left")

    assert received.startswith(b"HTTP/1.1 200")
    assert unfinished[0]["faults"] == [{"id": "stall", "fault": "stall"}]
    assert row["tokens_sent"] == min(after_tokens, 8)


async def test_stall_stops_a_body_in_its_middle(serve):
    """Half of what was announced."""
    served, client = await afflicted(serve, "openai", fault="stall")
    await client.begin_chat()

    head = (await client.reader.readuntil(b"\r\n\r\n")).decode()
    announced = int(head.partition("content-length: ")[2].split()[0])
    half = await client.reader.readexactly(announced // 2)
    client.close()

    assert half.startswith(b"{")
    await proven(served, "stall", "client_left")


async def test_stall_can_go_on_pinging(serve):
    """The wire's keep-alive frames, and no token among them."""
    served, client = await afflicted(serve, "anthropic", fault="stall", ping=True, ping_every_s=0.01)
    await client.begin_chat("anthropic", stream=True)

    for _ in range(5):
        await client.reader.readuntil(b"event: ping")
    client.close()

    assert (await proven(served, "stall", "client_left"))["tokens_sent"] == 3


@wires
@streams
@pytest.mark.parametrize("ping", [False, True], ids=["silent", "pinging"])
async def test_stall_can_end(serve, wire, stream, ping):
    """After `for_s` the rest follows, as if nothing had been."""
    served, client = await afflicted(
        serve, wire, fault="stall", for_s=0.05, ping=ping, ping_every_s=0.02, after_tokens=2
    )

    response = await client.chat(wire, stream=stream)

    row = await proven(served, "stall")
    assert row["finished_monotonic_s"] - row["first_byte_monotonic_s"] >= 0.048
    if stream:
        assert tokens_in(response.frames, wire) == 8
        assert TERMINAL[wire] in response.frames[-1]
    else:
        assert response.json


@wires
@pytest.mark.parametrize("how", ["fin", "rst"])
@pytest.mark.parametrize("after_tokens", [0, 3, 100])
async def test_cut_breaks_a_stream_off(serve, wire, how, after_tokens):
    """So many tokens arrive whole; then the connection ends, by a true reset if so asked."""
    served, client = await afflicted(serve, wire, fault="cut", how=how, after_tokens=after_tokens)
    await client.begin_chat(wire, stream=True)

    received, frames, ended = await client.broken_off()

    assert ended == how
    assert not received.endswith(b"0\r\n\r\n")
    assert tokens_in(frames, wire) == min(after_tokens, 8)
    assert (await proven(served, "cut"))["tokens_sent"] == min(after_tokens, 8)


@pytest.mark.parametrize("how", ["fin", "rst"])
async def test_cut_breaks_a_body_off(serve, how):
    """Half of what was announced, then the end."""
    served, client = await afflicted(serve, "openai", fault="cut", how=how)
    await client.begin_chat()

    received, (body,), ended = await client.broken_off()

    announced = int(received.partition(b"content-length: ")[2].split()[0])
    assert (ended, len(body)) == (how, announced // 2)
    await proven(served, "cut")


@wires
async def test_truncation_ends_a_stream_cleanly_and_too_early(serve, wire):
    """HTTP is satisfied, the terminal event is missing, the connection goes on."""
    served, client = await afflicted(serve, wire, fault="truncation")

    response = await client.chat(wire, stream=True)

    assert tokens_in(response.frames, wire) == 3
    assert TERMINAL[wire] not in response.body
    await proven(served, "truncation")
    assert (await client.chat(wire)).status == 200


@pytest.mark.parametrize("fault", ["truncation", "malformed_json"])
@wires
async def test_half_a_body_is_no_json(serve, wire, fault):
    """It has the length it announces, and does not parse."""
    served, client = await afflicted(serve, wire, fault=fault)

    response = await client.chat(wire)

    assert response.status == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(response.body)
    await proven(served, fault)


@wires
async def test_error_event_is_said_inside_the_stream(serve, wire):
    """A 200, some tokens, the family's error, and the clean end of the response."""
    served, client = await afflicted(serve, wire, fault="error_event", after_tokens=2)

    response = await client.chat(wire, stream=True)

    assert response.status == 200
    assert tokens_in(response.frames, wire) == 2
    data = response.frames[-1].partition(b"data: ")[2]
    assert json.loads(data)["error"]
    await proven(served, "error_event")


@wires
async def test_error_event_makes_a_body_a_200_with_an_error(serve, wire):
    """What some gateways do."""
    served, client = await afflicted(serve, wire, fault="error_event")

    response = await client.chat(wire)

    assert response.status == 200
    assert response.json["error"]
    await proven(served, "error_event")


@wires
@pytest.mark.parametrize("after_tokens", [0, 3])
async def test_malformed_json_breaks_one_frame(serve, wire, after_tokens):
    """All frames but one parse; that one is closed as a frame; the stream goes on to its end."""
    served, client = await afflicted(serve, wire, fault="malformed_json", after_tokens=after_tokens)

    response = await client.chat(wire, stream=True)

    broken = []
    for frame in response.frames:
        data = frame.partition(b"data: ")[2]
        if data.strip() != b"[DONE]":
            try:
                json.loads(data)
            except json.JSONDecodeError:
                broken.append(frame)
    assert len(broken) == 1
    assert broken[0][-2:] == response.frames[-1][-2:]
    assert TERMINAL[wire] in response.frames[-1]
    await proven(served, "malformed_json")


@streams
async def test_blackhole_never_answers(serve, stream):
    """The connection stays open and silent; the journal shows the request while it hangs and once it has left."""
    served, client = await afflicted(serve, "openai", fault="blackhole")
    await client.begin_chat(stream=stream)

    while not (await served.control("GET", "/journal")).json["unfinished"]:
        pass
    assert not client.reader.at_eof()
    client.writer.write_eof()

    assert await client.rest() == (b"", "fin")
    row = await proven(served, "blackhole", "client_left")
    assert (row["status"], row["first_byte_monotonic_s"]) == (None, None)


@streams
async def test_tcp_reset_is_a_true_reset(serve, stream):
    """ECONNRESET instead of an answer."""
    served, client = await afflicted(serve, "openai", fault="tcp_reset")
    await client.begin_chat(stream=stream)

    assert await client.rest() == (b"", "rst")
    assert (await proven(served, "tcp_reset"))["status"] is None


async def test_a_fault_can_be_for_one_model_only(serve):
    """Requests for the others are served."""
    served = await serve(alpha={"models": ["m", "n"]})
    await served.fault(fault="http_status", status=500, model="n")
    client = await served.connect()

    assert [(await client.chat(model=model)).status for model in "mnm"] == [200, 500, 200]


async def test_faults_add_up(serve):
    """A list of faults: each acts on what the one before has left, and each is journalled by its id."""
    served = await serve()
    faults = [
        {"fault": "slow_first_token", "delay_s": 0.01, "id": "s"},
        {"fault": "cut", "how": "fin", "id": "c"},
    ]
    assert (await served.control("PUT", "/providers/alpha/fault", faults)).status == 200
    client = await served.connect()
    await client.begin_chat(stream=True)

    _, frames, ended = await client.broken_off()

    (row,) = await served.finished(1)
    assert (tokens_in(frames, "openai"), ended) == (3, "fin")
    assert row["faults"] == [{"id": "s", "fault": "slow_first_token"}, {"id": "c", "fault": "cut"}]


async def test_a_fault_with_nothing_to_act_on_did_not_fire(serve):
    """An error event needs an answer to break; a refused request has none."""
    served, client = await afflicted(serve, "openai", fault="error_event")

    assert (await client.chat(model="unknown")).status == 404
    (row,) = await served.finished(1)
    assert (row["faults"], row["outcome"]) == ([], "rejected")


async def test_faults_end_when_they_are_cleared(serve):
    """DELETE heals."""
    served, client = await afflicted(serve, "openai", fault="http_status")

    assert (await client.chat()).status == 503
    await served.control("DELETE", "/providers/alpha/fault")
    assert (await client.chat()).status == 200
