"""Every way a response can fail is one `Failure` of the right kind."""

import json

import pytest

from seawall.providers.limits import LimitOptions
from seawall.resilience.failures import FailureKind, ProviderError


def openai(code=None, type_="invalid_request_error", message="x", **more):
    return {"error": {"message": message, "type": type_, "param": None, "code": code, **more}}


def anthropic(type_, error_code=None, message="x"):
    details = {"error_code": error_code} if error_code else None
    return {"type": "error", "error": {"type": type_, "message": message, "details": details}}


def gemini(status, *, message="x", details=()):
    return {"error": {"code": 0, "status": status, "message": message, "details": list(details)}}


def azure(code, message):
    return {"error": {"code": code, "message": message}}


def responses_failed(code):
    response = {"status": "failed", "error": {"code": code, "message": "x"}}
    return {"type": "response.failed", "response": response}


K = FailureKind
TABLE = [
    ("openai_chat", 400, openai("context_length_exceeded"), K.CONTEXT_LENGTH),
    ("openai_chat", 400, openai("content_filter"), K.CONTENT_FILTERED),
    ("openai_chat", 400, openai("unknown_parameter", param="foo"), K.INVALID_REQUEST),
    (
        "openai_chat",
        400,
        openai(message="This model's maximum context length is 8 tokens."),
        K.CONTEXT_LENGTH,
    ),
    ("openai_chat", 401, openai("invalid_api_key"), K.AUTH),
    ("openai_chat", 402, openai(), K.QUOTA_EXHAUSTED),
    ("openai_chat", 403, openai("unsupported_country_region_territory"), K.PERMISSION),
    ("openai_chat", 404, openai("model_not_found"), K.INVALID_REQUEST),
    ("openai_chat", 408, openai(), K.SERVER_ERROR),
    ("openai_chat", 409, openai(), K.SERVER_ERROR),
    ("openai_chat", 422, openai(), K.INVALID_REQUEST),
    ("openai_chat", 429, openai("rate_limit_exceeded", "tokens"), K.RATE_LIMITED),
    ("openai_chat", 429, openai("slow_down", "rate_limit_error"), K.RAMP_LIMITED),
    ("openai_chat", 429, openai("insufficient_quota", "insufficient_quota"), K.QUOTA_EXHAUSTED),
    ("openai_chat", 429, openai("credit_balance_exhausted"), K.QUOTA_EXHAUSTED),
    ("openai_chat", 429, openai("organization_spend_limit_exceeded"), K.QUOTA_EXHAUSTED),
    ("openai_chat", 429, openai("project_spend_limit_exceeded"), K.QUOTA_EXHAUSTED),
    ("openai_chat", 429, openai("organization_usage_limit_exceeded"), K.QUOTA_EXHAUSTED),
    ("openai_chat", 500, openai(None, "server_error"), K.SERVER_ERROR),
    ("openai_chat", 503, openai("server_is_overloaded", "service_unavailable_error"), K.OVERLOADED),
    ("openai_chat", 503, openai(None, "server_error"), K.SERVER_ERROR),
    ("openai_chat", 520, openai(None, "server_error"), K.SERVER_ERROR),
    ("openai_chat", 400, {"error": "just text"}, K.INVALID_REQUEST),
    ("openai_chat", 400, {"object": "error", "message": "x", "type": "t", "code": 400}, K.INVALID_REQUEST),
    ("openai_chat", 422, {"detail": [{"loc": ["body"], "msg": "x"}]}, K.INVALID_REQUEST),
    ("openai_chat", 500, {"error": {"code": 10**9, "type": ["x"], "message": 3}}, K.SERVER_ERROR),
    ("openai_responses", 400, openai("context_length_exceeded"), K.CONTEXT_LENGTH),
    ("openai_responses", 429, openai("slow_down", "rate_limit_error"), K.RAMP_LIMITED),
    ("openai_responses", 503, openai("server_is_overloaded"), K.OVERLOADED),
    ("azure_openai", 400, openai("content_filter", None, param="prompt"), K.CONTENT_FILTERED),
    ("azure_openai", 401, azure("401", "Access denied due to invalid subscription key"), K.AUTH),
    (
        "azure_openai",
        404,
        azure("DeploymentNotFound", "The API deployment does not exist"),
        K.INVALID_REQUEST,
    ),
    ("azure_openai", 429, azure("429", "Requests have exceeded the call rate limit"), K.RATE_LIMITED),
    ("azure_openai", 429, azure("429", "The system is currently experiencing high demand"), K.OVERLOADED),
    ("azure_openai", 429, azure("NoCapacity", "Try again later"), K.OVERLOADED),
    ("azure_openai", 500, azure("InternalServerError", "x"), K.SERVER_ERROR),
    ("azure_openai", 401, {"statusCode": 401, "message": "Unauthorized."}, K.AUTH),
    ("anthropic", 400, anthropic("invalid_request_error"), K.INVALID_REQUEST),
    (
        "anthropic",
        400,
        anthropic("invalid_request_error", message="prompt is too long: 9 tokens > 8 maximum"),
        K.CONTEXT_LENGTH,
    ),
    (
        "anthropic",
        400,
        anthropic("invalid_request_error", message="You have reached your specified API usage limits."),
        K.QUOTA_EXHAUSTED,
    ),
    ("anthropic", 401, anthropic("authentication_error"), K.AUTH),
    ("anthropic", 402, anthropic("billing_error"), K.QUOTA_EXHAUSTED),
    ("anthropic", 403, anthropic("permission_error"), K.PERMISSION),
    ("anthropic", 404, anthropic("not_found_error"), K.INVALID_REQUEST),
    ("anthropic", 413, anthropic("request_too_large"), K.INVALID_REQUEST),
    ("anthropic", 429, anthropic("rate_limit_error"), K.RATE_LIMITED),
    ("anthropic", 429, anthropic("rate_limit_error", "ramp_limit_exceeded"), K.RAMP_LIMITED),
    ("anthropic", 429, anthropic("rate_limit_error", "enforced_spend_limit_reached"), K.QUOTA_EXHAUSTED),
    ("anthropic", 429, anthropic("rate_limit_error", "contract_spend_limit_reached"), K.QUOTA_EXHAUSTED),
    ("anthropic", 500, anthropic("api_error"), K.SERVER_ERROR),
    ("anthropic", 504, anthropic("timeout_error"), K.SERVER_ERROR),
    ("anthropic", 529, anthropic("overloaded_error"), K.OVERLOADED),
    ("anthropic", 529, anthropic("overloaded_error", "compaction_unavailable"), K.OVERLOADED),
    ("gemini", 400, gemini("INVALID_ARGUMENT"), K.INVALID_REQUEST),
    (
        "gemini",
        400,
        gemini("INVALID_ARGUMENT", message="The input token count (9) exceeds the maximum number of tokens"),
        K.CONTEXT_LENGTH,
    ),
    ("gemini", 400, gemini("INVALID_ARGUMENT", details=[{"reason": "API_KEY_INVALID"}]), K.AUTH),
    ("gemini", 400, gemini("FAILED_PRECONDITION"), K.PERMISSION),
    ("gemini", 401, gemini("UNAUTHENTICATED"), K.AUTH),
    ("gemini", 403, gemini("PERMISSION_DENIED"), K.PERMISSION),
    ("gemini", 404, gemini("NOT_FOUND"), K.INVALID_REQUEST),
    ("gemini", 429, gemini("RESOURCE_EXHAUSTED"), K.RATE_LIMITED),
    ("gemini", 500, gemini("INTERNAL"), K.SERVER_ERROR),
    ("gemini", 503, gemini("UNAVAILABLE"), K.OVERLOADED),
    ("gemini", 504, gemini("DEADLINE_EXCEEDED"), K.SERVER_ERROR),
    ("gemini", 429, [gemini("RESOURCE_EXHAUSTED")], K.RATE_LIMITED),
]


