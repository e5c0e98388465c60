"""Codecs and HTTP seam against the fake providers, which share no code with them: answers, then every fault."""

import hashlib
import json
import subprocess
import sys

import aiohttp
import pytest

from seawall.messages import CompletionRequest, Message, TextDelta, Tool
from seawall.providers.http_aiohttp import AiohttpEngine
from seawall.providers.options import ProviderOptions
from seawall.providers.response import DecoderContext
from seawall.providers.secret import Secret
from seawall.providers.wires import codec_for
from seawall.resilience.failures import FailureKind, ProviderError

pytestmark = pytest.mark.real_processes
K = FailureKind
NAMES = {"openai_chat": "alpha", "anthropic": "beta", "gemini": "gamma"}
QUICK = {"first_token_ms": {"median": 1, "sigma": 0}, "inter_token_ms": {"median": 0.2, "sigma": 0}}
WIRES = {"openai_chat": "openai", "anthropic": "anthropic", "gemini": "gemini"}
ASKED = CompletionRequest(messages=(Message(role="user", content="How is the harbour?"),))
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


@pytest.fixture(scope="module")
def fakes(tmp_path_factory):
    """Three fake providers in a process of their own."""
    config = tmp_path_factory.mktemp("fakes") / "fakes.json"
    providers = {
        name: {"wire": WIRES[wire], "models": ["m-1"], "behaviour": {"tokens": 9, **QUICK}}
        for wire, name in NAMES.items()
    }
    config.write_text(json.dumps({"seed": 7, "providers": providers}))
    process = subprocess.Popen(
        [sys.executable, "-m", "seawall_simulators", "serve", "--parent", "--config", str(config)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.stdin.close()
        process.stdout.close()
        process.wait(timeout=10)


@pytest.fixture
async def control(fakes):
    """Set a fault, read the journal; both are cleared afterwards."""

    async def call(method, path, document=None):
        async with session.request(method, fakes["control"] + path, json=document) as response:
            assert response.status < 300, await response.text()
            return await response.json() if response.content_length else None

    async with aiohttp.ClientSession() as session:
        yield call
        await call("POST", "/reset")


@pytest.fixture(params=list(NAMES))
def wire_name(request):
    """Each wire in turn."""
    return request.param


@pytest.fixture
async def ask(fakes, wire_name):
    """Ask the wire's fake provider; return (deltas, reply, failure)."""
    engine = AiohttpEngine()
    options = ProviderOptions(
        name="a",
        wire=wire_name,
        model="m-1",
        base_url=fakes["providers"][NAMES[wire_name]]["base_url"],
        api_key=Secret("k"),
    )
    codec = codec_for(options, DecoderContext())

    async def ask(request=ASKED, *, stream):
        deltas = []
        try:
            response = await engine.send(codec.encode(request, stream=stream), connect_timeout_s=2)
            try:
                decoder = codec.decoder(stream=stream)
                decoder.head(response.status, response.headers)
                async for data in response:
                    deltas += decoder.feed(data)
                return deltas, decoder.close(), None
            finally:
                response.release()
        except ProviderError as error:
            return deltas, None, error.failure

    yield ask
    await engine.aclose()


@pytest.mark.parametrize("stream", [False, True], ids=["document", "stream"])
async def test_what_the_provider_meant_is_what_arrives(ask, control, wire_name, stream):
    """By the digest that the provider noted of its answer, with its counts."""
    deltas, reply, failure = await ask(stream=stream)
    (row,) = (await control("GET", "/journal?since=0"))["rows"]

    assert failure is None
    assert hashlib.sha256(reply.text.encode()).hexdigest() == row["answer_sha256"]
    assert (reply.usage.input_tokens, reply.usage.output_tokens) == (
        row["input_tokens"],
        row["output_tokens"],
    )
    assert reply.stop_reason == "stop"
    if stream:
        assert "".join(d.text for d in deltas if isinstance(d, TextDelta)) == reply.text
    if wire_name != "gemini":
        assert reply.request_id == row["request_id"]


@pytest.mark.parametrize("stream", [False, True], ids=["document", "stream"])
async def test_tools_and_schemas(ask, stream):
    """A forced tool is called with arguments that fit; a schema's answer is its JSON."""
    tool = Tool(name="look", parameters=SCHEMA)
    forced = CompletionRequest(messages=ASKED.messages, tools=(tool,), tool_choice="look")
    shaped = CompletionRequest(messages=ASKED.messages, response_schema=SCHEMA)
    call = (await ask(forced, stream=stream))[1].tool_calls[0]
    text = (await ask(shaped, stream=stream))[1].text

    assert call.name == "look"
    assert isinstance(json.loads(call.arguments)["city"], str)
    assert isinstance(json.loads(text)["city"], str)


FAULTS = [
    ({"fault": "http_status", "status": 500}, K.SERVER_ERROR, K.SERVER_ERROR),
    ({"fault": "http_status", "status": 529}, K.OVERLOADED, K.OVERLOADED),
    ({"fault": "http_status", "status": 429, "retry_after": 7}, K.RATE_LIMITED, K.RATE_LIMITED),
    ({"fault": "gateway_html", "status": 502}, K.SERVER_ERROR, K.SERVER_ERROR),
    ({"fault": "tcp_reset"}, K.CONNECT, K.CONNECT),
    ({"fault": "cut", "how": "rst"}, K.STREAM_CUT, K.STREAM_CUT),
    ({"fault": "cut", "how": "fin"}, K.STREAM_CUT, K.STREAM_CUT),
    ({"fault": "truncation"}, K.STREAM_TRUNCATED, K.BAD_RESPONSE),
    ({"fault": "malformed_json"}, K.BAD_RESPONSE, K.BAD_RESPONSE),
]


@pytest.mark.parametrize("case", FAULTS, ids=lambda case: " ".join(map(str, case[0].values())))
async def test_every_fault_is_recognised(ask, control, wire_name, case):
    """As what it is, streamed and not; and the same provider answers once it is gone."""
    fault, streamed, whole = case
    await control("PUT", f"/providers/{NAMES[wire_name]}/fault", fault)
    failures = [(await ask(stream=stream))[2] for stream in (True, False)]
    await control("DELETE", f"/providers/{NAMES[wire_name]}/fault")

    assert [failure.kind for failure in failures] == [streamed, whole]
    if "retry_after" in fault:
        assert {failure.retry_after_s for failure in failures} == {7}
    assert (await ask(stream=True))[2] is None


async def test_an_error_event_is_recognised(ask, control, wire_name):
    """Inside the stream it is `stream_error`; a document that is an error is that error."""
    await control("PUT", f"/providers/{NAMES[wire_name]}/fault", {"fault": "error_event"})
    deltas, _, streamed = await ask(stream=True)
    whole = (await ask(stream=False))[2]

    assert streamed.kind is K.STREAM_ERROR
    assert any(isinstance(delta, TextDelta) for delta in deltas)
    assert whole.kind in {K.SERVER_ERROR, K.OVERLOADED}
