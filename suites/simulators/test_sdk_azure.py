"""The official SDK accepts what the fake Azure provider says, by deployment and by the v1 API."""

import functools
import json
import math

import openai
import pytest
import pytest_asyncio
from pydantic import BaseModel

pytestmark = pytest.mark.real_processes
shared_loop = pytest.mark.asyncio(loop_scope="module")

API_VERSION = "2024-10-21"
HELLO = [{"role": "user", "content": "Say something short."}]
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOLS = [{"type": "function", "function": {"name": "weather", "parameters": SCHEMA}}]
HARMS = {"hate", "self_harm", "sexual", "violence"}


class Answer(BaseModel):
    title: str
    score: float


@pytest.fixture(scope="module")
def options(endpoints):
    return {"api_key": endpoints.api_key, "max_retries": 0, "timeout": 10}


@pytest.fixture(scope="module")
def endpoint(endpoints):
    """What an Azure resource calls its endpoint."""
    return endpoints.base_urls["delta"].removesuffix("/openai/v1")


@pytest.fixture(scope="module", params=["deployment", "v1"])
def make_client(request, endpoints, endpoint, options):
    """Each way to ask in turn: the SDK's client for Azure, and its plain one at the v1 API."""
    if request.param == "v1":
        return functools.partial(openai.OpenAI, base_url=endpoints.base_urls["delta"], **options)
    return functools.partial(openai.AzureOpenAI, azure_endpoint=endpoint, api_version=API_VERSION, **options)


@pytest.fixture(scope="module")
def client(make_client):
    with make_client() as client:
        yield client


@pytest.fixture(scope="module")
def strict(make_client):
    """Strict about every response. Of a stream it is not, whose first chunk Azure leaves without the type it wants."""
    with make_client(_strict_response_validation=True) as client:
        yield client


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def async_client(endpoint, options):
    async with openai.AsyncAzureOpenAI(
        azure_endpoint=endpoint, api_version=API_VERSION, azure_deployment="delta-2", **options
    ) as client:
        yield client


def test_chat(strict):
    """A whole answer, with what the content filters say of prompt and answer."""
    completion = strict.chat.completions.create(model="delta-1", messages=HELLO)
    choice = completion.choices[0]

    assert len(choice.message.content.split()) == completion.usage.completion_tokens == 12
    assert completion.model == "delta-1"
    assert set(choice.content_filter_results) == HARMS
    assert completion.prompt_filter_results[0]["content_filter_results"]["jailbreak"]["detected"] is False


@shared_loop
async def test_a_deployment_of_the_client_needs_no_model(async_client):
    """The path names the deployment; what the body says of a model is of no interest."""
    completion = await async_client.chat.completions.create(model="whatever", messages=HELLO)

    assert completion.model == "delta-2"
    assert completion.choices[0].message.content


@pytest.mark.parametrize("usage", [False, True])
def test_chat_stream(client, usage):
    """The first chunk has no choice but the prompt's filter results; the text is whole, and each piece is filtered."""
    extra = {"stream_options": {"include_usage": True}} if usage else {}
    with client.chat.completions.create(model="delta-1", messages=HELLO, stream=True, **extra) as stream:
        first, *chunks = stream
    said = [chunk.choices[0] for chunk in chunks if chunk.choices]

    assert first.choices == []
    assert set(first.prompt_filter_results[0]["content_filter_results"]) == {*HARMS, "jailbreak"}
    assert len("".join(choice.delta.content or "" for choice in said).split()) == 12
    assert all(set(choice.content_filter_results) == HARMS for choice in said if choice.delta.content)
    assert said[-1].finish_reason == "stop"
    assert (chunks[-1].usage is not None) == usage


@shared_loop
async def test_chat_stream_helper(async_client):
    """The SDK's own accumulator gets over the chunk without a choice."""
    async with async_client.chat.completions.stream(model="delta-2", messages=HELLO) as stream:
        pieces = [event.delta async for event in stream if event.type == "content.delta"]
        completion = await stream.get_final_completion()

    assert "".join(pieces) == completion.choices[0].message.content
    assert len([piece for piece in pieces if piece]) == 12