@pytest.mark.parametrize(("name", "status", "body", "kind"), TABLE)
def test_error_responses_by_the_wires_own_codes(samples, name, status, body, kind):
    """Status, code, type and, where a wire has nothing better, phrase decide the kind, streamed or not."""
    for stream in (False, True):
        failure = samples[name].decode([json.dumps(body).encode()], stream=stream, status=status).failure
        assert failure.kind is kind
        assert failure.http_status == status


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, K.BAD_RESPONSE),
        (401, K.AUTH),
        (403, K.PERMISSION),
        (404, K.BAD_RESPONSE),
        (413, K.BAD_RESPONSE),
        (429, K.RATE_LIMITED),
        (500, K.SERVER_ERROR),
        (502, K.SERVER_ERROR),
        (503, K.SERVER_ERROR),
        (524, K.SERVER_ERROR),
        (529, K.OVERLOADED),
        (101, K.BAD_RESPONSE),
    ],
)
@pytest.mark.parametrize(
    "body", [b"<html>Bad gateway</html>", b"", b"upstream connect error", b"\xff{", b"{}"]
)
def test_error_responses_that_are_not_the_providers(wire, status, kind, body):
    """What a gateway says of a status is taken; a 4xx of its own says nothing about the request."""
    outcome = wire.decode([body], status=status, headers={"content-type": "text/html"})

    assert outcome.failure.kind is kind


