"""Requests in every wire's dialect."""

import json

import pytest

from seawall.messages import CompletionRequest, Image, Message, Tool, ToolCall
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
    responses = samples["openai_responses"].codec().encode(ASKED, stream=False)
    anthropic = samples["anthropic"].codec().encode(ASKED, stream=False)
    gemini = samples["gemini"].codec().encode(ASKED, stream=True)

    assert openai.method == "POST"
    assert openai.url == "https://api.openai.com/v1/chat/completions"
    assert openai.headers["Authorization"] == f"Bearer {key}"
    assert responses.url == "https://api.openai.com/v1/responses"
    assert responses.headers["Authorization"] == f"Bearer {key}"
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


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({}, "/openai/v1/chat/completions"),
        ({"api_version": "v1"}, "/openai/v1/chat/completions"),
        ({"api_version": "preview"}, "/openai/v1/chat/completions?api-version=preview"),
        (
            {"api_version": "2024-10-21", "model": "gpt 6/eu"},
            "/openai/deployments/gpt%206%2Feu/chat/completions?api-version=2024-10-21",
        ),
    ],
)
@pytest.mark.parametrize("end", ["", "/", "/openai/v1", "/openai/v1/", "/openai"])
def test_where_azure_is_asked(samples, key, given, path, end):
    """Under the resource's endpoint in any of the forms people copy, by the v1 API or by deployment."""
    codec = samples["azure_openai"].codec(base_url=f"https://harbour.example{end}", **given)
    request = codec.encode(ASKED, stream=False)

    assert request.url == f"https://harbour.example{path}"
    assert request.headers["api-key"] == key
    assert "Authorization" not in request.headers


def test_a_server_without_keys_is_sent_none(wire, key):
    """`auth: none` leaves the header out even where a key is known."""
    headers = wire.codec(auth="none").encode(ASKED, stream=False).headers

    assert key not in str(headers)
    assert not {"Authorization", "x-api-key", "x-goog-api-key", "api-key"} & set(headers)


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


def test_responses_conversation(samples):
    """The system text stands apart, calls and results are items with their ids, and nothing is stored."""
    written = body(
        samples["openai_responses"].codec(), CompletionRequest(messages=CONVERSATION, tools=(LOOK,))
    )

    assert (written["instructions"], written["store"]) == ("Be brief.", False)
    assert written["input"] == [
        {"role": "user", "content": "Look at both."},
        {"role": "assistant", "content": "Looking."},
        {"type": "function_call", "call_id": "c1", "name": "look", "arguments": '{"city": "Oslo"}'},
        {"type": "function_call", "call_id": "c2", "name": "look", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c1", "output": "rain"},
        {"type": "function_call_output", "call_id": "c2", "output": '{"sky": "blue"}'},
        {"role": "user", "content": "So?"},
    ]
    assert written["tools"] == [
        {"type": "function", "name": "look", "description": "Looks.", "parameters": SCHEMA, "strict": True}
    ]
    assert "include" not in written


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
    ("choice", "openai", "responses", "anthropic", "gemini"),
    [
        ("auto", "auto", "auto", {"type": "auto"}, {"mode": "AUTO"}),
        ("required", "required", "required", {"type": "any"}, {"mode": "ANY"}),
        ("none", "none", "none", {"type": "none"}, {"mode": "NONE"}),
        (
            "look",
            {"type": "function", "function": {"name": "look"}},
            {"type": "function", "name": "look"},
            {"type": "tool", "name": "look"},
            {"mode": "ANY", "allowedFunctionNames": ["look"]},
        ),
    ],
)
def test_tool_choice(samples, choice, *, openai, responses, anthropic, gemini):
    """The four choices in each dialect."""
    request = CompletionRequest(messages=ASKED.messages, tools=(LOOK,), tool_choice=choice)

    for name in ("openai_chat", "azure_openai"):
        assert body(samples[name].codec(), request)["tool_choice"] == openai
    assert body(samples["openai_responses"].codec(), request)["tool_choice"] == responses
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


def test_responses_limits_and_what_it_lacks(samples):
    """Its own name for the limit; texts to stop at would be lost, so another provider is to take the call."""
    codec = samples["openai_responses"].codec()
    limited = CompletionRequest(messages=ASKED.messages, max_output_tokens=70, temperature=0.5)
    written = body(codec, limited)

    assert (written["max_output_tokens"], written["temperature"]) == (70, 0.5)
    with pytest.raises(ProviderError) as caught:
        codec.encode(CompletionRequest(messages=ASKED.messages, stop=("END",)), stream=False)
    assert caught.value.failure.kind is FailureKind.INVALID_REQUEST