def test_tools(strict, client):
    """Calls, whole and streamed."""
    asked = {"model": "delta-1", "messages": HELLO, "tools": TOOLS, "tool_choice": "required"}
    whole = strict.chat.completions.create(**asked).choices[0]
    with client.chat.completions.stream(**asked) as stream:
        streamed = stream.get_final_completion().choices[0]

    for choice in (whole, streamed):
        assert choice.finish_reason == "tool_calls"
        (call,) = choice.message.tool_calls
        assert set(json.loads(call.function.arguments)) == {"city"}


def test_structured_answers(strict):
    """The SDK parses an answer by schema."""
    parsed = strict.chat.completions.parse(model="delta-1", messages=HELLO, response_format=Answer)

    assert isinstance(parsed.choices[0].message.parsed, Answer)


def test_embeddings(client, strict):
    """The same vector packed and plain, of length one."""
    packed = client.embeddings.create(model="delta-1", input="one", dimensions=16)
    plain = strict.embeddings.create(model="delta-1", input="one", dimensions=16, encoding_format="float")

    assert packed.data[0].embedding == pytest.approx(plain.data[0].embedding, abs=1e-6)
    assert math.hypot(*plain.data[0].embedding) == pytest.approx(1)


def test_responses(strict):
    """Whole and streamed, with the content filters' verdict once there is one."""
    whole = strict.responses.create(model="delta-1", input="Hello")
    with strict.responses.stream(model="delta-1", input="Hello") as stream:
        events = list(stream)
        streamed = stream.get_final_response()

    assert len(whole.output_text.split()) == len(streamed.output_text.split()) == 12
    assert [verdict["source_type"] for verdict in whole.content_filters] == ["prompt", "completion"]
    assert events[0].response.content_filters is None


def test_models(strict):
    """The list, and one that is not there."""
    assert [model.id for model in strict.models.list()] == ["delta-1", "delta-2"]
    with pytest.raises(openai.NotFoundError):
        strict.models.retrieve("delta-3")


def test_headers(strict):
    """Azure's ids, deployment and allowances, whose resets are whole seconds."""
    raw = strict.chat.completions.with_raw_response.create(model="delta-1", messages=HELLO)

    assert raw.request_id == raw.headers["apim-request-id"]
    assert len(raw.request_id) == 36
    assert raw.headers["x-ms-deployment-name"] == "delta-1"
    assert int(raw.headers["x-ratelimit-remaining-tokens"]) > 0
    assert raw.headers["x-ratelimit-reset-requests"].isdecimal()


def test_rate_limits_are_told(client, endpoints):
    """Beyond a limit there is a 429 that says when to come back: in seconds, in milliseconds, and in words."""
    with endpoints.behaviour("delta", requests_per_minute=1):
        client.chat.completions.create(model="delta-1", messages=HELLO)
        with pytest.raises(openai.RateLimitError) as caught:
            client.chat.completions.create(model="delta-1", messages=HELLO)

    headers = caught.value.response.headers
    assert caught.value.code == "429"
    assert 0 < int(headers["retry-after"]) <= 60
    assert int(headers["retry-after-ms"]) <= 60_000
    assert headers["x-ratelimit-remaining-requests"] == "0"
    assert f"retry after {headers['retry-after']} seconds" in caught.value.message