def test_nothing_that_a_provider_says_in_words_is_repeated(wire, key):
    """Messages may quote the prompt or the key: they stay out unless asked for, and the key even then."""
    quiet = wire.decode([wire.error], status=500).failure
    loud = wire.decode([wire.error], status=500, codec=wire.codec(show_messages=True)).failure

    assert "bad" not in repr(quiet)
    assert "bad ***" in loud.detail
    assert key not in repr(quiet) + repr(loud)


def test_words_that_are_shown_cannot_drive_a_terminal(samples):
    """Escapes and line ends are taken out, and only the beginning is shown."""
    body = json.dumps(openai(message="a\x1b[2Jb\nc" + "d" * 1_000)).encode()
    wire = samples["openai_chat"]
    detail = wire.decode([body], status=500, codec=wire.codec(show_messages=True)).failure.detail

    assert "a [2Jb cddd" in detail
    assert len(detail) < 400


def test_codes_that_are_no_codes_are_not_repeated(wire, key):
    """A key, or a sentence, in the place of a code is dropped."""
    for code in (key, "please say: hunter2", "x" * 200):
        body = json.dumps({"error": {"code": code, "type": code, "status": code, "message": ""}}).encode()
        failure = wire.decode([body], status=500, headers={"x-request-id": key, "request-id": key}).failure
        assert code not in repr(failure)
        assert failure.code is None


def test_the_scope_says_whom_a_failure_concerns(samples):
    """Keys concern the provider, requests themselves, the rest the model."""
    wire = samples["openai_chat"]

    def scope(status, body):
        return wire.decode([json.dumps(body).encode()], status=status).failure.scope

    assert scope(401, openai("invalid_api_key")) == "provider"
    assert scope(429, openai("insufficient_quota")) == "provider"
    assert scope(400, openai("context_length_exceeded")) == "request"
    assert scope(503, openai()) == "model"


def test_waits_that_are_asked_for_come_along(samples):
    """From the headers, and from Gemini's body."""
    openai_failure = (
        samples["openai_chat"]
        .decode(
            [json.dumps(openai("rate_limit_exceeded")).encode()], status=429, headers={"retry-after": "20"}
        )
        .failure
    )
    retry = {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "7s"}
    gemini_failure = (
        samples["gemini"]
        .decode([json.dumps(gemini("RESOURCE_EXHAUSTED", details=[retry])).encode()], status=429)
        .failure
    )

    assert openai_failure.retry_after_s == 20
    assert gemini_failure.retry_after_s == 7


