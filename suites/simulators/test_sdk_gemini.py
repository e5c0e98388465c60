"""The official Google SDK accepts what the fake provider says, by either version of the API and either spelling."""

import json
import math
import urllib.error
import urllib.request
from typing import Literal

import pytest
import pytest_asyncio
from google import genai
from google.genai import errors, types
from pydantic import BaseModel

pytestmark = pytest.mark.real_processes
shared_loop = pytest.mark.asyncio(loop_scope="module")

WEATHER = {
    "type": "OBJECT",
    "properties": {
        "city": {"type": "STRING", "minLength": "3"},
        "unit": {"type": "STRING", "enum": ["C", "F"]},
    },
    "required": ["city", "unit"],
}
FUNCTIONS = [
    types.FunctionDeclaration(name="weather", parameters=types.Schema.model_validate(WEATHER)),
    types.FunctionDeclaration(
        name="forecast",
        parameters_json_schema={
            "type": "object",
            "properties": {"city": {"type": "string", "minLength": 3}, "unit": {"enum": ["C", "F"]}},
            "required": ["city", "unit"],
        },
    ),
]
TOOLS = [types.Tool(function_declarations=FUNCTIONS)]


class Answer(BaseModel):
    title: str
    score: float
    kind: Literal["good", "bad"]
    tags: list[str]


def connect(endpoints, version=None):
    options = types.HttpOptions(base_url=endpoints.base_urls["gamma"], timeout=10_000, api_version=version)
    return genai.Client(api_key=endpoints.api_key, http_options=options)


@pytest.fixture(scope="module", params=["v1", "v1beta"])
def client(request, endpoints):
    with connect(endpoints, request.param) as client:
        yield client


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def async_client(endpoints):
    async with connect(endpoints).aio as client:
        yield client


def ask(client, text="Say something short.", **config):
    return client.models.generate_content(model="gamma-1", contents=text, config=config or None)


def ask_streamed(client, text="Say something short.", **config):
    return list(client.models.generate_content_stream(model="gamma-1", contents=text, config=config or None))


def arguments_fit(arguments):
    assert set(arguments) == {"city", "unit"}
    assert len(arguments["city"]) >= 3
    assert arguments["unit"] in {"C", "F"}
    return True


def test_content(client):
    """A whole answer: its text, why it stopped and its usage."""
    response = ask(client, system_instruction="Be terse.", temperature=0.5, top_k=3)

    assert len(response.text.split()) == 12
    assert response.candidates[0].finish_reason == types.FinishReason.STOP
    assert response.usage_metadata.candidates_token_count == 12
    assert response.usage_metadata.total_token_count == response.usage_metadata.prompt_token_count + 12
    assert response.model_version == "gamma-1"
    assert response.response_id


@pytest.mark.filterwarnings(
    "ignore:Inheritance class AiohttpClientSession from ClientSession is discouraged:DeprecationWarning"
)
@shared_loop
async def test_content_async(async_client):
    """The same from the async client, whole and streamed."""
    response = await async_client.models.generate_content(model="gamma-2", contents=["Hello", "there"])
    stream = await async_client.models.generate_content_stream(model="gamma-2", contents="Hello")
    chunks = [chunk async for chunk in stream]

    assert response.text
    assert len("".join(chunk.text or "" for chunk in chunks).split()) == 12


def test_a_stream(client):
    """Only the last chunk has a finish reason, and it has the whole usage; all share one id."""
    chunks = ask_streamed(client)
    reasons = [chunk.candidates[0].finish_reason for chunk in chunks]

    assert len("".join(chunk.text or "" for chunk in chunks).split()) == 12
    assert reasons == [None] * 12 + [types.FinishReason.STOP]
    assert [chunk.usage_metadata.candidates_token_count for chunk in chunks] == [*range(1, 13), 12]
    assert len({chunk.response_id for chunk in chunks}) == 1


def test_the_longest_answer_allowed(client):
    """An answer cut by its limit says so, whole and streamed."""
    whole, chunks = ask(client, max_output_tokens=5), ask_streamed(client, max_output_tokens=5)

    assert whole.candidates[0].finish_reason == types.FinishReason.MAX_TOKENS
    assert chunks[-1].candidates[0].finish_reason == types.FinishReason.MAX_TOKENS
    assert len(whole.text.split()) == whole.usage_metadata.candidates_token_count == 5


def test_a_stop_sequence(client):
    """The text ends before the sequence."""
    assert " " not in ask(client, stop_sequences=[" "]).text


@pytest.mark.parametrize(
    ("mode", "allowed", "text", "names"),
    [
        ("ANY", None, "hello", ["weather"]),
        ("ANY", ["forecast"], "hello", ["forecast"]),
        ("AUTO", None, "[tool:weather] and [tool:forecast]", ["weather", "forecast"]),
        ("AUTO", None, "hello", []),
        ("NONE", None, "[tool:weather]", []),
    ],
)
def test_tools(client, mode, allowed, text, names):
    """Calls by every mode, whole and streamed, with arguments that fit schemas of either dialect."""
    calling = types.FunctionCallingConfig(mode=mode, allowed_function_names=allowed)
    config = {"tools": TOOLS, "tool_config": types.ToolConfig(function_calling_config=calling)}
    whole = ask(client, text, **config)
    chunks = ask_streamed(client, text, **config)

    for calls in (whole.function_calls or [], [c for chunk in chunks for c in chunk.function_calls or []]):
        assert [call.name for call in calls] == names
        assert all(arguments_fit(call.args) for call in calls)
    assert bool(whole.text) != bool(names)


