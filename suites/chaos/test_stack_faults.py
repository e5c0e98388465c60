"""Every fault on every carrier: what a client really meets, and what the stack says of it."""

import asyncio
import json
import socket
import time
from urllib.parse import urlsplit

import pytest
import pytest_asyncio

from seawall_chaos.canary import Canary, Entrance
from seawall_chaos.errors import FaultError
from seawall_chaos.faults import FAULTS, parse_fault
from seawall_chaos.faults.fault import Symptom
from seawall_chaos.stack import ProviderSpec, Stack

pytestmark = [pytest.mark.chaos, pytest.mark.real_processes, pytest.mark.asyncio(loop_scope="module")]

TOKENS = 6
BEHAVIOUR = {
    "tokens": TOKENS,
    "first_token_ms": {"median": 5, "sigma": 0},
    "inter_token_ms": {"median": 4, "sigma": 0},
}
SPECS = [
    ProviderSpec(name, wire, f"{name}-1", BEHAVIOUR)
    for name, wire in (("alpha", "openai"), ("beta", "anthropic"), ("gamma", "gemini"))
]
WIRES = {spec.wire: spec.name for spec in SPECS}
HTTP_CARRIERS = ("mitmproxy", "simulator")
MESSAGES = [{"role": "user", "content": "hi"}]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def running(tmp_path_factory):
    """One stack for the whole module."""
    async with Stack.start(SPECS, path="full", seed=5, log_dir=tmp_path_factory.mktemp("stack")) as stack:
        yield stack


@pytest_asyncio.fixture(loop_scope="module")
async def stack(running):
    """A stack on which nothing has happened yet, and which is left healed."""
    await running.reset()
    yield running
    await running.heal_all()


