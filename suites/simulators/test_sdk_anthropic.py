"""The official Anthropic SDK, strict about every response, accepts what the fake provider says; so do older forms."""

import json
import urllib.error
import urllib.request
from typing import Literal

import anthropic
import pytest
import pytest_asyncio
from anthropic.types.message_count_tokens_params import MessageCountTokensParams
from anthropic.types.message_create_params import MessageCreateParamsBase
from anthropic.types.shared.contract_spend_limit_reached_error import ContractSpendLimitReachedError
from anthropic.types.shared.enforced_spend_limit_reached_error import EnforcedSpendLimitReachedError
from anthropic.types.shared.ramp_limit_exceeded_error import RampLimitExceededError
from pydantic import BaseModel

pytestmark = pytest.mark.real_processes
shared_loop = pytest.mark.asyncio(loop_scope="module")

WEATHER = {
    "type": "object",
    "properties": {"city": {"type": "string", "minLength": 3}, "unit": {"enum": ["C", "F"]}},
    "required": ["city", "unit"],
}
TOOLS = [
    {"name": name, "description": "Weather.", "input_schema": WEATHER} for name in ("weather", "forecast")
]


class Answer(BaseModel):
    title: str
    score: float
    kind: Literal["good", "bad"]
    tags: list[str]


@pytest.fixture(scope="module")
def options(endpoints):
    return {
        "base_url": endpoints.base_urls["beta"],
        "api_key": endpoints.api_key,
        "max_retries": 0,
        "timeout": 10,
        "_strict_response_validation": True,
    }


@pytest.fixture(scope="module")
def client(options):
    with anthropic.Anthropic(**options) as client:
        yield client


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def async_client(options):
    async with anthropic.AsyncAnthropic(**options) as client:
        yield client


def asked(text="Say something short.", **more):
    return {"model": "beta-1", "max_tokens": 100, "messages": [{"role": "user", "content": text}], **more}


def arguments_fit(arguments):
    assert set(arguments) == {"city", "unit"}
    assert len(arguments["city"]) >= 3
    assert arguments["unit"] in {"C", "F"}
    return True


@pytest.mark.parametrize(
    "system", ["Be terse.", [{"type": "text", "text": "Be"}, {"type": "text", "text": " terse."}]]
)
def test_a_message(client, system):
    """A whole message: its text, why it stopped and its usage, with either form of system prompt."""
    message = client.messages.create(**asked(system=system))

    assert len(message.content[0].text.split()) == 12
    assert (message.stop_reason, message.stop_sequence) == ("end_turn", None)
    assert message.usage.output_tokens == 12
    assert message.usage.input_tokens > 0
    assert message.id.startswith("msg_")


def test_versions_differ_by_what_they_refuse(endpoints):
    """Sampling parameters are fine in the old version, with the old key header, and refused in the new one."""
    old = {"anthropic-version": "2023-06-01", "x-api-key": endpoints.api_key}
    new = {"anthropic-version": "2026-10-21", "authorization": f"Bearer {endpoints.api_key}"}
    for parameter in ({"temperature": 1.0}, {"top_p": 0.5}, {"top_k": 5}):
        assert post(endpoints, old, asked(**parameter))[0] == 200
        status, _, body = post(endpoints, new, asked(**parameter))
        assert status == 400
        assert body["error"]["message"] == f"{next(iter(parameter))}: Extra inputs are not permitted"
    document = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": "x"}}
    turns = [
        {"role": "user", "content": "a"},
        {"role": "assistant", "content": [document]},
        {"role": "user", "content": "b"},
    ]
    cited = [{"role": "user", "content": [{"type": "text", "text": "a", "citations": []}]}]
    for messages in (turns, cited):
        assert post(endpoints, old, asked(messages=messages))[0] == 200
        assert post(endpoints, new, asked(messages=messages))[0] == 400