def test_functions_are_called_by_the_sdk(client):
    """Python functions given as tools are called, and what they return is answered in words."""
    called = []

    def weather(city: str, days: int) -> str:
        """Tells the weather."""
        called.append((city, days))
        return "12 C"

    response = ask(client, "[tool:weather]", tools=[weather])

    assert len(called) == 1
    assert response.text


def test_structured_answers(client):
    """The SDK parses an answer by schema into the model it came from, by either parameter for it."""
    parsed = ask(client, response_mime_type="application/json", response_schema=Answer)
    by_json = ask(
        client, response_mime_type="application/json", response_json_schema=Answer.model_json_schema()
    )
    free = ask(client, response_mime_type="application/json")

    assert isinstance(parsed.parsed, Answer)
    Answer.model_validate_json(by_json.text)
    assert isinstance(json.loads(free.text), dict)


def test_every_parameter_is_known(client):
    """All that the SDK can send to this API is accepted."""
    settings = {
        "safety_settings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}],
        "temperature": 0.1,
        "top_p": 0.9,
        "top_k": 5,
        "seed": 3,
        "presence_penalty": 0.1,
        "frequency_penalty": 0.1,
        "response_logprobs": True,
        "logprobs": 1,
        "response_modalities": ["TEXT"],
        "media_resolution": "MEDIA_RESOLUTION_LOW",
        "speech_config": "Kore",
        "image_config": {"aspect_ratio": "1:1"},
        "thinking_config": {"include_thoughts": True},
        "enable_enhanced_civic_answers": True,
        "cached_content": "cachedContents/1",
        "service_tier": "standard",
        "tools": [types.Tool(google_search=types.GoogleSearch()), *TOOLS],
    }

    assert ask(client, **settings).text


def test_tokens_are_counted(client):
    """A prompt costs what was counted for it."""
    counted = client.models.count_tokens(model="gamma-1", contents="x" * 400).total_tokens

    assert counted == ask(client, "x" * 400).usage_metadata.prompt_token_count
    assert counted > 100


def test_embeddings(client):
    """Vectors of the length asked for, of length one, the same for the same text."""
    short = types.EmbedContentConfig(output_dimensionality=64)
    both = client.models.embed_content(model="gamma-1", contents=["one", "two"], config=short)
    alone = client.models.embed_content(model="gamma-1", contents="two", config=short)

    assert [len(row.values) for row in both.embeddings] == [64, 64]
    assert math.hypot(*both.embeddings[0].values) == pytest.approx(1)
    assert alone.embeddings[0].values == both.embeddings[1].values


def test_models(client):
    """The list, page by page, one by its id, and one that is not there."""
    pages = client.models.list(config={"page_size": 1, "query_base": True})

    assert [model.name for model in pages] == ["models/gamma-1", "models/gamma-2"]
    assert "generateContent" in client.models.get(model="gamma-2").supported_actions
    with pytest.raises(errors.ClientError) as caught:
        client.models.get(model="gamma-3")
    assert caught.value.status == "NOT_FOUND"


ERRORS = [
    ((400, None), errors.ClientError, "INVALID_ARGUMENT"),
    ((400, "FAILED_PRECONDITION"), errors.ClientError, "FAILED_PRECONDITION"),
    ((401, None), errors.ClientError, "UNAUTHENTICATED"),
    ((403, None), errors.ClientError, "PERMISSION_DENIED"),
    ((404, None), errors.ClientError, "NOT_FOUND"),
    ((413, None), errors.ClientError, "INVALID_ARGUMENT"),
    ((429, None), errors.ClientError, "RESOURCE_EXHAUSTED"),
    ((500, None), errors.ServerError, "INTERNAL"),
    ((502, None), errors.ServerError, "UNAVAILABLE"),
    ((503, None), errors.ServerError, "UNAVAILABLE"),
    ((504, None), errors.ServerError, "DEADLINE_EXCEEDED"),
    ((529, None), errors.ServerError, "UNAVAILABLE"),
]


@pytest.mark.parametrize(("fault", "kind", "name"), ERRORS)
def test_errors(client, endpoints, fault, kind, name):
    """Each status is the SDK's error for it, with its name and message."""
    status, code = fault
    with (
        endpoints.fault("gamma", fault="http_status", status=status, code=code),
        pytest.raises(kind) as caught,
    ):
        ask(client)

    assert (caught.value.code, caught.value.status) == (status, name)
    assert caught.value.message


def test_when_to_come_back_is_in_the_body(client, endpoints):
    """A 429 tells the delay as RetryInfo."""
    fault = {"fault": "http_status", "status": 429, "retry_after": 7}
    with endpoints.fault("gamma", **fault), pytest.raises(errors.ClientError) as caught:
        ask(client)

    (info,) = caught.value.details["error"]["details"]
    assert info == {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "7s"}