class Client:
    """Speaks each wire on raw sockets through a stack."""

    def __init__(self, raw, stack, wire="openai"):
        self.raw = raw
        self.wire = wire
        self.endpoint = stack.endpoints[WIRES[wire]]
        self.port = urlsplit(self.endpoint.base_url).port

    def request(self, *, stream, request_id="test-1"):
        model = self.endpoint.model
        paths = {
            "openai": ("/v1/chat/completions", {"model": model, "stream": stream, "messages": MESSAGES}),
            "anthropic": (
                "/v1/messages",
                {"model": model, "stream": stream, "max_tokens": 64, "messages": MESSAGES},
            ),
            "gemini": (
                f"/v1beta/models/{model}:"
                + ("streamGenerateContent?alt=sse" if stream else "generateContent"),
                {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
            ),
        }
        return self.raw.request(*paths[self.wire], request_id=request_id)

    async def ask(self, *, stream=False, request_id="test-1", timeout_s=5.0):
        request = self.request(stream=stream, request_id=request_id)
        return await self.raw.exchange(self.port, request, until=lambda seen: seen.whole, timeout_s=timeout_s)

    async def ask_and_wait(self, tokens, *, quiet_s=0.15):
        """Asks for a stream, waits for so many tokens, and then a while for more."""
        sock = await self.raw.connect(self.port)
        await self.raw.send(sock, self.request(stream=True))
        seen = await self.raw.read(sock, until=lambda seen: tokens_in(seen) >= tokens)
        await self.raw.read(sock, timeout_s=quiet_s, seen=seen)
        sock.close()
        return seen


@pytest.fixture
def client(raw, stack):
    return Client(raw, stack)


def tokens_in(seen):
    """How many content tokens of a stream arrived."""
    count = 0
    for block in seen.body.replace(b"\r\n", b"\n").split(b"\n\n"):
        data = b"".join(line[6:] for line in block.splitlines() if line.startswith(b"data: "))
        try:
            event = json.loads(data)
        except ValueError:
            continue
        text = (
            (event.get("choices") or [{}])[0].get("delta", {}).get("content")
            or (event.get("delta") or {}).get("text")
            or (event.get("candidates") or [{}])[0].get("content", {}).get("parts", [{}])[0].get("text")
        )
        count += bool(text)
    return count


def ends_well(wire, seen):
    """Whether a stream has its terminal event."""
    terminal = {"openai": b"[DONE]", "anthropic": b"message_stop", "gemini": b'"finishReason":"STOP"'}
    return terminal[wire] in seen.body.replace(b'": ', b'":')


async def timed(coroutine):
    began = time.monotonic()
    return await coroutine, time.monotonic() - began


async def fires(stack, injection_id, times=1):
    """The firings that are no canaries, checked to be in the window and as many as expected."""
    injection = await stack.heal(injection_id)
    firings = [firing for firing in await stack.firings(injection_id) if not firing.canary]
    assert len(firings) == times, firings
    for firing in firings:
        assert injection.applied_monotonic_s - 1 <= firing.at_monotonic_s <= time.monotonic()
    return firings


# --- nothing without an injection ---------------------------------------------------------------------------------


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("stream", [False, True])
async def test_without_an_injection_the_bytes_are_the_providers_own(raw, stack, wire, stream):
    """Through both proxies every wire arrives whole, and nothing claims to have fired."""
    client = Client(raw, stack, wire)
    seen = await client.ask(stream=stream)

    assert seen.status == 200
    assert seen.whole
    if stream:
        assert tokens_in(seen) == TOKENS
        assert ends_well(wire, seen)
    (row,) = await stack.journal()
    assert (row["client_request_id"], row["outcome"], row["faults"]) == ("test-1", "complete", [])


async def test_streams_flow_through_both_proxies(raw, stack):
    """The first token is here long before the last: nothing gathers the stream."""
    fault = parse_fault({"fault": "stall", "after_tokens": 3, "for_s": 0.4, "carrier": "simulator"})
    await stack.inject("pause", fault, "alpha")
    seen = await Client(raw, stack).ask(stream=True)

    assert seen.whole
    assert seen.at_s[-1] - seen.at_s[0] >= 0.38


# --- faults of HTTP, on mitmproxy and on the simulator --------------------------------------------------------------


@pytest.mark.parametrize("carrier", HTTP_CARRIERS)
@pytest.mark.parametrize("wire", WIRES)
async def test_http_status_is_worded_by_the_provider(raw, stack, wire, carrier):
    """Status, Retry-After and body are what that provider says, in streams too; the provider is not asked."""
    client, on = Client(raw, stack, wire), WIRES[wire]
    document = {"fault": "http_status", "status": 429, "retry_after": "7", "carrier": carrier}
    await stack.inject("limit", parse_fault(document), on)
    plain, stream = await client.ask(), await client.ask(stream=True)
    fired = await fires(stack, "limit", 2)

    for seen in (plain, stream):
        assert seen.status == 429
        assert b"retry-after: 7" in seen.head
        error = json.loads(seen.body)["error"]
        assert set(error) >= {"openai": {"type", "code"}, "anthropic": {"type"}, "gemini": {"status"}}[wire]
    assert {firing.client_request_id for firing in fired} == {"test-1"}
    answered = [row for row in await stack.journal() if row["status"] == 200]
    assert answered == []
    assert (await client.ask()).status == 200


@pytest.mark.parametrize("carrier", HTTP_CARRIERS)
@pytest.mark.parametrize("status", [500, 503, 529])
async def test_server_errors(client, stack, status, carrier):
    """Each status comes as it is, with JSON of the provider's form."""
    await stack.inject(
        "error", parse_fault({"fault": "http_status", "status": status, "carrier": carrier}), "alpha"
    )
    seen = await client.ask()
    await fires(stack, "error")

    assert seen.status == status
    assert json.loads(seen.body)["error"]["message"]


async def test_error_answers_have_request_ids_of_their_own(client, stack):
    """Two errors are two requests to whoever reads the logs."""
    await stack.inject("error", parse_fault({"fault": "http_status"}), "alpha")
    ids = {
        line
        for _ in range(2)
        for line in (await client.ask()).head.split(b"\r\n")
        if line.startswith(b"x-request-id")
    }

    assert len(ids) == 2
    assert all(b"place" not in each and len(each) > 20 for each in ids)


@pytest.mark.parametrize("carrier", HTTP_CARRIERS)
async def test_gateway_html(client, stack, carrier):
    """A page, not JSON."""
    await stack.inject(
        "page", parse_fault({"fault": "gateway_html", "status": 504, "carrier": carrier}), "alpha"
    )
    seen = await client.ask(stream=True)
    await fires(stack, "page")

    assert seen.status == 504
    assert b"content-type: text/html" in seen.head
    assert seen.body.startswith(b"<html>")


@pytest.mark.parametrize("carrier", HTTP_CARRIERS)
@pytest.mark.parametrize("stream", [False, True])
async def test_delayed_head(client, stack, stream, carrier):
    """Not a byte for that long, then everything."""
    fault = parse_fault({"fault": "delayed_head", "delay_s": 0.25, "carrier": carrier})
    await stack.inject("late", fault, "alpha")
    seen = await client.ask(stream=stream)
    await fires(stack, "late")

    assert seen.at_s[0] >= 0.25
    assert seen.whole


@pytest.mark.parametrize("carrier", HTTP_CARRIERS)
@pytest.mark.parametrize("stream", [False, True])
async def test_slow_first_token(client, stack, stream, carrier):
    """The head is in time, the first token is not."""
    fault = parse_fault({"fault": "slow_first_token", "delay_s": 0.25, "carrier": carrier})
    await stack.inject("slow", fault, "alpha")
    seen = await client.ask(stream=stream)
    await fires(stack, "slow")

    assert seen.at_s[-1] - seen.at_s[0] >= 0.2
    assert seen.whole


@pytest.mark.parametrize("carrier", HTTP_CARRIERS)
@pytest.mark.parametrize("wire", WIRES)
async def test_stall_stops_after_exactly_so_many_tokens(raw, stack, wire, carrier):
    """Two tokens and no more, the connection stays open."""
    fault = parse_fault({"fault": "stall", "after_tokens": 2, "carrier": carrier})
    await stack.inject("stall", fault, WIRES[wire])
    seen = await Client(raw, stack, wire).ask_and_wait(2)
    await fires(stack, "stall")

    assert (tokens_in(seen), seen.end) == (2, "open")


@pytest.mark.parametrize("carrier", HTTP_CARRIERS)
async def test_stall_with_pings_that_ends(raw, stack, carrier):
    """Pings keep coming while nothing else does; afterwards the stream goes on to its end."""
    document = {"fault": "stall", "after_tokens": 2, "ping": True, "ping_every_s": 0.08, "for_s": 0.3}
    await stack.inject("stall", parse_fault({**document, "carrier": carrier}), "beta")
    seen = await Client(raw, stack, "anthropic").ask(stream=True)
    await fires(stack, "stall")

    assert 2 <= seen.body.count(b"event: ping") <= 5
    assert tokens_in(seen) == TOKENS
    assert seen.whole
    assert seen.at_s[-1] >= 0.3


@pytest.mark.parametrize("carrier", HTTP_CARRIERS)
@pytest.mark.parametrize("how", ["rst", "fin"])
@pytest.mark.parametrize("wire", WIRES)
async def test_cut_after_exactly_so_many_tokens(raw, stack, wire, how, carrier):
    """A true RST, or a FIN in the middle of the body."""
    fault = parse_fault({"fault": "cut", "after_tokens": 2, "how": how, "carrier": carrier})
    await stack.inject("cut", fault, WIRES[wire])
    seen = await Client(raw, stack, wire).ask(stream=True)
    await fires(stack, "cut")

    assert (tokens_in(seen), seen.end, seen.whole) == (2, how, False)


async def test_cut_resets_kept_alive_connections_too(raw, stack, client):
    """A client with a warm pool meets the reset as well: its idle connection ended, the next one is reset."""
    sock = await raw.connect(client.port)
    await raw.send(sock, client.request(stream=False))
    await raw.read(sock, until=lambda seen: seen.whole)
    await stack.inject("cut", parse_fault({"fault": "cut", "after_tokens": 1}), "alpha")
    ended = await raw.read(sock)
    sock.close()

    assert ended.end == "fin"
    assert (await client.ask(stream=True)).end == "rst"


async def test_a_request_under_way_survives_the_injection_of_a_cut(raw, stack, client):
    """What began before the fault ends as if there were none; only then its connection ends."""
    pause = parse_fault({"fault": "stall", "after_tokens": 1, "for_s": 0.3, "carrier": "simulator"})
    await stack.inject("pause", pause, "alpha")
    sock = await raw.connect(client.port)
    await raw.send(sock, client.request(stream=True))
    seen = await raw.read(sock, until=lambda seen: tokens_in(seen) == 1)
    await stack.inject("cut", parse_fault({"fault": "cut"}), "alpha")
    await raw.read(sock, seen=seen)
    sock.close()

    assert tokens_in(seen) == TOKENS
    assert seen.whole
    await fires(stack, "cut", 0)


@pytest.mark.parametrize("carrier", HTTP_CARRIERS)
@pytest.mark.parametrize("wire", WIRES)
async def test_truncation_ends_cleanly_and_too_early(raw, stack, wire, carrier):
    """HTTP sees nothing wrong; the terminal event is missing."""
    fault = parse_fault({"fault": "truncation", "after_tokens": 2, "carrier": carrier})
    await stack.inject("short", fault, WIRES[wire])
    seen = await Client(raw, stack, wire).ask(stream=True)
    await fires(stack, "short")

    assert (tokens_in(seen), seen.whole) == (2, True)
    assert not ends_well(wire, seen)


@pytest.mark.parametrize("carrier", HTTP_CARRIERS)
@pytest.mark.parametrize("wire", WIRES)
async def test_error_event_inside_a_200(raw, stack, wire, carrier):
    """The provider's own error after two tokens, then a clean end without the terminal event."""
    fault = parse_fault({"fault": "error_event", "after_tokens": 2, "carrier": carrier})
    await stack.inject("event", fault, WIRES[wire])
    client = Client(raw, stack, wire)
    stream, plain = await client.ask(stream=True), await client.ask()
    await fires(stack, "event", 2)

    assert (stream.status, tokens_in(stream), stream.whole) == (200, 2, True)
    assert not ends_well(wire, stream)
    last = stream.body.strip().split(b"data: ")[-1]
    assert "error" in json.loads(last)
    assert (plain.status, plain.whole) == (200, True)
    assert "error" in json.loads(plain.body)


@pytest.mark.parametrize("carrier", HTTP_CARRIERS)
@pytest.mark.parametrize("wire", WIRES)
async def test_malformed_json(raw, stack, wire, carrier):
    """The third event does not parse; everything else, the end included, is as it should be."""
    fault = parse_fault({"fault": "malformed_json", "after_tokens": 2, "carrier": carrier})
    await stack.inject("bad", fault, WIRES[wire])
    seen = await Client(raw, stack, wire).ask(stream=True)
    await fires(stack, "bad")

    assert seen.whole
    assert tokens_in(seen) == TOKENS - 1
    assert ends_well(wire, seen)


@pytest.mark.parametrize("carrier", HTTP_CARRIERS)
@pytest.mark.parametrize(
    ("fault", "ending"),
    [
        ({"fault": "stall"}, ("open", False)),
        ({"fault": "cut", "how": "rst"}, ("rst", False)),
        ({"fault": "cut", "how": "fin"}, ("fin", False)),
        ({"fault": "truncation"}, ("open", True)),
        ({"fault": "malformed_json"}, ("open", True)),
    ],
)
async def test_a_body_that_is_no_stream_is_hit_in_its_middle(client, stack, fault, ending, carrier):
    """Half the JSON: cut off, held back, or declared to be all there is."""
    healthy = len((await client.ask()).body)
    await stack.inject("half", parse_fault({**fault, "carrier": carrier}), "alpha")
    seen = await client.ask(timeout_s=0.6)
    await fires(stack, "half")

    assert healthy * 0.3 < len(seen.body) < healthy * 0.7
    assert (seen.end, seen.whole) == ending
    with pytest.raises(json.JSONDecodeError):
        json.loads(seen.body)


# --- faults of the connection ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("carrier", ["toxiproxy", "mitmproxy", "simulator"])
async def test_blackhole(client, stack, carrier):
    """Not a byte, and no end."""
    await stack.inject("hole", parse_fault({"fault": "blackhole", "carrier": carrier}), "alpha")
    seen = await client.ask(timeout_s=0.3)
    await fires(stack, "hole")

    assert (seen.data, seen.end) == (b"", "open")
    assert (await client.ask()).status == 200


@pytest.mark.parametrize("carrier", ["toxiproxy", "mitmproxy"])
async def test_tcp_reset(client, stack, carrier):
    """ECONNRESET on the raw socket, where an answer should be; the provider never hears of it."""
    await stack.inject("reset", parse_fault({"fault": "tcp_reset", "carrier": carrier}), "alpha")
    seen = await client.ask()
    firings = await stack.firings("reset")
    await fires(stack, "reset")

    assert (seen.data, seen.end) == (b"", "rst")
    assert await stack.journal() == []
    assert [firing.canary for firing in firings].count(True) == (carrier == "toxiproxy")
    assert (await client.ask()).status == 200


async def test_connection_refused(client, stack):
    """Nobody listens, nobody else gets the port; the canary met it, and nobody could count what clients met."""
    await stack.inject("down", parse_fault({"fault": "connection_refused"}), "alpha")
    seen = await client.ask()

    with socket.socket() as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", client.port))
    assert seen.end == "refused"
    assert [(f.canary, f.evidence) for f in await stack.firings("down")] == [(True, "canary: refused")]
    await fires(stack, "down", 0)
    assert (await client.ask()).status == 200


async def test_tcp_latency(client, stack):
    """Every answer is that much later; each request that passed is a firing, and the canary timed it."""
    await stack.inject("far", parse_fault({"fault": "tcp_latency", "latency_ms": 150}), "alpha")
    seen = await client.ask(request_id="far-1")
    fired = await fires(stack, "far")

    assert seen.at_s[0] >= 0.15
    assert fired[0].client_request_id == "far-1"
    assert any(firing.canary for firing in await stack.firings("far"))


async def test_bandwidth(client, stack):
    """A stream of some kilobytes crawls through two kilobytes a second."""
    healthy = await client.ask(stream=True)
    await stack.inject("narrow", parse_fault({"fault": "bandwidth", "rate_kb_per_s": 4}), "alpha")
    seen = await client.ask(stream=True)
    await fires(stack, "narrow")

    assert seen.at_s[-1] >= 0.8 * len(healthy.data) / 4000
    assert any(firing.canary for firing in await stack.firings("narrow"))


@pytest.mark.parametrize(
    "symptom",
    [Symptom("refused"), Symptom("reset"), Symptom("silent"), Symptom("slow", 5000), Symptom("slow", 0, 0.1)],
    ids=lambda symptom: symptom.kind,
)
async def test_a_canary_that_meets_nothing_proves_nothing(stack, symptom):
    """On a healthy path no symptom is found, so that a fault that is not in force cannot count."""
    entrance = Entrance("127.0.0.1", urlsplit(stack.endpoints["alpha"].base_url).port, "/", answers=True)
    canary = Canary(entrance, symptom, 1)
    await canary.fly()

    assert canary.firing is None


@pytest.mark.parametrize("fault", ["cut", "tcp_reset"])
async def test_mitmproxy_resets_by_itself_too(raw, stack, client, fault):
    """Entered without Toxiproxy before it, a reset is a true one as well."""
    await stack.inject("rst", parse_fault({"fault": fault, "carrier": "mitmproxy"}), "alpha")
    port = stack._processes.mitmproxy_ports["alpha"]
    seen = await raw.exchange(port, client.request(stream=True))

    assert seen.end == "rst"


async def test_a_canary_that_is_called_back_early_has_felt_the_delay(client, stack):
    """A window shorter than the latency itself still has its proof."""
    await stack.inject("far", parse_fault({"fault": "tcp_latency", "latency_ms": 5000}), "alpha")
    await client.ask(timeout_s=0.15)
    await fires(stack, "far")

    assert any(firing.canary for firing in await stack.firings("far"))


# --- which requests ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("carrier", HTTP_CARRIERS)
async def test_probability_picks_requests(client, stack, carrier):
    """About half of forty requests are hit, and exactly those are in the firings."""
    document = {"fault": "http_status", "probability": 0.5, "seed": 3, "carrier": carrier}
    await stack.inject("half", parse_fault(document), "alpha")
    ids = [f"call-{number}-1" for number in range(40)]
    seen = await asyncio.gather(*(client.ask(request_id=each) for each in ids))
    hit = {each for each, response in zip(ids, seen, strict=True) if response.status == 503}
    fired = await fires(stack, "half", len(hit))

    assert 8 <= len(hit) <= 32
    assert {firing.client_request_id for firing in fired} == hit


async def test_the_same_seed_picks_the_same_requests(client, stack):
    """On mitmproxy the choice depends on seed and request id, never on the order of arrival."""
    ids = [f"call-{number}-1" for number in range(16)]
    picked = []
    for order in (ids, ids[::-1]):
        document = {"fault": "http_status", "probability": 0.5, "seed": 3}
        await stack.inject("half", parse_fault(document), "alpha")
        for each in order:
            await client.ask(request_id=each)
        await stack.heal("half")
        picked.append({firing.client_request_id for firing in await stack.firings("half")})
        await stack.reset()

    assert picked[0] == picked[1]
    assert 0 < len(picked[0]) < 16


@pytest.mark.parametrize("carrier", HTTP_CARRIERS)
async def test_a_model_that_is_not_meant_is_left_alone(client, stack, carrier):
    """The fault asks for another model."""
    for model, expected in (("another", 200), ("alpha-1", 503)):
        document = {"fault": "http_status", "model": model, "carrier": carrier}
        await stack.inject(model, parse_fault(document), "alpha")
        assert (await client.ask()).status == expected
        await fires(stack, model, int(expected != 200))


@pytest.mark.parametrize("wire", ["openai", "anthropic", "gemini"])
async def test_payload_puts_words_into_the_models_mouth(raw, stack, wire):
    """Through both proxies, as a healthy answer, and it is counted."""
    client = Client(raw, stack, wire)
    fault = parse_fault({"fault": "payload", "payload": "exfil-autolink-angle"})
    await stack.inject("evil", fault, client.endpoint.name)
    response = await client.ask()

    assert response.status == 200
    assert b"<https://go.attacker.example/?d=42>" in response.body
    await fires(stack, "evil", 1)


async def test_other_providers_are_left_alone(raw, stack):
    """A fault is on one provider."""
    await stack.inject("down", parse_fault({"fault": "connection_refused"}), "alpha")
    await stack.inject("error", parse_fault({"fault": "http_status"}), "beta")

    assert (await Client(raw, stack, "gemini").ask()).status == 200
    assert (await Client(raw, stack, "anthropic").ask()).status == 503


@pytest.mark.parametrize("name", sorted(set(FAULTS)))
async def test_what_is_in_force_but_meets_nobody_has_not_fired(stack, name):
    """No request, no firing but the canary's."""
    await stack.inject("idle", parse_fault({"fault": name}), "alpha")
    await fires(stack, "idle", 0)

    assert stack.is_healed()
    assert await stack.journal() == []


# --- several at once, and what is refused -------------------------------------------------------------------------------


async def test_faults_combine_and_heal_one_by_one(client, stack):
    """A late error is late and an error; without the delay it is only an error."""
    await stack.inject("late", parse_fault({"fault": "delayed_head", "delay_s": 0.4}), "alpha")
    await stack.inject("error", parse_fault({"fault": "http_status"}), "alpha")
    both = await client.ask()
    await stack.heal("late")
    one = await client.ask()
    await stack.heal("late")
    await stack.heal_all()

    assert (both.status, one.status) == (503, 503)
    assert both.at_s[0] >= 0.4 > one.at_s[0]
    assert stack.is_healed()
    assert (await client.ask()).status == 200


async def test_two_that_take_the_listener_down_both_have_to_heal(client, stack):
    """The port opens again with the last of them."""
    for injection_id in ("one", "two"):
        await stack.inject(injection_id, parse_fault({"fault": "connection_refused"}), "alpha")
    await stack.heal("one")
    still = await client.ask()
    await stack.heal("two")

    assert still.end == "refused"
    assert (await client.ask()).status == 200


async def test_reset_forgets_and_frees(client, stack, raw):
    """After a reset nothing is in force, journalled or connected."""
    sock = await raw.connect(client.port)
    await raw.send(sock, client.request(stream=False))
    await raw.read(sock, until=lambda seen: seen.whole)
    await stack.inject("error", parse_fault({"fault": "http_status"}), "alpha")
    await stack.reset()
    ended = await raw.read(sock)
    sock.close()

    assert ended.end in {"fin", "rst"}
    assert stack.is_healed()
    assert await stack.journal() == []
    with pytest.raises(KeyError):
        await stack.firings("error")
    assert (await client.ask()).status == 200


async def test_what_cannot_be_is_refused_before_anything_happens(stack):
    """An unknown provider, an id twice, a carrier that cannot."""
    error = parse_fault({"fault": "http_status"})
    with pytest.raises(KeyError, match="delta"):
        await stack.inject("x", error, "delta")
    await stack.inject("x", error, "alpha")
    with pytest.raises(ValueError, match="used before"):
        await stack.inject("x", error, "alpha")
    with pytest.raises(FaultError, match="not possible on path full"):
        await stack.inject("y", parse_fault({"fault": "tcp_reset", "carrier": "simulator"}), "alpha")
    with pytest.raises(FaultError, match="no probability"):
        await stack.inject("y", parse_fault({"fault": "tcp_latency", "probability": 0.5}), "alpha")
    with pytest.raises(KeyError):
        await stack.heal("never")