@pytest.mark.parametrize(
    ("headers", "status", "kind", "message"),
    [
        ({}, 401, "authentication_error", "x-api-key header is required"),
        ({"x-api-key": "sk-wrong"}, 401, "authentication_error", "invalid x-api-key"),
        ({"authorization": "Bearer sk-wrong"}, 401, "authentication_error", "invalid x-api-key"),
        ({"x-api-key": None}, 400, "invalid_request_error", "anthropic-version: header is required"),
        (
            {"x-api-key": None, "anthropic-version": "2020-01-01"},
            400,
            "invalid_request_error",
            'anthropic-version: "2020-01-01" is not a valid version',
        ),
    ],
)
def test_headers_that_are_refused(endpoints, headers, status, kind, message):
    """A missing or wrong key, and a missing or unknown version."""
    given = {name: value or endpoints.api_key for name, value in headers.items()}
    got, said, body = post(endpoints, given, asked())

    assert (got, body["type"]) == (status, "error")
    assert body["error"] == {"type": kind, "message": message}
    assert body["request_id"] == said["request-id"]


def post(endpoints, headers, document):
    """Posts a message without the SDK."""
    url = endpoints.base_urls["beta"] + "/v1/messages"
    headers = {"content-type": "application/json", **headers}
    request = urllib.request.Request(url, json.dumps(document).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, response.headers, json.loads(response.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, json.loads(error.read())


@shared_loop
async def test_a_stream(async_client):
    """The accumulator ends with the whole message; usage is there at its start and its end."""
    async with async_client.messages.stream(**asked()) as stream:
        events = [event async for event in stream]
        message = await stream.get_final_message()
    pieces = [event.text for event in events if event.type == "text"]

    assert "".join(pieces) == message.content[0].text
    assert len(pieces) == message.usage.output_tokens == 12
    assert message.stop_reason == "end_turn"
    assert events[0].type == "message_start"
    assert events[-1].type == "message_stop"


def test_raw_events(client):
    """Every event has its name; a ping comes before the first word and is not shown."""
    raw = client.messages.with_raw_response.create(**asked(), stream=True)
    lines = raw.http_response.read().decode().splitlines()
    names = [line.removeprefix("event: ") for line in lines if line.startswith("event: ")]
    kinds = [json.loads(line.removeprefix("data: "))["type"] for line in lines if line.startswith("data: ")]

    assert names == kinds
    assert names[:3] == ["message_start", "content_block_start", "ping"]
    assert names[3:] == ["content_block_delta"] * 12 + ["content_block_stop", "message_delta", "message_stop"]


@pytest.mark.parametrize(("limit", "words"), [(5, 5), (1, 1), (0, 0)])
def test_the_longest_answer_allowed(client, limit, words):
    """An answer cut by its limit says so; a limit of zero is allowed and says nothing."""
    whole = client.messages.create(**asked(max_tokens=limit))
    with client.messages.stream(**asked(max_tokens=limit)) as stream:
        streamed = stream.get_final_message()

    for message in (whole, streamed):
        assert message.stop_reason == "max_tokens"
        assert message.usage.output_tokens == words
        assert len("".join(block.text for block in message.content).split()) == words


def test_a_stop_sequence(client):
    """The text ends before the sequence, which is named."""
    whole = client.messages.create(**asked(stop_sequences=[" "]))
    with client.messages.stream(**asked(stop_sequences=[" "])) as stream:
        streamed = stream.get_final_message()

    for message in (whole, streamed):
        assert (message.stop_reason, message.stop_sequence) == ("stop_sequence", " ")
        assert " " not in message.content[0].text


@pytest.mark.parametrize(
    ("choice", "text", "names"),
    [
        ({"type": "any"}, "hello", ["weather"]),
        ({"type": "tool", "name": "forecast"}, "hello", ["forecast"]),
        ({"type": "auto"}, "[tool:weather] and [tool:forecast]", ["weather", "forecast"]),
        (
            {"type": "auto", "disable_parallel_tool_use": True},
            "[tool:weather] and [tool:forecast]",
            ["weather"],
        ),
        ({"type": "auto"}, "hello", []),
        ({"type": "none"}, "[tool:weather]", []),
    ],
)
def test_tools(client, choice, text, names):
    """Calls by every form of tool choice, whole and streamed, with input that fits its schema."""
    request = asked(text, tools=TOOLS, tool_choice=choice)
    whole = client.messages.create(**request)
    with client.messages.stream(**request) as stream:
        streamed = stream.get_final_message()

    for message in (whole, streamed):
        calls = [block for block in message.content if block.type == "tool_use"]
        assert [call.name for call in calls] == names
        assert all(arguments_fit(call.input) for call in calls)
        assert message.stop_reason == ("tool_use" if names else "end_turn")


def test_after_a_tool_has_answered(client):
    """A turn with a call and what it returned is understood; without the result it is refused."""
    turn = client.messages.create(**asked("[tool:weather]", tools=TOOLS))
    result = {"type": "tool_result", "tool_use_id": turn.content[0].id, "content": "12 C"}
    before = [{"role": "user", "content": "[tool:weather]"}, {"role": "assistant", "content": turn.content}]
    answered = [*before, {"role": "user", "content": [result]}]
    answer = client.messages.create(**asked(messages=answered, tools=TOOLS))

    assert answer.content[0].text
    with pytest.raises(anthropic.BadRequestError, match="tool_result"):
        client.messages.create(**asked(messages=[*before, {"role": "user", "content": "and?"}], tools=TOOLS))
    with pytest.raises(anthropic.BadRequestError, match="tool_use_id"):
        client.messages.create(**asked(messages=answered[2:], tools=TOOLS))


def test_structured_answers(client):
    """The SDK parses an answer by schema into the model it came from."""
    whole = client.messages.parse(**asked(), output_format=Answer)
    with client.messages.stream(**asked(), output_format=Answer) as stream:
        streamed = stream.get_final_message()

    for message in (whole, streamed):
        assert isinstance(message.parsed_output, Answer)


def test_every_parameter_is_known(client):
    """All parameters the SDK has are accepted, here as null or as nothing of weight."""
    known = set(MessageCreateParamsBase.__annotations__) - set(asked())
    weightless = dict.fromkeys(known) | {"tools": TOOLS, "speed": "standard", "metadata": {"user_id": "u"}}

    assert client.messages.create(**asked(), extra_body=weightless).content
    counted = set(MessageCountTokensParams.__annotations__) - set(asked())
    assert client.messages.count_tokens(
        model="beta-1", messages=asked()["messages"], extra_body=dict.fromkeys(counted)
    ).input_tokens


def test_tokens_are_counted(client):
    """A prompt costs what was counted for it."""
    prompt = asked("x" * 400, system="Be terse.", tools=TOOLS)
    del prompt["max_tokens"]
    counted = client.messages.count_tokens(**prompt).input_tokens

    assert counted == client.messages.create(**prompt, max_tokens=10).usage.input_tokens
    assert counted > 100


def test_models(client):
    """The list, page by page, one by its id, and one that is not there."""
    assert [model.id for model in client.models.list(limit=1)] == ["beta-1", "beta-2"]
    assert client.models.list().data[0].lifecycle == "active"
    assert [model.id for model in client.models.list(before_id="beta-2").data] == ["beta-1"]
    assert client.models.retrieve("beta-2").display_name
    with pytest.raises(anthropic.NotFoundError):
        client.models.retrieve("beta-3")


def test_headers(client):
    """Request id, organization and rate limits are where the SDK and its users look for them."""
    raw = client.messages.with_raw_response.create(**asked())

    assert raw.parse()._request_id == raw.headers["request-id"]
    assert raw.headers["anthropic-organization-id"]
    for kind in ("requests", "tokens", "input-tokens", "output-tokens"):
        assert int(raw.headers[f"anthropic-ratelimit-{kind}-remaining"]) > 0
        assert raw.headers[f"anthropic-ratelimit-{kind}-reset"].endswith("Z")


def test_rate_limits_are_told(client, endpoints):
    """A limit shows in the headers, and beyond it in a 429 that says when to come back."""
    with endpoints.behaviour("beta", requests_per_minute=1):
        first = client.messages.with_raw_response.create(**asked())
        with pytest.raises(anthropic.RateLimitError) as caught:
            client.messages.create(**asked())

    assert first.headers["anthropic-ratelimit-requests-limit"] == "1"
    assert first.headers["anthropic-ratelimit-requests-remaining"] == "0"
    assert 0 < int(caught.value.response.headers["retry-after"]) <= 60


ERRORS = [
    ((400, None), anthropic.BadRequestError, "invalid_request_error"),
    ((401, None), anthropic.AuthenticationError, "authentication_error"),
    ((402, None), anthropic.PaymentRequiredError, "billing_error"),
    ((403, None), anthropic.PermissionDeniedError, "permission_error"),
    ((404, None), anthropic.NotFoundError, "not_found_error"),
    ((408, None), anthropic.RequestTimeoutError, "timeout_error"),
    ((409, None), anthropic.ConflictError, "conflict_error"),
    ((413, None), anthropic.ContentTooLargeError, "request_too_large"),
    ((422, None), anthropic.UnprocessableEntityError, "invalid_request_error"),
    ((429, None), anthropic.RateLimitError, "rate_limit_error"),
    ((429, "ramp_limit_exceeded"), RampLimitExceededError, "rate_limit_error"),
    ((429, "enforced_spend_limit_reached"), EnforcedSpendLimitReachedError, "rate_limit_error"),
    ((429, "contract_spend_limit_reached"), ContractSpendLimitReachedError, "rate_limit_error"),
    ((500, None), anthropic.InternalServerError, "api_error"),
    ((502, None), anthropic.InternalServerError, "api_error"),
    ((503, None), anthropic.ServiceUnavailableError, "api_error"),
    ((504, None), anthropic.GatewayTimeoutError, "timeout_error"),
    ((529, None), anthropic.OverloadedError, "overloaded_error"),
]


@pytest.mark.parametrize(("fault", "kind", "type_"), ERRORS)
def test_errors(client, endpoints, fault, kind, type_):
    """Each status and code is the SDK's error for it, with type, message and request id."""
    status, code = fault
    with (
        endpoints.fault("beta", fault="http_status", status=status, code=code),
        pytest.raises(kind) as caught,
    ):
        client.messages.create(**asked())

    error = caught.value
    assert type(error) is kind
    assert (error.status_code, error.type, error.error_code) == (status, type_, code)
    assert error.api_message
    assert error.request_id == error.body["request_id"]


def test_retry_after_is_obeyed(options, endpoints):
    """The SDK reads when to come back, and does."""
    fault = {"fault": "http_status", "status": 429, "retry_after": "0.05"}
    client = anthropic.Anthropic(**{**options, "max_retries": 1})
    with client, endpoints.fault("beta", **fault), pytest.raises(anthropic.RateLimitError) as caught:
        client.messages.create(**asked())

    assert caught.value.response.headers["retry-after"] == "0.05"
    assert caught.value.response.request.headers["x-stainless-retry-count"] == "1"


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"model": "nobody"}, "model: nobody"),
        ({"messages": []}, "messages: at least one message is required"),
        ({"max_tokens": -1}, "max_tokens: Expected `int` >= 0"),
        ({"extra_body": {"max_tokens": None}}, "max_tokens: Expected `int`, got `null`"),
        ({"extra_body": {"n": 1}}, "n: Extra inputs are not permitted"),
        ({"messages": [{"role": "boss", "content": ""}]}, "messages.0.role: Invalid enum value 'boss'"),
        ({"messages": [{"role": "user"}]}, "messages.0.content: Field required"),
        ({"tool_choice": {"type": "any"}}, "tool_choice may only be specified while providing tools"),
        (
            {"tool_choice": {"type": "tool", "name": "no"}, "tools": TOOLS},
            "Tool 'no' not found in provided tools",
        ),
    ],
)
def test_bad_requests(client, more, message):
    """What the API would refuse is refused, in its words."""
    with pytest.raises((anthropic.BadRequestError, anthropic.NotFoundError)) as caught:
        client.messages.create(**asked(**more))

    assert caught.value.api_message == message


def test_max_tokens_is_required(endpoints):
    """There is no default."""
    headers = {"anthropic-version": "2026-10-21", "x-api-key": endpoints.api_key}
    document = asked()
    del document["max_tokens"]
    status, _, body = post(endpoints, headers, document)

    assert (status, body["error"]["message"]) == (400, "max_tokens: Field required")


@pytest.mark.parametrize(("code", "type_"), [(None, "overloaded_error"), ("api_error", "api_error")])
def test_an_error_inside_a_stream(client, endpoints, code, type_):
    """After some words comes the error, which the SDK raises as a status error of the 200 it began with."""
    said = []
    with (
        endpoints.fault("beta", fault="error_event", after_tokens=3, code=code),
        client.messages.stream(**asked()) as stream,
        pytest.raises(anthropic.APIStatusError) as caught,
    ):
        said.extend(stream.text_stream)

    assert len(said) == 3
    assert (caught.value.status_code, caught.value.type) == (200, type_)
