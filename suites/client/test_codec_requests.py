"""Requests in every wire's dialect."""

import json

import pytest

from seawall.messages import CompletionRequest, Message, Tool, ToolCall
from seawall.resilience.failures import FailureKind, ProviderError

SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
    "additionalProperties": False,
}
LOOK = Tool(name="look", description="Looks.", parameters=SCHEMA)
ASKED = CompletionRequest(messages=(Message(role="user", content="Hi"),))
CONVERSATION = (
    Message(role="system", content="Be brief."),
    Message(role="user", content="Look at both."),
    Message(
        role="assistant",
        content="Looking.",
        tool_calls=(
            ToolCall(id="c1", name="look", arguments='{"city": "Oslo"}'),
            ToolCall(id="c2", name="look", arguments=""),
        ),
    ),
    Message(role="tool", content="rain", tool_call_id="c1"),
    Message(role="tool", content='{"sky": "blue"}', tool_call_id="c2"),
    Message(role="user", content="So?"),
)


def body(codec, request, *, stream=False):
    return json.loads(codec.encode(request, stream=stream).body)


def test_where_requests_go_and_who_they_say_they_are(samples, key):
    """Address, version and key stand where each wire wants them."""
    openai = samples["openai_chat"].codec().encode(ASKED, stream=False)
    anthropic = samples["anthropic"].codec().encode(ASKED, stream=False)
    gemini = samples["gemini"].codec().encode(ASKED, stream=True)

    assert openai.method == "POST"
    assert openai.url == "https://api.openai.com/v1/chat/completions"
    assert openai.headers["Authorization"] == f"Bearer {key}"
    assert anthropic.url == "https://api.anthropic.com/v1/messages"
    assert anthropic.headers["anthropic-version"] == "2026-10-21"
    assert anthropic.headers["Authorization"] == f"Bearer {key}"
    assert "x-api-key" not in anthropic.headers
    assert gemini.url == (
        "https://generativelanguage.googleapis.com/v1/models/m-1:streamGenerateContent?alt=sse"
    )
    assert gemini.headers["x-goog-api-key"] == key


def test_older_forms_can_be_chosen(samples, key):
    """Anthropic's former version with its former header, Gemini's v1beta."""
    older = samples["anthropic"].codec(api_version="2023-06-01").encode(ASKED, stream=False)
    beta = samples["gemini"].codec(api_version="v1beta").encode(ASKED, stream=False)

    assert older.headers["anthropic-version"] == "2023-06-01"
    assert older.headers["x-api-key"] == key
    assert "Authorization" not in older.headers
    assert "/v1beta/models/m-1:generateContent" in beta.url


def test_any_address_can_be_given(samples):
    """A base URL is what an official SDK takes, with or without a slash at its end."""
    for base in ("http://127.0.0.1:8080/v1", "http://127.0.0.1:8080/v1/"):
        request = samples["openai_chat"].codec(base_url=base).encode(ASKED, stream=False)
        assert request.url == "http://127.0.0.1:8080/v1/chat/completions"
    request = samples["gemini"].codec(base_url="http://h", model="models/a b/c").encode(ASKED, stream=False)
    assert request.url == "http://h/v1/models/a%20b%2Fc:generateContent"


def test_a_server_without_keys_is_sent_none(wire, key):
    """`auth: none` leaves the header out even where a key is known."""
    headers = wire.codec(auth="none").encode(ASKED, stream=False).headers

    assert key not in str(headers)
    assert not {"Authorization", "x-api-key", "x-goog-api-key"} & set(headers)


def test_headers_of_the_settings_are_sent_and_not_shared(wire):
    """One request's headers are its own."""
    codec = wire.codec(headers={"OpenAI-Project": "p"})
    first = codec.encode(ASKED, stream=False)
    first.headers["X-Client-Request-Id"] = "1"

    assert first.headers["OpenAI-Project"] == "p"
    assert "X-Client-Request-Id" not in codec.encode(ASKED, stream=False).headers


def test_openai_conversation(samples):
    """Tool calls and their results keep their ids."""
    written = body(samples["openai_chat"].codec(), CompletionRequest(messages=CONVERSATION, tools=(LOOK,)))

    assert [message["role"] for message in written["messages"]] == [
        "system", "user", "assistant", "tool", "tool", "user",
    ]  # fmt: skip
    assert written["messages"][2]["tool_calls"][0] == {
        "id": "c1",
        "type": "function",
        "function": {"name": "look", "arguments": '{"city": "Oslo"}'},
    }
    assert written["messages"][2]["tool_calls"][1]["function"]["arguments"] == "{}"
    assert written["messages"][3] == {"role": "tool", "tool_call_id": "c1", "content": "rain"}
    assert written["tool_choice"] == "auto"
    assert "stream" not in written


def test_anthropic_conversation(samples):
    """The system text stands apart; results of calls made together are one turn."""
    written = body(samples["anthropic"].codec(), CompletionRequest(messages=CONVERSATION, tools=(LOOK,)))

    assert written["system"] == "Be brief."
    assert [turn["role"] for turn in written["messages"]] == ["user", "assistant", "user", "user"]
    assert written["messages"][1]["content"] == [
        {"type": "text", "text": "Looking."},
        {"type": "tool_use", "id": "c1", "name": "look", "input": {"city": "Oslo"}},
        {"type": "tool_use", "id": "c2", "name": "look", "input": {}},
    ]
    assert [block["tool_use_id"] for block in written["messages"][2]["content"]] == ["c1", "c2"]
    assert written["tools"] == [{"name": "look", "description": "Looks.", "input_schema": SCHEMA}]