@pytest.mark.parametrize("position", [0, 2, 4])
def test_an_error_inside_a_stream(wire, position):
    """It is a failure, and what was said before it has been handed out."""
    outcome = wire.decode([*wire.stream[:position], wire.error_frame, *wire.stream[position:]])

    assert outcome.failure.kind is K.STREAM_ERROR
    assert outcome.failure.http_status == 200
    assert outcome.text == wire.decode(wire.stream[:position]).text


@pytest.mark.parametrize(
    ("name", "body", "kind"),
    [
        ("openai_chat", openai("insufficient_quota"), K.QUOTA_EXHAUSTED),
        ("openai_chat", openai(None, "rate_limit_error"), K.RATE_LIMITED),
        ("openai_chat", {"error": "text"}, K.STREAM_ERROR),
        ("openai_chat", {"error": {"code": 429, "message": "x"}}, K.RATE_LIMITED),
        ("openai_chat", {"error": {"code": 502, "message": "x"}}, K.STREAM_ERROR),
        ("openai_chat", {"error": {"code": 400, "message": "x"}}, K.INVALID_REQUEST),
        ("openai_chat", {"choices": [{"delta": {}, "finish_reason": "error"}]}, K.STREAM_ERROR),
        ("openai_responses", {"type": "error", **openai("rate_limit_exceeded")}, K.RATE_LIMITED),
        (
            "openai_responses",
            {"type": "error", "code": "rate_limit_exceeded", "message": "x"},
            K.RATE_LIMITED,
        ),
        ("openai_responses", {"type": "error", "code": "server_error", "message": "x"}, K.STREAM_ERROR),
        ("openai_responses", responses_failed("server_error"), K.STREAM_ERROR),
        ("openai_responses", responses_failed("rate_limit_exceeded"), K.RATE_LIMITED),
        ("azure_openai", azure("content_filter", "x"), K.CONTENT_FILTERED),
        ("anthropic", anthropic("overloaded_error"), K.STREAM_ERROR),
        ("anthropic", anthropic("invalid_request_error"), K.INVALID_REQUEST),
        ("gemini", gemini("RESOURCE_EXHAUSTED"), K.RATE_LIMITED),
        ("gemini", gemini("UNAVAILABLE"), K.STREAM_ERROR),
    ],
)
def test_errors_inside_a_stream_keep_a_kind_that_tells_more(samples, name, body, kind):
    """An exhausted quota is one wherever it is said; passing trouble is `stream_error` with the provider's code."""
    assert samples[name].decode([b"data: " + json.dumps(body).encode() + b"\n\n"]).failure.kind is kind


@pytest.mark.parametrize("stream", [False, True], ids=["document", "stream"])
def test_an_error_document_in_a_200(wire, stream):
    """A status of 200 does not make an answer of it."""
    outcome = wire.decode([wire.error], stream=stream, headers={"content-type": "application/json"})

    assert outcome.reply is None
    assert outcome.failure.kind is K.SERVER_ERROR


def test_every_truncated_stream_is_noticed(wire):
    """Cut after any frame but the terminal one, the clean end of the body is no end of the answer."""
    last = {"openai_chat": 2, "azure_openai": 2}.get(wire.name, 0)  # frames after the finish_reason
    for kept in range(1, len(wire.stream) - last):
        assert wire.decode(wire.stream[:kept]).failure.kind is K.STREAM_TRUNCATED, kept
    for kept in range(len(wire.stream) - last, len(wire.stream) + 1):
        assert wire.decode(wire.stream[:kept]).reply.text == wire.text, kept


def test_a_stream_cut_inside_its_last_event_is_noticed(wire):
    """Text that was never handed out is not slipped into the reply either."""
    body = b"".join(wire.stream)
    whole = wire.decode([body])
    for cut in range(len(body) - 1, len(body) - 120, -1):
        outcome = wire.decode([body[:cut]])
        assert outcome.failure is not None or outcome.reply.text == whole.text == outcome.text, cut