@pytest.mark.parametrize(
    ("fault", "kind", "told"),
    [
        ((400, None), openai.BadRequestError, None),
        ((400, "context_length_exceeded"), openai.BadRequestError, "context_length_exceeded"),
        ((401, None), openai.AuthenticationError, "401"),
        ((403, None), openai.PermissionDeniedError, "403"),
        ((404, None), openai.NotFoundError, "404"),
        ((404, "DeploymentNotFound"), openai.NotFoundError, "DeploymentNotFound"),
        ((408, None), openai.APIStatusError, "Timeout"),
        ((429, None), openai.RateLimitError, "429"),
        ((429, "insufficient_quota"), openai.RateLimitError, "insufficient_quota"),
        ((500, None), openai.InternalServerError, "InternalServerError"),
        ((503, None), openai.InternalServerError, "InternalServerError"),
    ],
)
def test_errors(client, endpoints, fault, kind, told):
    """Each status is the SDK's error for it, with Azure's code, a message and a request id."""
    status, code = fault
    with (
        endpoints.fault("delta", fault="http_status", status=status, code=code),
        pytest.raises(kind) as caught,
    ):
        client.chat.completions.create(model="delta-1", messages=HELLO)

    assert (caught.value.status_code, caught.value.code) == (status, told)
    assert caught.value.body["message"]
    assert len(caught.value.request_id) == 36


def test_a_filtered_prompt(client, endpoints):
    """The content filter's 400 says which category it was."""
    fault = {"fault": "http_status", "status": 400, "code": "content_filter"}
    with endpoints.fault("delta", **fault), pytest.raises(openai.BadRequestError) as caught:
        client.chat.completions.create(model="delta-1", messages=HELLO)

    inner = caught.value.body["innererror"]
    assert (caught.value.code, caught.value.param) == ("content_filter", "prompt")
    assert inner["code"] == "ResponsibleAIPolicyViolation"
    assert inner["content_filter_result"]["jailbreak"] == {"filtered": True, "detected": True}


def test_a_deployment_that_is_not_there(client):
    """Azure's own words for it, whatever is asked of it."""
    for ask in (
        lambda: client.chat.completions.create(model="nobody", messages=HELLO),
        lambda: client.chat.completions.create(model="nobody", messages=HELLO, stream=True),
        lambda: client.embeddings.create(model="nobody", input="x"),
        lambda: client.responses.create(model="nobody", input="x"),
    ):
        with pytest.raises(openai.NotFoundError) as caught:
            ask()
        assert caught.value.code == "DeploymentNotFound"


@pytest.mark.parametrize("version", ["", "soon", "1.0"])
def test_a_version_that_is_none(endpoint, options, version):
    """By deployment, nothing is found without the date of a version."""
    with (
        openai.AzureOpenAI(azure_endpoint=endpoint, api_version=version or "x", **options) as client,
        pytest.raises(openai.NotFoundError) as caught,
    ):
        client.chat.completions.create(model="delta-1", messages=HELLO, extra_query={"api-version": version})

    assert (caught.value.code, caught.value.body["message"]) == ("404", "Resource not found")


def test_a_wrong_key(endpoint, options):
    """The resource has one key, in either header; a token of the directory is a bearer too."""
    wrong = {**options, "api_key": "wrong"}
    token = {**options, "api_key": None, "azure_ad_token": options["api_key"]}
    where = {"azure_endpoint": endpoint, "api_version": API_VERSION}
    with (
        openai.AzureOpenAI(**where, **wrong) as stranger,
        openai.AzureOpenAI(**where, **token) as member,
    ):
        with pytest.raises(openai.AuthenticationError):
            stranger.chat.completions.create(model="delta-1", messages=HELLO)
        assert member.chat.completions.create(model="delta-1", messages=HELLO).choices


def test_bad_requests(client):
    """What the model would refuse is refused as OpenAI does."""
    for more, code in (({"n": 2}, "unsupported_value"), ({"extra_body": {"topp": 1}}, "unknown_parameter")):
        with pytest.raises(openai.BadRequestError) as caught:
            client.chat.completions.create(model="delta-1", messages=HELLO, **more)
        assert caught.value.code == code


def test_an_error_inside_a_stream(client, endpoints):
    """After some words comes the error the SDK raises for it."""
    with endpoints.fault("delta", fault="error_event", after_tokens=3):
        stream = client.chat.completions.create(model="delta-1", messages=HELLO, stream=True)
        with stream, pytest.raises(openai.APIError) as caught:
            list(stream)

    assert caught.value.type == "server_error"
