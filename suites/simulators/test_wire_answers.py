"""What holds for every wire alike: determinism, agreement of its forms, refusals instead of crashes."""

import json
from hashlib import sha256

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import json as compact

from seawall_simulators.draw import Draw, provider_key
from seawall_simulators.wire import ApiError, ProviderView, RateLimitState, Request
from seawall_simulators.wires import WIRES
from seawall_simulators.wires.openai_headers import go_duration

PROVIDER = ProviderView("alpha", ("m-1", "m_2"), 12)
HEADERS = {"anthropic-version": "2023-06-01"}
VERSION = "?api-version=2024-10-21"
TOOL = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
CHAT = {"model": "m-1", "messages": [{"role": "user", "content": 'Say "é\u2028😀".'}]}
GENERATE = {"contents": [{"role": "user", "parts": [{"text": 'Say "é\u2028😀".'}]}]}
ASKED = {
    "chat": ("openai", "/v1/chat/completions", CHAT),
    "responses": ("openai", "/v1/responses", {"model": "m-1", "input": "Hello"}),
    "azure": ("azure", "/openai/v1/chat/completions", CHAT),
    "deployment": ("azure", f"/openai/deployments/m-1/chat/completions{VERSION}", CHAT),
    "azure-responses": ("azure", "/openai/v1/responses", {"model": "m-1", "input": "Hello"}),
    "messages": ("anthropic", "/v1/messages", {**CHAT, "max_tokens": 50}),
    "generate": ("gemini", "/v1/models/m-1:generateContent", GENERATE),
}
OTHERS = {
    "embeddings": ("openai", "/v1/embeddings", {"model": "m-1", "input": "x", "dimensions": 4}),
    "azure-embeddings": ("azure", f"/openai/deployments/m-1/embeddings{VERSION}", {"input": "x"}),
    "count": ("anthropic", "/v1/messages/count_tokens", CHAT),
    "count-gemini": ("gemini", "/v1beta/models/m-1:countTokens", GENERATE),
    "embed": ("gemini", "/v1/models/m-1:embedContent", {"content": GENERATE["contents"][0]}),
    "batch": (
        "gemini",
        "/v1/models/m-1:batchEmbedContents",
        {"requests": [{"content": GENERATE["contents"][0]}]},
    ),
}


def answer(wire, path, document, *, occurrence=0, seed=1, method="POST"):
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    path, _, query = path.partition("?")
    draw = Draw.of(provider_key(seed, "alpha"), sha256(body).digest(), occurrence)
    return WIRES[wire].answer(Request(method, path, query, HEADERS, body), PROVIDER, draw)


def stream(wire, path, document, **how):
    if wire == "gemini":
        return answer(
            wire, path.replace("generateContent", "streamGenerateContent") + "?alt=sse", document, **how
        )
    return answer(wire, path, {**document, "stream": True}, **how)


def frames(streamed):
    return streamed.head_chunks + streamed.token_chunks + streamed.tail_chunks


def events(streamed):
    """The data of each event, read as the specification of server-sent events has it."""
    text = b"".join(frames(streamed)).decode().replace("\r\n", "\n")
    assert text.endswith("\n\n")
    data = [line[6:] for line in text.split("\n") if line.startswith("data: ")]
    return [json.loads(item) for item in data if item != "[DONE]"]


def texts(event):
    """Every text that an event adds to the answer."""
    if "choices" in event:
        return [choice["delta"].get("content") or "" for choice in event["choices"]]
    if "candidates" in event:
        return [part.get("text", "") for part in event["candidates"][0]["content"]["parts"]]
    if event.get("type") == "response.output_text.delta":
        return [event["delta"]]
    return [event["delta"]["text"]] if event.get("type") == "content_block_delta" else []


@pytest.mark.parametrize("asked", [*ASKED.values(), *OTHERS.values()], ids=[*ASKED, *OTHERS])
def test_equal_requests_get_equal_bytes(asked):
    """The same seed, body and occurrence give the same answer; another seed or occurrence another one."""
    first, again = answer(*asked), answer(*asked)

    assert (first.body, first.headers, first.request_id) == (again.body, again.headers, again.request_id)
    assert first.request_id != answer(*asked, occurrence=1).request_id != answer(*asked, seed=2).request_id


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
def test_streams_too(asked):
    """Every frame is a function of the seed, and the text of the frames is the text meant."""
    first = stream(*asked)

    assert frames(first) == frames(stream(*asked))
    assert frames(first) != frames(stream(*asked, occurrence=1))
    assert len(first.token_chunks) == first.output_tokens == 12
    assert "".join(text for event in events(first) for text in texts(event)) == first.text
    assert len(first.text.split()) == 12
    assert first.stream
    assert first.body is None


