"""The official OpenAI SDK, strict about every response, accepts what the fake provider says."""

import json
import math
from typing import Literal

import openai
import pytest
import pytest_asyncio
from openai.types.chat.completion_create_params import CompletionCreateParamsBase
from openai.types.responses.response_create_params import ResponseCreateParamsBase
from pydantic import BaseModel

pytestmark = pytest.mark.real_processes
shared_loop = pytest.mark.asyncio(loop_scope="module")

HELLO = [{"role": "system", "content": "Be terse."}, {"role": "user", "content": "Say something short."}]
WEATHER = {
    "type": "object",
    "properties": {"city": {"type": "string", "minLength": 3}, "unit": {"enum": ["C", "F"]}},
    "required": ["city", "unit"],
    "additionalProperties": False,
}
TOOLS = [
    {"type": "function", "function": {"name": name, "parameters": WEATHER}}
    for name in ("weather", "forecast")
]
FLAT_TOOLS = [
    {"type": "function", "name": t["function"]["name"], "parameters": WEATHER, "strict": True} for t in TOOLS
]


class Answer(BaseModel):
    title: str
    score: float
    kind: Literal["good", "bad"]
    tags: list[str]


@pytest.fixture(scope="module")
def options(endpoints):
    return {
        "base_url": endpoints.base_urls["alpha"],
        "api_key": endpoints.api_key,
        "max_retries": 0,
        "timeout": 10,
        "_strict_response_validation": True,
    }


@pytest.fixture(scope="module")
def client(options):
    with openai.OpenAI(**options) as client:
        yield client


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def async_client(options):
    async with openai.AsyncOpenAI(**options) as client:
        yield client


def user(text):
    return [{"role": "user", "content": text}]


def arguments_fit(text):
    arguments = json.loads(text)
    assert set(arguments) == {"city", "unit"}
    assert len(arguments["city"]) >= 3
    assert arguments["unit"] in {"C", "F"}
    return True


def test_chat(client):
    """A whole answer: text, finish reason and usage with its details."""
    completion = client.chat.completions.create(model="alpha-1", messages=HELLO)

    assert len(completion.choices[0].message.content.split()) == 12
    assert completion.choices[0].finish_reason == "stop"
    assert completion.usage.completion_tokens == 12
    assert completion.usage.total_tokens == completion.usage.prompt_tokens + 12
    assert completion.usage.prompt_tokens_details.cached_tokens == 0
    assert completion.usage.completion_tokens_details.reasoning_tokens == 0


@shared_loop
async def test_chat_async(async_client):
    """The same from the async client, with content in parts."""
    content = [{"type": "text", "text": "Hello"}, {"type": "text", "text": "there"}]
    completion = await async_client.chat.completions.create(
        model="alpha-2", messages=[{"role": "user", "content": content}]
    )

    assert completion.model == "alpha-2"
    assert completion.choices[0].message.content


@pytest.mark.parametrize("wanted", [None, {"include_usage": True}])
def test_chat_stream(client, wanted):
    """Chunks share one id; the text is whole; usage comes when asked for, in a chunk without choices."""
    extra = {} if wanted is None else {"stream_options": wanted}
    with client.chat.completions.create(model="alpha-1", messages=HELLO, stream=True, **extra) as stream:
        chunks = list(stream)
    deltas = [chunk.choices[0].delta.content for chunk in chunks if chunk.choices]

    assert len({chunk.id for chunk in chunks}) == 1
    assert len("".join(delta or "" for delta in deltas).split()) == 12
    assert [c.choices[0].finish_reason for c in chunks if c.choices and c.choices[0].finish_reason] == [
        "stop"
    ]
    if wanted is None:
        assert all(chunk.choices and chunk.usage is None for chunk in chunks)
    else:
        assert chunks[-1].choices == []
        assert chunks[-1].usage.completion_tokens == 12


@shared_loop
async def test_chat_stream_helper(async_client):
    """The SDK's own accumulator ends with the whole completion."""
    async with async_client.chat.completions.stream(model="alpha-1", messages=HELLO) as stream:
        pieces = [event.delta async for event in stream if event.type == "content.delta"]
        completion = await stream.get_final_completion()

    assert "".join(pieces) == completion.choices[0].message.content
    assert len([piece for piece in pieces if piece]) == 12