@pytest.mark.parametrize(("code", "status"), [(None, 503), ("RESOURCE_EXHAUSTED", 429)])
def test_an_error_inside_a_stream(client, endpoints, code, status):
    """After some words comes the error, which the SDK raises by its code."""
    said = []
    stream = client.models.generate_content_stream(model="gamma-1", contents="Hello")
    with (
        endpoints.fault("gamma", fault="error_event", after_tokens=3, code=code),
        pytest.raises(errors.APIError) as caught,
    ):
        said.extend(chunk.text for chunk in stream)

    assert len(said) == 3
    assert caught.value.code == status


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ({"model": "nobody"}, "models/nobody is not found for API version"),
        (
            {"contents": [types.Content(role="boss", parts=[types.Part(text="x")])]},
            "Invalid value at 'contents[0].role'",
        ),
        ({"config": {"max_output_tokens": 0}}, "max_output_tokens"),
        ({"config": {"candidate_count": 2}}, "Multiple candidates is not enabled"),
        (
            {"contents": [types.Part.from_function_response(name="weather", response={"a": 1})]},
            "number of function response parts",
        ),
    ],
)
def test_bad_requests(client, more, message):
    """What the API would refuse is refused, in its words."""
    with pytest.raises(errors.ClientError) as caught:
        client.models.generate_content(**{"model": "gamma-1", "contents": "Hello", **more})

    assert message in caught.value.message


CAMEL = {
    "contents": [{"role": "user", "parts": [{"text": "Hello"}]}],
    "systemInstruction": {"parts": [{"text": "Be terse."}]},
    "generationConfig": {"maxOutputTokens": 5, "topP": 0.5},
    "toolConfig": {"functionCallingConfig": {"mode": "NONE"}},
}
SNAKE = {
    "contents": [{"role": "user", "parts": [{"text": "Hello"}]}],
    "system_instruction": {"parts": [{"text": "Be terse."}]},
    "generation_config": {"max_output_tokens": 5, "top_p": 0.5},
    "tool_config": {"function_calling_config": {"mode": "NONE"}},
}


@pytest.mark.parametrize("document", [CAMEL, SNAKE])
@pytest.mark.parametrize("version", ["v1", "v1beta"])
def test_either_spelling_and_a_key_in_the_query(endpoints, document, version):
    """Keys of the body in camelCase or snake_case, and the API key in the query."""
    status, body = post(
        endpoints, f"/{version}/models/gamma-1:generateContent?key={endpoints.api_key}", document
    )

    assert status == 200
    assert body["candidates"][0]["finishReason"] == "MAX_TOKENS"


@pytest.mark.parametrize(
    ("query", "document", "status", "message"),
    [
        ("", CAMEL, 403, "Method doesn't allow unregistered callers"),
        ("?key=wrong", CAMEL, 400, "API key not valid. Please pass a valid API key."),
        ("?key=KEY", {}, 400, "* GenerateContentRequest.contents: contents is not specified"),
        ("?key=KEY", {"contents": []}, 400, "* GenerateContentRequest.contents: contents is not"),
        ("?key=KEY", {**CAMEL, "topic": 1}, 400, 'Unknown name "topic": Cannot find field.'),
    ],
)
def test_what_is_refused(endpoints, query, document, status, message):
    """No key, a wrong key, and bodies without the right form."""
    path = "/v1/models/gamma-1:generateContent" + query.replace("KEY", endpoints.api_key)
    got, body = post(endpoints, path, document)
    names = {400: "INVALID_ARGUMENT", 403: "PERMISSION_DENIED"}

    assert (got, body["error"]["code"], body["error"]["status"]) == (status, status, names[status])
    assert message in body["error"]["message"]


def test_one_embedding(endpoints):
    """The method for a single content, which the SDK does not use, answers a single vector."""
    document = {"content": {"parts": [{"text": "two"}]}, "output_dimensionality": 8}
    _, body = post(endpoints, f"/v1/models/gamma-1:embedContent?key={endpoints.api_key}", document)

    assert len(body["embedding"]["values"]) == 8


def test_a_batch_is_of_one_model(endpoints):
    """Each request of a batch names the model of the address, or the batch is refused."""
    content = {"parts": [{"text": "two"}]}
    batch = {
        "requests": [
            {"model": "models/gamma-1", "content": content},
            {"model": "models/gamma-2", "content": content},
        ]
    }
    path = f"/v1/models/gamma-1:batchEmbedContents?key={endpoints.api_key}"

    assert post(endpoints, path, {"requests": batch["requests"][:1]})[0] == 200
    status, body = post(endpoints, path, batch)
    assert (status, "requests[1].model" in body["error"]["message"]) == (400, True)


def post(endpoints, path, document):
    """Posts a document without the SDK."""
    url = endpoints.base_urls["gamma"] + path
    request = urllib.request.Request(url, json.dumps(document).encode(), {"content-type": "application/json"})
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())