def test_images(samples):
    """Their bytes, or where they are, beside the text of the user's turn."""
    images = (Image(media_type="image/png", data=b"png"), Image(url="https://harbour.example/a.jpg"))
    request = CompletionRequest(messages=(Message(role="user", content="Look", images=images),))
    inline, link = "data:image/png;base64,cG5n", "https://harbour.example/a.jpg"

    for name in ("openai_chat", "azure_openai"):
        assert body(samples[name].codec(), request)["messages"][0]["content"] == [
            {"type": "text", "text": "Look"},
            {"type": "image_url", "image_url": {"url": inline}},
            {"type": "image_url", "image_url": {"url": link}},
        ]
    assert body(samples["openai_responses"].codec(), request)["input"][0]["content"] == [
        {"type": "input_text", "text": "Look"},
        {"type": "input_image", "image_url": inline},
        {"type": "input_image", "image_url": link},
    ]
    assert body(samples["anthropic"].codec(), request)["messages"][0]["content"] == [
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "cG5n"}},
        {"type": "image", "source": {"type": "url", "url": link}},
        {"type": "text", "text": "Look"},
    ]
    assert body(samples["gemini"].codec(), request)["contents"][0]["parts"] == [
        {"text": "Look"},
        {"inlineData": {"mimeType": "image/png", "data": "cG5n"}},
        {"fileData": {"fileUri": link}},
    ]


def turns_with(signatures):
    calls = tuple(
        ToolCall(id=f"c{number}", name="look", arguments="{}", signature=signature)
        for number, signature in enumerate(signatures)
    )
    return CompletionRequest(messages=(*ASKED.messages, Message(role="assistant", tool_calls=calls)))


def test_gemini_sees_its_signatures_again(samples):
    """Those of other providers never; where the first call has none, it is told so, if the model asks at all."""
    own, foreign = "gemini:alpha:c2VhbA==", "gemini:beta:c2VhbA=="

    def signed(*signatures, **options):
        written = body(samples["gemini"].codec(**options), turns_with(signatures))
        return [part.get("thoughtSignature") for part in written["contents"][1]["parts"]]

    assert signed(own, None) == ["c2VhbA==", None]
    assert signed(foreign, None) == ["skip_thought_signature_validator", None]
    assert signed(None, own, model="models/gemini-2.5-pro") == [None, "c2VhbA=="]


def test_anthropic_sees_its_thoughts_again(samples):
    """Before the text and the call they led to; damaged or foreign ones are left out."""
    thought = {"type": "thinking", "thinking": "hm", "signature": "s"}
    sealed = {"type": "redacted_thinking", "data": "x"}
    own = "anthropic:alpha:" + json.dumps([thought, sealed])

    def kinds(*signatures):
        return body(samples["anthropic"].codec(), turns_with(signatures))["messages"][1]["content"]

    assert kinds(own, None)[:2] == [thought, sealed]
    for signature in ("anthropic:beta:" + json.dumps([thought]), "anthropic:alpha:[{", "anthropic:alpha:[1]"):
        assert [block["type"] for block in kinds(signature)] == ["tool_use"]


def test_servers_of_openais_wire_see_again_what_they_added(samples):
    """Google's signature with its call, DeepSeek's reasoning with the turn; OpenAI's own calls have neither."""
    extra = {"google": {"thought_signature": "c2VhbA=="}}
    seal = json.dumps({"extra_content": extra, "reasoning_content": "hm"})
    codec = samples["openai_chat"].codec()
    turn = body(codec, turns_with([f"openai_chat:alpha:{seal}", None]))["messages"][1]
    plain = body(codec, turns_with([f"openai_chat:beta:{seal}", "openai_chat:alpha:[]"]))["messages"][1]

    assert (turn["tool_calls"][0]["extra_content"], turn["reasoning_content"]) == (extra, "hm")
    assert "extra_content" not in turn["tool_calls"][1]
    assert set(plain) == {"role", "content", "tool_calls"}
    assert all("extra_content" not in call for call in plain["tool_calls"])


def test_responses_sees_its_reasoning_again(samples):
    """Where the settings say that the model seals it."""
    codec = samples["openai_responses"].codec(replay_reasoning=True)
    written = body(codec, turns_with(["openai_responses:alpha:seal", None]))

    assert written["include"] == ["reasoning.encrypted_content"]
    assert written["input"][1] == {"type": "reasoning", "summary": [], "encrypted_content": "seal"}
    assert [item.get("type") for item in written["input"][2:]] == ["function_call", "function_call"]


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
    assert body(samples["openai_responses"].codec(), request)["text"]["format"] == {
        "type": "json_schema", "name": "answer", "schema": SCHEMA, "strict": True,
    }  # fmt: skip
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