def test_the_longest_answer_allowed(client):
    """An answer cut by its limit says `length`, whole and streamed, by the new name of the limit and the old."""
    whole = client.chat.completions.create(model="alpha-1", messages=HELLO, max_completion_tokens=5)
    with client.chat.completions.create(model="alpha-1", messages=HELLO, max_tokens=5, stream=True) as stream:
        chunks = list(stream)

    assert whole.choices[0].finish_reason == chunks[-1].choices[0].finish_reason == "length"
    assert whole.usage.completion_tokens == 5
    assert len(whole.choices[0].message.content.split()) == 5


def test_a_stop_sequence(client):
    """The text ends before the sequence."""
    full = (
        client.chat.completions.create(model="alpha-1", messages=HELLO, stop=["\x00"])
        .choices[0]
        .message.content
    )
    stopped = client.chat.completions.create(model="alpha-1", messages=HELLO, stop=" ")

    assert " " in full
    assert " " not in stopped.choices[0].message.content
    assert stopped.choices[0].finish_reason == "stop"


@pytest.mark.parametrize(
    ("choice", "text", "names"),
    [
        ("required", "hello", ["weather"]),
        ({"type": "function", "function": {"name": "forecast"}}, "hello", ["forecast"]),
        ("auto", "[tool:weather] and [tool:forecast]", ["weather", "forecast"]),
        ("auto", "hello", []),
        ("none", "[tool:weather]", []),
    ],
)
def test_tools(client, choice, text, names):
    """Calls by every form of tool choice, whole and streamed, with arguments that fit their schema."""
    asked = {"model": "alpha-1", "messages": user(text), "tools": TOOLS, "tool_choice": choice}
    message = client.chat.completions.create(**asked).choices[0].message
    with client.chat.completions.stream(**asked) as stream:
        streamed = stream.get_final_completion().choices[0]

    for calls in (message.tool_calls or [], streamed.message.tool_calls or []):
        assert [call.function.name for call in calls] == names
        assert all(arguments_fit(call.function.arguments) for call in calls)
        assert len({call.id for call in calls}) == len(names)
    assert streamed.finish_reason == ("tool_calls" if names else "stop")
    assert (message.content is None) == bool(names)


def test_one_call_at_a_time(client):
    """Without parallel calls there is one."""
    text = user("[tool:weather] and [tool:forecast]")
    completion = client.chat.completions.create(
        model="alpha-1", messages=text, tools=TOOLS, parallel_tool_calls=False
    )

    assert [call.function.name for call in completion.choices[0].message.tool_calls] == ["weather"]


def test_after_a_tool_has_answered(client):
    """A turn with calls and what they returned is understood, and answered in words."""
    asked = {"model": "alpha-1", "tools": TOOLS}
    turn = client.chat.completions.create(messages=user("[tool:weather]"), **asked).choices[0].message
    result = {"role": "tool", "tool_call_id": turn.tool_calls[0].id, "content": "12 C"}
    answer = client.chat.completions.create(messages=[*user("[tool:weather]"), turn, result], **asked)

    assert answer.choices[0].message.content
    assert answer.choices[0].message.tool_calls is None


def test_structured_answers(client):
    """The SDK parses an answer by schema into the model it came from, whole and streamed."""
    parsed = client.chat.completions.parse(model="alpha-1", messages=HELLO, response_format=Answer)
    with client.chat.completions.stream(model="alpha-1", messages=HELLO, response_format=Answer) as stream:
        streamed = stream.get_final_completion()

    assert isinstance(parsed.choices[0].message.parsed, Answer)
    assert isinstance(streamed.choices[0].message.parsed, Answer)


def test_a_structured_answer_cut_short(client):
    """The SDK's own error for an answer that did not fit."""
    with pytest.raises(openai.LengthFinishReasonError):
        client.chat.completions.parse(
            model="alpha-1", messages=HELLO, response_format=Answer, max_completion_tokens=3
        )


def test_json_without_a_schema(client):
    """A JSON object, on the condition the API makes."""
    form = {"type": "json_object"}
    completion = client.chat.completions.create(
        model="alpha-1", messages=user("Answer in JSON."), response_format=form
    )

    assert isinstance(json.loads(completion.choices[0].message.content), dict)
    with pytest.raises(openai.BadRequestError, match="'json'"):
        client.chat.completions.create(model="alpha-1", messages=HELLO, response_format=form)


