"""Codecs and HTTP seam against the fake providers, which share no code with them: answers, then every fault."""

import hashlib
import json
import subprocess
import sys

import aiohttp
import pytest

from seawall.embeddings import EmbeddingRequest
from seawall.messages import CompletionRequest, Image, Message, TextDelta, Tool
from seawall.providers.http_aiohttp import AiohttpEngine
from seawall.providers.options import ProviderOptions
from seawall.providers.response import DecoderContext
from seawall.providers.secret import Secret
from seawall.providers.wires import codec_for, embedding_codec_for
from seawall.resilience.failures import FailureKind, ProviderError

pytestmark = pytest.mark.real_processes
K = FailureKind
KEY = "sk-codecs-0123456789"
QUICK = {"first_token_ms": {"median": 1, "sigma": 0}, "inter_token_ms": {"median": 0.2, "sigma": 0}}
# What a codec is told of its provider, and the fake that stands for it.
ROUTES = {
    "openai_chat": ("openai", {"wire": "openai_chat"}),
    "openai_responses": ("openai", {"wire": "openai_responses"}),
    "azure": ("azure", {"wire": "azure_openai"}),
    "azure-by-deployment": ("azure", {"wire": "azure_openai", "api_version": "2024-10-21"}),
    "azure-responses": ("azure", {"wire": "openai_responses"}),
    "anthropic": ("anthropic", {"wire": "anthropic"}),
    "anthropic-older": ("anthropic", {"wire": "anthropic", "api_version": "2023-06-01"}),
    "gemini": ("gemini", {"wire": "gemini"}),
    "gemini-beta": ("gemini", {"wire": "gemini", "api_version": "v1beta"}),
}
ASKED = CompletionRequest(messages=(Message(role="user", content="How is the harbour?"),))
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


@pytest.fixture(scope="module")
def fakes(tmp_path_factory):
    """A fake provider for each route, in a process of their own."""
    config = tmp_path_factory.mktemp("fakes") / "fakes.json"
    providers = {
        name: {"wire": wire, "models": ["m-1"], "api_key": KEY, "behaviour": {"tokens": 9, **QUICK}}
        for name, (wire, _) in ROUTES.items()
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


@pytest.fixture(params=list(ROUTES))
def route(request):
    """Each wire, in each of its versions."""
    return request.param


@pytest.fixture
def options(fakes, route):
    """What is known of the route's provider."""
    base_url = fakes["providers"][route]["base_url"]
    given = {"name": "a", "model": "m-1", "embedding_model": "m-1", **ROUTES[route][1]}
    return ProviderOptions(base_url=base_url, api_key=Secret(KEY), **given)


@pytest.fixture
async def ask(options, exchange):
    """Ask the route's fake provider; return (deltas, reply, failure)."""
    codec = codec_for(options, DecoderContext())

    async def ask(request=ASKED, *, stream):
        return await exchange(codec.encode(request, stream=stream), codec.decoder(stream=stream))

    return ask


@pytest.fixture
async def exchange():
    """Send a request and have a decoder read the response; return (deltas, reply, failure)."""
    engine = AiohttpEngine()

    async def exchange(request, decoder):
        deltas = []
        try:
            response = await engine.send(request, connect_timeout_s=2)
            try:
                decoder.head(response.status, response.headers)
                async for data in response:
                    deltas += decoder.feed(data)
                return deltas, decoder.close(), None
            finally:
                response.release()
        except ProviderError as error:
            return deltas, None, error.failure

    yield exchange
    await engine.aclose()


@pytest.mark.parametrize("stream", [False, True], ids=["document", "stream"])
async def test_what_the_provider_meant_is_what_arrives(ask, control, options, stream):
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
    if options.wire != "gemini":
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


async def test_a_conversation_goes_on_after_its_tools(ask):
    """What a model called and what came of it is sent back as the wire wants it."""
    tool = Tool(name="look", parameters=SCHEMA)
    forced = CompletionRequest(messages=ASKED.messages, tools=(tool,), tool_choice="look")
    calls = (await ask(forced, stream=True))[1].tool_calls
    results = [Message(role="tool", content="rain", tool_call_id=call.id) for call in calls]
    turns = (*ASKED.messages, Message(role="assistant", tool_calls=calls), *results)
    _, reply, failure = await ask(
        CompletionRequest(messages=turns, tools=(tool,), tool_choice="none"), stream=True
    )

    assert failure is None
    assert reply.text


async def test_images_are_taken(ask):
    """Their bytes, and where they are."""
    images = (
        Image(media_type="image/png", data=b"\x89PNG"),
        Image(media_type="image/jpeg", url="https://harbour.example/pier.jpg"),
    )
    seen = CompletionRequest(messages=(Message(role="user", content="What is this?", images=images),))
    _, reply, failure = await ask(seen, stream=False)

    assert failure is None
    assert reply.text


async def test_texts_are_embedded(options, exchange):
    """One vector for each, in order, as long as asked for, and the same whoever is asked again."""
    if (codec := embedding_codec_for(options, DecoderContext(), model="m-1")) is None:
        assert options.wire == "anthropic"
        return
    request = EmbeddingRequest(texts=("pier", "quay", "pier"), dimensions=24)
    _, reply, failure = await exchange(codec.encode(request), codec.decoder(request))
    alone = EmbeddingRequest(texts=("quay",), dimensions=24)
    _, again, _ = await exchange(codec.encode(alone), codec.decoder(alone))

    assert failure is None
    pier, quay, same = reply.vectors
    assert (pier, quay) == (same, again.vectors[0])
    assert pier != quay
    assert [len(vector) for vector in reply.vectors] == [24, 24, 24]
    assert abs(sum(number * number for number in quay) - 1) < 1e-4


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
async def test_every_fault_is_recognised(ask, control, route, case):
    """As what it is, streamed and not; and the same provider answers once it is gone."""
    fault, streamed, whole = case
    await control("PUT", f"/providers/{route}/fault", fault)
    failures = [(await ask(stream=stream))[2] for stream in (True, False)]
    await control("DELETE", f"/providers/{route}/fault")

    assert [failure.kind for failure in failures] == [streamed, whole]
    if "retry_after" in fault:
        assert {failure.retry_after_s for failure in failures} == {7}
    assert (await ask(stream=True))[2] is None


async def test_an_error_event_is_recognised(ask, control, route):
    """Inside the stream it is `stream_error`; a document that is an error is that error."""
    await control("PUT", f"/providers/{route}/fault", {"fault": "error_event"})
    deltas, _, streamed = await ask(stream=True)
    whole = (await ask(stream=False))[2]

    assert streamed.kind is K.STREAM_ERROR
    assert any(isinstance(delta, TextDelta) for delta in deltas)
    assert whole.kind in {K.SERVER_ERROR, K.OVERLOADED}