def test_done_alone_ends_an_answer_only_where_the_settings_say_so(samples):
    """Some servers never send a finish_reason; gateways put [DONE] after a broken stream too."""
    wire = samples["openai_chat"]
    cut = [*wire.stream[:4], b"data: [DONE]\n\n"]
    strict, lenient = wire.decode(cut), wire.decode(cut, codec=wire.codec(finish_reason="optional"))

    assert strict.failure.kind is K.STREAM_TRUNCATED
    assert "finish_reason: optional" in strict.failure.detail
    assert lenient.reply.stop_reason == "other"
    assert wire.decode(wire.stream[:4], codec=wire.codec(finish_reason="optional")).failure is not None


def test_message_stop_without_a_reason_is_no_end(samples):
    """Anthropic's message_delta was lost on the way."""
    wire = samples["anthropic"]

    assert wire.decode([*wire.stream[:-2], wire.stream[-1]]).failure.kind is K.STREAM_TRUNCATED


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ({"content-type": "text/html; charset=utf-8"}, b"<!doctype html><p>Welcome to the hotel WiFi"),
        ({"content-type": "image/png"}, b"\x89PNG"),
        ({}, b"<html></html>"),
        ({}, b""),
        ({"content-type": "application/json"}, b""),
        ({"content-type": "application/json"}, b" \r\n\t"),
        ({"content-type": "application/json"}, b"{}"),
        ({"content-type": "application/json"}, b"null"),
        ({"content-type": "application/json"}, b"[]"),
        ({"content-type": "application/json"}, b'{"choices": [{"mess'),
        ({"content-type": "application/json"}, b'{"choices": [], "candidates": [], "content": 3}'),
        ({"content-type": "application/json"}, b'{"choices": [{"message": null}], "candidates": [{}]}'),
        ({"content-type": "application/json"}, b'{"choices": "\xff"}'),
        ({"content-type": "application/json"}, b'"\xed\xa0\x80"'),
        ({"content-type": "application/json", "content-length": "99999999999"}, b"{}"),
    ],
)
@pytest.mark.parametrize("stream", [False, True], ids=["document", "stream"])
def test_what_is_no_answer_at_all(wire, headers, body, stream):
    """HTML, an empty body, `{}`, garbage, invalid UTF-8, an absurd length."""
    outcome = wire.decode([body], stream=stream, headers=headers)

    assert outcome.failure.kind is K.BAD_RESPONSE
    assert outcome.failure.http_status == 200


def test_redirects_are_not_answers(wire):
    """Nor are they followed."""
    outcome = wire.decode([b""], status=307, headers={"location": "http://elsewhere"})

    assert (outcome.failure.kind, outcome.failure.code) == (K.BAD_RESPONSE, "redirect")


@pytest.mark.parametrize(
    "data", [b"{", b'{"a": }', b"hello", b"[[", b'{"error": ', b"NaN", b'"\\ud800"', b"1" * 5_000]
)
def test_malformed_events(wire, data):
    """One failure, after what was said before has been handed out."""
    outcome = wire.decode([b"".join(wire.stream[:4]) + b"data: " + data + b"\n\n"])

    assert outcome.failure.kind is K.BAD_RESPONSE
    assert outcome.text == wire.decode(wire.stream[:4]).text


def test_a_document_where_a_stream_was_asked_for(wire):
    """And the other way round."""
    as_document = {"content-type": "application/json"}

    assert wire.decode([wire.document], headers=as_document).failure.kind is K.BAD_RESPONSE
    outcome = wire.decode(wire.stream, stream=False, headers={"content-type": "text/event-stream"})
    assert outcome.failure.kind is K.BAD_RESPONSE


def test_a_stream_under_a_documents_content_type_is_read(wire):
    """Some servers label it so."""
    assert wire.decode(wire.stream, headers={"content-type": "application/json"}).reply.text == wire.text
    assert wire.decode(wire.stream, headers={}).reply.text == wire.text