def test_every_parameter_is_known(client):
    """All parameters the SDK has are accepted, here as null."""
    chat = dict.fromkeys(set(CompletionCreateParamsBase.__annotations__) - {"model", "messages"})
    response = dict.fromkeys(set(ResponseCreateParamsBase.__annotations__) - {"model", "input"})

    assert client.chat.completions.create(model="alpha-1", messages=HELLO, extra_body=chat).choices
    assert client.responses.create(model="alpha-1", input="Hello", extra_body=response).output_text


def test_headers(client):
    """Request id, version and rate limits are where the SDK and its users look for them."""
    raw = client.chat.completions.with_raw_response.create(model="alpha-1", messages=HELLO)

    assert raw.request_id == raw.parse()._request_id
    assert raw.request_id.startswith("req_")
    assert raw.headers["openai-version"] == "2020-10-01"
    assert int(raw.headers["x-ratelimit-remaining-requests"]) > 0
    assert raw.headers["x-ratelimit-reset-tokens"].endswith("s")


def test_rate_limits_are_told(client, endpoints):
    """A limit shows in the headers, and beyond it in a 429 that says when to come back."""
    with endpoints.behaviour("alpha", requests_per_minute=1):
        first = client.chat.completions.with_raw_response.create(model="alpha-1", messages=HELLO)
        with pytest.raises(openai.RateLimitError) as caught:
            client.chat.completions.create(model="alpha-1", messages=HELLO)

    assert first.headers["x-ratelimit-limit-requests"] == "1"
    assert first.headers["x-ratelimit-remaining-requests"] == "0"
    assert caught.value.code == "rate_limit_exceeded"
    assert 0 < float(caught.value.response.headers["retry-after"]) <= 60
    assert float(caught.value.response.headers["retry-after-ms"]) <= 60_000


ERRORS = [
    ((400, None), openai.BadRequestError, ("invalid_request_error", None)),
    (
        (400, "context_length_exceeded"),
        openai.BadRequestError,
        ("invalid_request_error", "context_length_exceeded"),
    ),
    ((401, None), openai.AuthenticationError, ("invalid_request_error", "invalid_api_key")),
    (
        (403, None),
        openai.PermissionDeniedError,
        ("invalid_request_error", "unsupported_country_region_territory"),
    ),
    ((404, None), openai.NotFoundError, ("invalid_request_error", "model_not_found")),
    ((409, None), openai.ConflictError, ("invalid_request_error", "conflict")),
    ((413, None), openai.APIStatusError, ("invalid_request_error", "request_too_large")),
    ((422, None), openai.UnprocessableEntityError, ("invalid_request_error", None)),
    ((429, None), openai.RateLimitError, ("requests", "rate_limit_exceeded")),
    ((429, "slow_down"), openai.RateLimitError, ("rate_limit_error", "slow_down")),
    ((429, "insufficient_quota"), openai.RateLimitError, ("insufficient_quota", "insufficient_quota")),
    ((500, None), openai.InternalServerError, ("server_error", None)),
    ((502, None), openai.InternalServerError, ("server_error", None)),
    ((503, None), openai.InternalServerError, ("service_unavailable_error", "server_is_overloaded")),
    ((504, None), openai.InternalServerError, ("server_error", None)),
    ((529, None), openai.InternalServerError, ("server_error", None)),
]


@pytest.mark.parametrize(("fault", "kind", "told"), ERRORS)
def test_errors(client, endpoints, fault, kind, told):
    """Each status is the SDK's error for it, with type, code, message and request id."""
    status, code = fault
    with (
        endpoints.fault("alpha", fault="http_status", status=status, code=code),
        pytest.raises(kind) as caught,
    ):
        client.chat.completions.create(model="alpha-1", messages=HELLO)

    error = caught.value
    assert type(error) is kind
    assert (error.status_code, error.type, error.code) == (status, *told)
    assert set(error.body) == {"message", "type", "param", "code"}
    assert error.body["message"]
    assert error.request_id.startswith("req_")


def test_retry_after_is_obeyed(options, endpoints):
    """The SDK reads when to come back, and does."""
    fault = {"fault": "http_status", "status": 429, "retry_after": 0.05}
    client = openai.OpenAI(**{**options, "max_retries": 1})
    with client, endpoints.fault("alpha", **fault), pytest.raises(openai.RateLimitError) as caught:
        client.chat.completions.create(model="alpha-1", messages=HELLO)

    assert caught.value.response.request.headers["x-stainless-retry-count"] == "1"