@pytest.mark.parametrize(
    ("name", "end"),
    [
        ("chat", b"data: [DONE]\n\n"),
        ("responses", b"event: response.completed\n"),
        ("azure", b"data: [DONE]\n\n"),
        ("deployment", b"data: [DONE]\n\n"),
        ("azure-responses", b"event: response.completed\n"),
        ("messages", b"event: message_stop\n"),
        (
            "generate",
            b'data: {"candidates":[{"content":{"parts":[{"text":""}],"role":"model"},"finishReason":"STOP"',
        ),
    ],
)
def test_streams_end_with_their_terminal_event(name, end):
    """The last frame is the one without which a client must not believe that it has everything."""
    streamed = stream(*ASKED[name])

    assert streamed.tail_chunks[-1].startswith(end)
    assert not any(frame.startswith(end) for frame in frames(streamed)[:-1])


@pytest.mark.parametrize("asked", ASKED.values(), ids=ASKED)
def test_whole_answers_hold_the_text_meant(asked):
    """The body is JSON, has the text, and costs what is said of it."""
    whole = answer(*asked)

    assert compact.encode(whole.text) in whole.body
    assert json.loads(whole.body)
    assert whole.input_tokens == stream(*asked).input_tokens > 0
    assert whole.output_tokens == len(whole.text.split()) == 12


def test_tokens_can_be_counted_by_hand():
    """Four characters are a token, rounded up for each text, and a message costs four more."""
    for length in (1, 4, 5, 4000):
        document = {"model": "m-1", "messages": [{"role": "user", "content": "x" * length}]}

        assert answer("openai", "/v1/chat/completions", document).input_tokens == 4 + (length + 3) // 4


@pytest.mark.parametrize("schema", [None, {"type": "array", "items": {"enum": ["a"]}, "minItems": 9}])
def test_json_answers_are_streamed_in_pieces(schema):
    """An answer by schema comes in many pieces which, joined, are the JSON meant."""
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema or TOOL}}
    streamed = stream("openai", "/v1/chat/completions", {**CHAT, "response_format": form})

    assert json.loads(streamed.text)
    assert len(streamed.token_chunks) == -(-len(streamed.text) // 4)


SHUTTERED = {
    "chat": {"tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "x"}}}]},
    "responses": {"tools": [{"type": "function", "name": "f", "parameters": {"type": "x"}}]},
    "messages": {"tools": [{"name": "f", "input_schema": {"type": "x"}}]},
    "generate": {"tools": [{"functionDeclarations": [{"name": "f", "parameters": {"type": "x"}}]}]},
}
SHUTTERED |= {
    "azure": SHUTTERED["chat"],
    "deployment": SHUTTERED["chat"],
    "azure-responses": SHUTTERED["responses"],
}
FORCED = {
    "chat": {"tool_choice": "required"},
    "responses": {"tool_choice": "required"},
    "messages": {"tool_choice": {"type": "any"}},
    "generate": {"toolConfig": {"functionCallingConfig": {"mode": "ANY"}}},
}
FORCED |= {"azure": FORCED["chat"], "deployment": FORCED["chat"], "azure-responses": FORCED["responses"]}
FORMS = {
    "chat": {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": False}}},
    "responses": {"text": {"format": {"type": "json_schema", "name": "x", "schema": False}}},
    "messages": {"output_config": {"format": {"type": "json_schema", "schema": False}}},
    "generate": {"generationConfig": {"responseSchema": False}},
}
FORMS |= {"azure": FORMS["chat"], "deployment": FORMS["chat"], "azure-responses": FORMS["responses"]}


@pytest.mark.parametrize("name", ASKED)
def test_a_schema_nothing_satisfies_is_refused(name):
    """Of a tool that must be called or of the answer: a 400, not a wrong answer."""
    wire, path, document = ASKED[name]
    for more in ({**SHUTTERED[name], **FORCED[name]}, FORMS[name]):
        with pytest.raises(ApiError) as caught:
            answer(wire, path, {**document, **more})
        assert caught.value.status == 400


anything = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False), st.text(max_size=8)),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["role", "type", "text", "content", "parts", "name", "x"]), inner, max_size=3
        ),
    ),
    max_leaves=8,
)
FIELDS = {
    *(field for _, _, document in [*ASKED.values(), *OTHERS.values()] for field in document),
    *("stream", "tools", "tool_choice", "response_format", "text", "stop", "system", "output_config"),
    *("generationConfig", "generation_config", "toolConfig", "encoding_format"),
}


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([*ASKED.values(), *OTHERS.values()]),
    st.one_of(st.binary(max_size=40), st.dictionaries(st.sampled_from(sorted(FIELDS)), anything, max_size=3)),
)
def test_no_body_crashes_a_wire(asked, change):
    """Whatever is sent is answered or refused with an error the wire can word."""
    wire, path, document = asked
    refused = None
    try:
        answer(wire, path, change if isinstance(change, bytes) else {**document, **change})
    except ApiError as error:
        refused = error
    if refused is not None:
        said = WIRES[wire].error(refused.status, code=refused.code, message=refused.message, request_id="r")
        assert 400 <= refused.status < 500
        assert json.loads(said[1])["error"]["message"]