@pytest.mark.parametrize("depth", [70, 100_000])
@pytest.mark.parametrize("stream", [False, True], ids=["document", "stream"])
def test_deep_nesting_is_refused(wire, depth, stream):
    """In members that are read and in those that are not, without deep recursion."""
    deep = b'{"x": ' + b'[{"a":' * depth + b"1" + b"}]" * depth + b"}"
    chunks = [b"data: " + deep + b"\n\n"] if stream else [deep]
    failure = wire.decode(chunks, stream=stream).failure

    assert failure.kind is K.BAD_RESPONSE
    assert "nested deeper than 64" in failure.detail


def test_brackets_inside_of_text_are_no_nesting(wire):
    """An answer that is full of code is not deep."""
    code = "[[{" * 300 + '\\"' + "]" * 50
    body = wire.document.replace(json.dumps(wire.text)[1:-1].encode(), json.dumps(code)[1:-1].encode())

    assert wire.decode([body], stream=False).reply.text == code


LIMITS = LimitOptions(
    body_bytes_max=2_048, stream_bytes_max=4_096, event_bytes_max=1_024, error_bytes_max=1_024
)


@pytest.mark.parametrize("chunk", [1, 100, 5_000])
def test_endless_bodies_are_given_up(wire, chunk):
    """Documents, streams, single events and pings: each ends at its limit, with what it said handed out."""
    pieces = [b"x" * chunk] * (10_000 // chunk)
    pings = [b": p\n" * chunk] * (10_000 // chunk)
    codec = wire.codec(limits=LIMITS)

    document = wire.decode([b'{"a": "', *pieces], stream=False, codec=codec)
    event = wire.decode([wire.stream[0], b"data: ", *pieces], codec=codec)
    stream = wire.decode([*wire.stream[:3], *pings], codec=codec)

    for outcome in (document, event, stream):
        assert (outcome.failure.kind, outcome.failure.code) == (K.BAD_RESPONSE, "oversized")
    assert stream.text == wire.decode(wire.stream[:3]).text


def test_endless_error_bodies_are_cut(wire):
    """The status still counts, and nobody waits for the end."""
    decoder = wire.codec(limits=LIMITS).decoder(stream=True)
    decoder.head(503, {})
    for _ in range(20):
        assert decoder.feed(b"<html>" * 20) == []

    assert decoder.finished
    with pytest.raises(ProviderError) as caught:
        decoder.close()
    assert caught.value.failure.kind is K.SERVER_ERROR


def test_a_failure_is_for_ever(wire):
    """Every later call raises the same one."""
    decoder = wire.codec().decoder(stream=True)
    decoder.head(200, {"content-type": "text/event-stream"})
    raised = []
    for call in (lambda: decoder.feed(b"data: {\n\n"), lambda: decoder.feed(wire.stream[0]), decoder.close):
        with pytest.raises(ProviderError) as caught:
            call()
        raised.append(caught.value.failure)

    assert decoder.finished
    assert len(set(map(repr, raised))) == 1


def test_the_first_failure_counts(wire):
    """Split or not, what comes after it is not looked at."""
    body = [b"data: {\n\n", b"data: " + b"x" * 2_000 + b"\n\n"]
    codec = wire.codec(limits=LIMITS)

    for chunks in (body, [b"".join(body)]):
        assert wire.decode(chunks, codec=codec).failure.detail == "malformed JSON"


def test_too_many_tool_calls_are_refused(samples):
    """A list of calls is bounded like everything else."""
    call = {"function": {"name": "f"}}
    chunk = {"choices": [{"delta": {"tool_calls": [{"index": i, **call} for i in range(300)]}}]}
    outcome = samples["openai_chat"].decode([b"data: " + json.dumps(chunk).encode() + b"\n\n"])

    assert outcome.failure.kind is K.BAD_RESPONSE