@pytest.mark.parametrize(
    ("asked", "code", "param"),
    [
        ({"model": "nobody", "messages": HELLO}, "model_not_found", "model"),
        ({"model": "alpha-1", "messages": []}, "invalid_value", "messages"),
        ({"model": "alpha-1", "messages": HELLO, "max_tokens": 0}, "invalid_value", "max_tokens"),
        ({"model": "alpha-1", "messages": HELLO, "n": 2}, "unsupported_value", "n"),
        ({"model": "alpha-1", "messages": HELLO, "temperature": "hot"}, "invalid_type", "temperature"),
        ({"model": "alpha-1", "messages": HELLO, "extra_body": {"topp": 1}}, "unknown_parameter", "topp"),
        (
            {"model": "alpha-1", "messages": [{"role": "boss", "content": ""}]},
            "invalid_type",
            "messages[0].role",
        ),
        (
            {"model": "alpha-1", "messages": [{"content": ""}]},
            "missing_required_parameter",
            "messages[0].role",
        ),
        ({"model": "alpha-1", "messages": HELLO, "tool_choice": "required"}, None, None),
        (
            {"model": "alpha-1", "messages": [{"role": "tool", "content": "", "tool_call_id": "x"}]},
            None,
            None,
        ),
    ],
)
def test_bad_requests(client, asked, code, param):
    """What the API would refuse is refused, in its words."""
    with pytest.raises((openai.BadRequestError, openai.NotFoundError)) as caught:
        client.chat.completions.create(**asked)

    assert (caught.value.code, caught.value.param) == (code, param)


def test_a_wrong_key(options):
    """The provider has one key."""
    with (
        openai.OpenAI(**{**options, "api_key": "sk-wrong"}) as client,
        pytest.raises(openai.AuthenticationError),
    ):
        client.models.list()


@pytest.mark.parametrize("code", [None, "rate_limit_exceeded"])
def test_an_error_inside_a_stream(client, endpoints, code):
    """After some words comes the error the SDK raises for it."""
    said = []
    with endpoints.fault("alpha", fault="error_event", after_tokens=3, code=code):
        stream = client.chat.completions.create(model="alpha-1", messages=HELLO, stream=True)
        with stream, pytest.raises(openai.APIError) as caught:
            said.extend(chunk.choices[0].delta.content for chunk in stream)

    assert len([text for text in said if text]) == 3
    assert type(caught.value) is openai.APIError
    assert caught.value.code == code
    assert caught.value.type


@pytest.fixture(scope="module")
def lenient(options):
    """The SDK validates base64 before it decodes it, so that strict validation refuses what it itself asked for."""
    with openai.OpenAI(**{**options, "_strict_response_validation": False}) as client:
        yield client


def test_embeddings(client, lenient):
    """Vectors of the length asked for, the same as numbers and as base64, and of length one."""
    asked = {"model": "alpha-1", "input": ["one", "two"], "dimensions": 64}
    packed = lenient.embeddings.create(**asked)
    plain = client.embeddings.create(**asked, encoding_format="float")
    alone = lenient.embeddings.create(model="alpha-1", input="two")

    assert [row.index for row in packed.data] == [0, 1]
    assert packed.data[1].embedding == pytest.approx(plain.data[1].embedding, abs=1e-6)
    assert math.hypot(*packed.data[0].embedding) == pytest.approx(1)
    assert len(alone.data[0].embedding) == 1536
    assert packed.usage.prompt_tokens == 2


@pytest.mark.parametrize("asked", [{"input": []}, {"input": "x", "dimensions": 0}, {"input": [""]}])
def test_bad_embeddings(client, asked):
    """What cannot be embedded is refused."""
    with pytest.raises(openai.BadRequestError):
        client.embeddings.create(model="alpha-1", **asked)


@shared_loop
async def test_embeddings_of_tokens(async_client):
    """Token numbers are an input too, of one text or of several."""
    asked = {"model": "alpha-1", "dimensions": 4, "encoding_format": "float"}
    one = await async_client.embeddings.create(**asked, input=[1, 2, 3])
    two = await async_client.embeddings.create(**asked, input=[[1, 2, 3], [4]])

    assert one.data[0].embedding == two.data[0].embedding
    assert two.usage.prompt_tokens == 4