def test_gemini_conversation(samples):
    """Results name their function, which the wire wants and the conversation tells by id."""
    written = body(samples["gemini"].codec(), CompletionRequest(messages=CONVERSATION, tools=(LOOK,)))

    assert written["systemInstruction"] == {"parts": [{"text": "Be brief."}]}
    assert [turn["role"] for turn in written["contents"]] == ["user", "model", "user", "user"]
    assert [part["functionResponse"]["name"] for part in written["contents"][2]["parts"]] == ["look", "look"]
    assert [part["functionResponse"]["response"] for part in written["contents"][2]["parts"]] == [
        {"result": "rain"},
        {"sky": "blue"},
    ]
    assert written["tools"] == [
        {"functionDeclarations": [{"name": "look", "description": "Looks.", "parametersJsonSchema": SCHEMA}]}
    ]


@pytest.mark.parametrize(
    ("choice", "openai", "anthropic", "gemini"),
    [
        ("auto", "auto", {"type": "auto"}, {"mode": "AUTO"}),
        ("required", "required", {"type": "any"}, {"mode": "ANY"}),
        ("none", "none", {"type": "none"}, {"mode": "NONE"}),
        (
            "look",
            {"type": "function", "function": {"name": "look"}},
            {"type": "tool", "name": "look"},
            {"mode": "ANY", "allowedFunctionNames": ["look"]},
        ),
    ],
)
def test_tool_choice(samples, choice, openai, anthropic, gemini):
    """The four choices in each dialect."""
    request = CompletionRequest(messages=ASKED.messages, tools=(LOOK,), tool_choice=choice)

    assert body(samples["openai_chat"].codec(), request)["tool_choice"] == openai
    assert body(samples["anthropic"].codec(), request)["tool_choice"] == anthropic
    written = body(samples["gemini"].codec(), request)
    assert written["toolConfig"] == {"functionCallingConfig": gemini}


def test_limits_and_sampling(samples):
    """Each wire's own names; Anthropic's current version takes no temperature and always wants a limit."""
    request = CompletionRequest(
        messages=ASKED.messages, max_output_tokens=7, temperature=0.5, stop=("END",), response_schema=SCHEMA
    )
    openai = body(samples["openai_chat"].codec(), request)
    older_server = body(samples["openai_chat"].codec(token_limit_field="max_tokens"), request)
    anthropic = body(samples["anthropic"].codec(), request)
    former = body(samples["anthropic"].codec(api_version="2023-06-01"), request)
    gemini = body(samples["gemini"].codec(), request)["generationConfig"]

    assert (openai["max_completion_tokens"], openai["temperature"], openai["stop"]) == (7, 0.5, ["END"])
    assert older_server["max_tokens"] == 7
    assert (anthropic["max_tokens"], anthropic["stop_sequences"]) == (7, ["END"])
    assert "temperature" not in anthropic
    assert former["temperature"] == 0.5
    assert (gemini["maxOutputTokens"], gemini["temperature"], gemini["stopSequences"]) == (7, 0.5, ["END"])
    assert body(samples["anthropic"].codec(max_output_tokens=99), ASKED)["max_tokens"] == 99


def test_a_response_schema(samples):
    """Strict where the provider's strict mode can take the schema, and not where it cannot."""
    request = CompletionRequest(messages=ASKED.messages, response_schema=SCHEMA)
    loose = CompletionRequest(
        messages=ASKED.messages, response_schema={"type": "object", "properties": {"a": {"type": "object"}}}
    )
    codec = samples["openai_chat"].codec()
    gemini = body(samples["gemini"].codec(), request)["generationConfig"]

    assert body(codec, request)["response_format"]["json_schema"] == {
        "name": "answer", "schema": SCHEMA, "strict": True,
    }  # fmt: skip
    assert body(codec, loose)["response_format"]["json_schema"]["strict"] is False
    assert body(samples["anthropic"].codec(), request)["output_config"] == {
        "format": {"type": "json_schema", "schema": SCHEMA}
    }
    assert gemini == {"responseMimeType": "application/json", "responseJsonSchema": SCHEMA}


def test_streams_are_asked_for(samples):
    """Token counts come with them, unless the server does not know the option."""
    codec = samples["openai_chat"].codec
    written = body(codec(), ASKED, stream=True)

    assert (written["stream"], written["stream_options"]) == (True, {"include_usage": True})
    assert "stream_options" not in body(codec(stream_usage=False), ASKED, stream=True)
    assert body(samples["anthropic"].codec(), ASKED, stream=True)["stream"] is True


@pytest.mark.parametrize(
    "request_",
    [
        CompletionRequest(messages=(Message(role="user", content="\ud800"),)),
        CompletionRequest(
            messages=ASKED.messages, tools=(Tool(name="x", parameters={"a": object()}),), tool_choice="auto"
        ),
    ],
    ids=["half a surrogate pair", "no JSON value"],
)
def test_what_cannot_be_written_is_the_requests_fault(wire, request_):
    """One typed error and nothing of the request's text in it."""
    with pytest.raises(ProviderError) as caught:
        wire.codec().encode(request_, stream=False)

    assert caught.value.failure.kind is FailureKind.INVALID_REQUEST
    assert caught.value.failure.scope == "request"


@pytest.mark.parametrize("name", ["anthropic", "gemini"])
def test_arguments_that_are_no_object_cannot_be_sent_where_an_object_is_wanted(samples, name):
    """A conversation may hold what another provider's model garbled."""
    broken = Message(role="assistant", tool_calls=(ToolCall(id="c", name="f", arguments='{"a": '),))

    with pytest.raises(ProviderError) as caught:
        samples[name].codec().encode(CompletionRequest(messages=(broken,)), stream=False)

    assert caught.value.failure.kind is FailureKind.INVALID_REQUEST