def nested(depth):
    """A JSON text that is nested so deeply, whole."""
    return '{"items":' * depth + "{}" + "}" * depth


@pytest.mark.parametrize("name", ASKED)
@pytest.mark.parametrize("part", [{}, FORCED])
def test_deep_nesting_is_answered_or_refused(name, part):
    """However deep a tool's schema is nested, the stack is not exhausted; the limit lies where these depths are."""
    wire, path, document = ASKED[name]
    text = json.dumps({**document, **SHUTTERED[name], **part.get(name, {})})
    for depth in (30, 300, *range(880, 1000), 5000):
        try:
            answer(wire, path, text.replace('{"type": "x"}', nested(depth)).encode())
        except ApiError as error:
            refused = error.status
        else:
            refused = None
        assert refused in {None, 400}


@pytest.mark.parametrize(
    "body", [b"", b"\xff", b"{", b"[" * 100_000, b'{"model":"\xff"}', b"null", b"7", b'{"a_b":' * 20_000]
)
@pytest.mark.parametrize("asked", [*ASKED.values(), *OTHERS.values()], ids=[*ASKED, *OTHERS])
def test_bodies_that_are_no_request(asked, body):
    """Empty, cut, absurdly nested and wrongly encoded bodies are a 400."""
    with pytest.raises(ApiError) as caught:
        answer(asked[0], asked[1], body)

    assert caught.value.status == 400


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize(
    "path", ["", "/", "/v1", "/v2/models", "/v1/model", "/v1/models/m-1/x", "/v1/chat", "/v1//models"]
)
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_paths_that_are_not_served(wire, path, method):
    """There is nothing there, and the error says so."""
    with pytest.raises(ApiError) as caught:
        answer(wire, path, b"{}", method=method)

    assert caught.value.status in {404, 405}


@pytest.mark.parametrize("wire", WIRES)
@pytest.mark.parametrize("status", [*range(400, 432), 451, 499, *range(500, 512), 520, 524, 529, 599])
def test_every_error_status_has_a_body(wire, status):
    """In the form of the family, with a message, whatever the status."""
    headers, body = WIRES[wire].error(status, code=None, message=None, request_id="req_1", retry_after_s=1.5)
    error = json.loads(body)["error"]

    assert error["message"]
    if wire == "openai":
        assert set(error) == {"message", "type", "param", "code"}
        assert dict(headers)["retry-after-ms"] == "1500"
    if wire == "anthropic":
        assert json.loads(body)["request_id"] == dict(headers)["request-id"] == "req_1"
        assert error["type"].endswith(("_error", "_too_large"))
    if wire == "gemini":
        assert error["code"] == status
        assert error["details"][-1]["retryDelay"] == "1.5s"
    if wire != "gemini":
        assert dict(headers)["retry-after"] == "2"


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (0.0124, "12ms"),
        (1, "1s"),
        (1.5, "1.5s"),
        (59.9996, "1m0s"),
        (360, "6m0s"),
        (3723.25, "1h2m3.25s"),
        (-1, "0s"),
    ],
)
def test_resets_as_go_prints_durations(seconds, text):
    """OpenAI tells when an allowance is whole again as Go prints durations."""
    assert go_duration(seconds) == text


def test_limits_are_told_as_each_family_tells_them():
    """Only the allowance that is limited differs from what is customary; Gemini tells none."""
    state = RateLimitState(limit_tokens=1000, remaining_tokens=-5, reset_tokens_s=90)
    openai = dict(WIRES["openai"].rate_limit_headers(state))
    anthropic = dict(WIRES["anthropic"].rate_limit_headers(state))

    assert openai["x-ratelimit-limit-tokens"] == "1000"
    assert openai["x-ratelimit-remaining-tokens"] == "0"
    assert openai["x-ratelimit-reset-tokens"] == "1m30s"
    assert openai["x-ratelimit-limit-requests"] == "30000"
    assert anthropic["anthropic-ratelimit-input-tokens-limit"] == "1000"
    assert anthropic["anthropic-ratelimit-tokens-remaining"] == "0"
    assert anthropic["anthropic-ratelimit-requests-limit"] == "4000"
    assert WIRES["gemini"].rate_limit_headers(state) == ()


def test_gemini_frames_are_what_its_sdk_can_read():
    """No event lines, no comments, a space after the colon, and lines that end in CRLF."""
    for frame in frames(stream(*ASKED["generate"])):
        assert frame.startswith(b'data: {"candidates":')
        assert frame.endswith(b"}\r\n\r\n")
        assert frame.count(b"\n") == 2
    assert stream(*ASKED["generate"]).error_frame(None).startswith(b'data: {"error":')
    assert stream(*ASKED["generate"]).ping is None