def test_models(client):
    """The list, one by its id, and one that is not there."""
    assert [model.id for model in client.models.list()] == ["alpha-1", "alpha-2"]
    assert client.models.retrieve("alpha-2").object == "model"
    with pytest.raises(openai.NotFoundError) as caught:
        client.models.retrieve("alpha-3")
    assert caught.value.code == "model_not_found"


def test_a_response(client):
    """A whole response: its text, its status and its usage."""
    response = client.responses.create(model="alpha-1", input="Hello", instructions="Be terse.")

    assert len(response.output_text.split()) == 12
    assert response.status == "completed"
    assert response.usage.output_tokens == 12
    assert response.usage.input_tokens_details.cache_write_tokens == 0
    assert response.instructions == "Be terse."


@shared_loop
async def test_a_response_to_items_cut_short(async_client):
    """Items are an input; an answer longer than allowed is incomplete, and its stream ends with that event."""
    items = [{"role": "user", "content": [{"type": "input_text", "text": "Hello"}]}]
    form = {"type": "json_schema", "name": "answer", "schema": {"type": "string", "minLength": 200}}
    asked = {"model": "alpha-1", "input": items, "max_output_tokens": 16, "text": {"format": form}}
    response = await async_client.responses.create(**asked)
    stream = await async_client.responses.create(**asked, stream=True)
    async with stream:
        events = [event async for event in stream]

    assert (response.status, response.incomplete_details.reason) == ("incomplete", "max_output_tokens")
    assert events[-1].type == "response.incomplete"


def test_a_response_stream(client):
    """The SDK's accumulator agrees with the final event; sequence numbers rise by one."""
    with client.responses.stream(model="alpha-1", input="Hello") as stream:
        events = list(stream)
        response = stream.get_final_response()
    deltas = [event.delta for event in events if event.type == "response.output_text.delta"]

    assert "".join(deltas) == response.output_text
    assert len(deltas) == 12
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert events[0].type == "response.created"
    assert events[-1].type == "response.completed"


@pytest.mark.parametrize(
    ("choice", "text", "names"),
    [
        ("required", "hello", ["weather"]),
        ({"type": "function", "name": "forecast"}, "hello", ["forecast"]),
        ("auto", "[tool:weather] and [tool:forecast]", ["weather", "forecast"]),
    ],
)
def test_response_tools(client, choice, text, names):
    """Function calls, whole and streamed, with arguments that fit."""
    asked = {"model": "alpha-1", "input": text, "tools": FLAT_TOOLS, "tool_choice": choice}
    whole = client.responses.create(**asked)
    with client.responses.stream(**asked) as stream:
        streamed = stream.get_final_response()

    for response in (whole, streamed):
        assert [item.name for item in response.output] == names
        assert all(arguments_fit(item.arguments) for item in response.output)


def test_after_a_response_tool_has_answered(client):
    """Calls and their outputs are items of the next input."""
    asked = {"model": "alpha-1", "tools": FLAT_TOOLS}
    call = client.responses.create(input="[tool:weather]", **asked).output[0]
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "12 C"}
    response = client.responses.create(input=[*user("[tool:weather]"), call.to_dict(), result], **asked)

    assert response.output_text


def test_a_structured_response(client):
    """The SDK parses an answer by schema into the model it came from."""
    response = client.responses.parse(model="alpha-1", input="Hello", text_format=Answer)

    assert isinstance(response.output_parsed, Answer)


def test_an_error_inside_a_response_stream(client, endpoints):
    """The error event is nested, as the live API has it, and so is raised."""
    with endpoints.fault("alpha", fault="error_event", after_tokens=2):
        stream = client.responses.create(model="alpha-1", input="Hello", stream=True)
        with stream, pytest.raises(openai.APIError) as caught:
            list(stream)

    assert caught.value.code == "server_error"


@pytest.mark.parametrize(
    "asked",
    [
        {"model": "nobody", "input": "x"},
        {"model": "alpha-1"},
        {"model": "alpha-1", "input": "x", "max_output_tokens": 2},
        {
            "model": "alpha-1",
            "input": "x",
            "tools": FLAT_TOOLS,
            "tool_choice": {"type": "function", "name": "no"},
        },
    ],
)
def test_bad_responses(client, asked):
    """What the API would refuse is refused."""
    with pytest.raises((openai.BadRequestError, openai.NotFoundError)):
        client.responses.create(**asked)
