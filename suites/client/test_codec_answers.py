"""Answers of every wire, streamed and whole."""

import json

import pytest

from seawall.messages import ToolCall, Usage
from seawall.providers.wire import Ping
from seawall.resilience.failures import FailureKind


def sse(*documents):
    return [b"data: " + json.dumps(document).encode() + b"\n\n" for document in documents]


def openai_stream(*deltas, finish="stop", done=True):
    chunks = [{"choices": [{"index": 0, "delta": delta}]} for delta in deltas]
    chunks += [{"choices": [{"index": 0, "delta": {}, "finish_reason": finish}]}] if finish else []
    return sse(*chunks) + ([b"data: [DONE]\n\n"] if done else [])


def gemini_stream(*parts, finish="STOP"):
    return sse({"candidates": [{"content": {"parts": list(parts)}, "finishReason": finish}]})


def responses_stream(*events, end="completed", **response):
    return sse(*events, {"type": f"response.{end}", "response": {"status": end, **response}})


def said(text):
    return {"type": "response.output_text.delta", "output_index": 0, "delta": text}


def test_a_stream_says_what_was_meant(wire):
    """Text, stop reason, model and counts; input tokens include the cached ones."""
    outcome = wire.decode(wire.stream)

    assert outcome.failure is None
    assert outcome.text == outcome.reply.text == wire.text
    assert outcome.reply.stop_reason == "stop"
    assert outcome.reply.model == "m-1"
    assert outcome.reply.usage == Usage(
        input_tokens=9, output_tokens=5, cached_input_tokens=4, reasoning_tokens=2
    )


def test_a_document_says_the_same(wire):
    """Streamed or not, the reply is equal."""
    document = wire.decode([wire.document], stream=False)

    assert document.deltas == ()
    assert document.reply == wire.decode(wire.stream).reply


def test_request_ids_come_from_the_head(samples):
    """Each wire's own header; absurd ones are not taken over."""
    openai = samples["openai_chat"]

    def reply(wire, value):
        name = "request-id" if wire.name == "anthropic" else "x-request-id"
        return wire.decode([wire.document], stream=False, headers={name: value}).reply

    assert reply(openai, "req_7").request_id == "req_7"
    assert reply(samples["anthropic"], "req_8").request_id == "req_8"
    assert reply(openai, "x" * 500).request_id is None


def test_tool_calls_are_put_together(wire):
    """Arguments in pieces, a second call, and one without arguments."""
    outcome = wire.decode(wire.tool_stream)

    assert outcome.failure is None
    assert [(call.id, call.name) for call in outcome.reply.tool_calls] == [
        ("call_a", "look"),
        ("call_b", "wait"),
    ]
    assert json.loads(outcome.reply.tool_calls[0].arguments) == {"where": "port"}
    assert outcome.reply.tool_calls[1].arguments == "{}"
    assert outcome.reply.stop_reason == "tool_calls"
    joined = [(call_id, name, arguments or "{}") for call_id, name, arguments in outcome.calls]
    assert joined == [(call.id, call.name, call.arguments) for call in outcome.reply.tool_calls]


def test_whole_tool_calls_in_documents(samples):
    """Arguments are the JSON text as the model wrote it, be it a string or an object on the wire."""
    function = {"name": "look", "arguments": '{"a":1}'}
    openai = {
        "choices": [
            {
                "message": {
                    "content": None,
                    "tool_calls": [{"id": "c", "type": "function", "function": function}],
                },
                "finish_reason": "tool_calls",
            }
        ]
    }
    anthropic = {
        "content": [{"type": "tool_use", "id": "c", "name": "look", "input": {"a": 1}}],
        "stop_reason": "tool_use",
    }
    for name, document in (("openai_chat", openai), ("anthropic", anthropic)):
        body = json.dumps(document, separators=(",", ":")).encode()
        reply = samples[name].decode([body], stream=False).reply
        assert reply.tool_calls == (ToolCall(id="c", name="look", arguments='{"a":1}'),)
        assert reply.stop_reason == "tool_calls"


def test_lenient_servers_tool_calls(samples):
    """Calls that all carry index 0, or none, or no id, are still told apart."""
    first = {"id": "a", "function": {"name": "f", "arguments": "{}"}}
    second = {"id": "b", "function": {"name": "g", "arguments": '{"x":1}'}}
    same_index = openai_stream(
        {"tool_calls": [{"index": 0, **first}]}, {"tool_calls": [{"index": 0, **second}]}
    )
    no_index = openai_stream({"tool_calls": [first, second]})
    no_id = openai_stream({"tool_calls": [{"function": {"name": "f"}}]}, finish="stop")
    wire = samples["openai_chat"]

    for chunks in (same_index, no_index):
        calls = wire.decode(chunks).reply.tool_calls
        assert [(call.id, call.name, call.arguments) for call in calls] == [
            ("a", "f", "{}"),
            ("b", "g", '{"x":1}'),
        ]
    reply = wire.decode(no_id).reply
    assert reply.tool_calls == (ToolCall(id="call_0", name="f", arguments="{}"),)
    assert reply.stop_reason == "tool_calls"


@pytest.mark.parametrize(
    ("name", "chunks", "stop_reason"),
    [
        ("openai_chat", openai_stream({"content": "a"}, finish="length"), "length"),
        ("openai_chat", openai_stream({"content": "a"}, finish="content_filter"), "content_filter"),
        ("openai_chat", openai_stream({"content": "a"}, finish="eos"), "other"),
        ("openai_chat", openai_stream({"content": "a"}, {"refusal": "no"}), "refusal"),
        ("openai_chat", openai_stream(finish="length"), "length"),
        ("openai_chat", openai_stream({"content": "a"}, finish="model_length"), "length"),
        ("openai_responses", responses_stream(said("a")), "stop"),
        (
            "openai_responses",
            responses_stream(said("a"), end="incomplete", incomplete_details={"reason": "max_output_tokens"}),
            "length",
        ),
        (
            "openai_responses",
            responses_stream(said("a"), end="incomplete", incomplete_details={"reason": "content_filter"}),
            "content_filter",
        ),
        ("openai_responses", responses_stream(said("a"), end="incomplete"), "other"),
        (
            "openai_responses",
            responses_stream(said("a"), {"type": "response.refusal.delta", "delta": "no"}),
            "refusal",
        ),
        ("gemini", gemini_stream({"text": "a"}, finish="MAX_TOKENS"), "length"),
        ("gemini", gemini_stream({"text": "a"}, finish="CONTINUATION"), "length"),
        ("gemini", gemini_stream({"text": "a"}, finish="SAFETY"), "content_filter"),
        ("gemini", gemini_stream({"text": "a"}, finish="IMAGE_SAFETY"), "content_filter"),
        ("gemini", gemini_stream({"text": "a"}, finish="OTHER"), "other"),
        ("gemini", gemini_stream({"functionCall": {"name": "f"}}), "tool_calls"),
    ],
)
def test_why_an_answer_ended(samples, name, chunks, stop_reason):
    """Each wire's reasons in one vocabulary."""
    assert samples[name].decode(chunks).reply.stop_reason == stop_reason


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("end_turn", "stop"),
        ("stop_sequence", "stop"),
        ("max_tokens", "length"),
        ("model_context_window_exceeded", "length"),
        ("refusal", "refusal"),
        ("pause_turn", "other"),
    ],
)
def test_why_an_anthropic_answer_ended(samples, given, expected):
    """The same for Anthropic, where the reason comes before the end."""
    wire = samples["anthropic"]
    chunks = [frame.replace(b'"end_turn"', json.dumps(given).encode()) for frame in wire.stream]

    assert wire.decode(chunks).reply.stop_reason == expected


@pytest.mark.parametrize(
    ("name", "chunks", "kind"),
    [
        ("openai_chat", openai_stream({"refusal": "I cannot"}), FailureKind.REFUSED),
        ("openai_chat", openai_stream(finish="content_filter"), FailureKind.CONTENT_FILTERED),
        ("openai_chat", openai_stream(), FailureKind.BAD_RESPONSE),
        ("openai_responses", responses_stream({"type": "response.refusal.delta"}), FailureKind.REFUSED),
        ("openai_responses", responses_stream(), FailureKind.BAD_RESPONSE),
        ("openai_responses", responses_stream(said("a"), end="cancelled"), FailureKind.BAD_RESPONSE),
        ("gemini", gemini_stream(finish="PROHIBITED_CONTENT"), FailureKind.CONTENT_FILTERED),
        ("gemini", sse({"promptFeedback": {"blockReason": "SAFETY"}}), FailureKind.CONTENT_FILTERED),
        ("gemini", gemini_stream(finish="MALFORMED_FUNCTION_CALL"), FailureKind.BAD_RESPONSE),
        ("gemini", gemini_stream(), FailureKind.BAD_RESPONSE),
    ],
)
def test_an_answer_that_says_nothing_is_a_failure(samples, name, chunks, kind):
    """Another provider may say something; an empty text would pass for an answer."""
    outcome = samples[name].decode(chunks)

    assert outcome.reply is None
    assert outcome.failure.kind is kind


def test_reasoning_is_progress_but_no_part_of_the_answer(samples):
    """It is neither text nor a mere keep-alive."""
    thinking = Ping(thinking=True)
    openai = samples["openai_chat"].decode(openai_stream({"reasoning_content": "hm"}, {"content": "a"}))
    gemini = samples["gemini"].decode(gemini_stream({"text": "hm", "thought": True}, {"text": "a"}))
    delta = {"type": "content_block_delta", "index": 0, "delta": {"type": "thinking_delta", "thinking": "hm"}}
    anthropic = samples["anthropic"].decode(sse(delta))
    reasoned = {"type": "response.reasoning_summary_text.delta", "delta": "hm"}
    responses = samples["openai_responses"].decode(responses_stream(reasoned, said("a")))

    assert thinking in responses.deltas
    assert responses.reply.text == "a"
    assert thinking in openai.deltas
    assert openai.reply.text == "a"
    assert thinking in gemini.deltas
    assert gemini.reply.text == "a"
    assert anthropic.deltas == (thinking,)


def signatures(outcome):
    return [call.signature for call in outcome.reply.tool_calls]


def test_gemini_signs_a_call(samples):
    """The signature belongs to the part that holds the call, and is marked with who wrote it."""
    first = {"functionCall": {"name": "f"}, "thoughtSignature": "c2VhbA=="}
    outcome = samples["gemini"].decode(gemini_stream(first, {"functionCall": {"name": "g"}}))

    assert signatures(outcome) == ["gemini:alpha:c2VhbA==", None]


def test_servers_of_openais_wire_add_to_a_call(samples):
    """Google its signature, DeepSeek the reasoning before it; null is nothing."""
    extra = {"google": {"thought_signature": "c2VhbA=="}}
    first = {"index": 0, "id": "a", "function": {"name": "f"}, "extra_content": extra}
    second = {"index": 1, "id": "b", "function": {"name": "g"}, "extra_content": None}
    outcome = samples["openai_chat"].decode(
        openai_stream({"reasoning_content": "h"}, {"reasoning_content": "m"}, {"tool_calls": [first, second]})
    )
    sealed, nothing = signatures(outcome)
    (reasoned,) = signatures(
        samples["openai_chat"].decode(openai_stream({"reasoning_content": "hm", "tool_calls": [second]}))
    )

    assert json.loads(reasoned.removeprefix("openai_chat:alpha:")) == {"reasoning_content": "hm"}
    assert json.loads(sealed.removeprefix("openai_chat:alpha:")) == {
        "reasoning_content": "hm",
        "extra_content": extra,
    }
    assert nothing is None


def test_anthropic_thinks_before_a_call(samples):
    """What was thought and sealed, streamed or whole, goes with the call that follows it."""
    wire = samples["anthropic"]

    def begin(index, **block):
        return {"type": "content_block_start", "index": index, "content_block": block}

    def piece(index, **delta):
        return {"type": "content_block_delta", "index": index, "delta": delta}

    thoughts = sse(
        begin(5, type="thinking", thinking=""),
        piece(5, type="thinking_delta", thinking="h"),
        piece(5, type="thinking_delta", thinking="m"),
        piece(5, type="signature_delta", signature="s"),
        begin(6, type="redacted_thinking", data="x"),
    )
    streamed = wire.decode([wire.tool_stream[0], *thoughts, *wire.tool_stream[1:]])
    blocks = [
        {"type": "thinking", "thinking": "hm", "signature": "s"},
        {"type": "redacted_thinking", "data": "x"},
    ]
    call = {"type": "tool_use", "id": "c", "name": "look", "input": {}}
    document = {"content": [*blocks, call], "stop_reason": "tool_use"}
    whole = wire.decode([json.dumps(document).encode()], stream=False)

    for outcome in (streamed, whole):
        first, *others = signatures(outcome)
        assert first.startswith("anthropic:alpha:")
        assert json.loads(first.removeprefix("anthropic:alpha:")) == blocks
        assert not any(others)


def test_responses_reasons_before_a_call(samples):
    """Sealed reasoning goes with the call it led to."""
    wire = samples["openai_responses"]
    sealed = {"type": "reasoning", "id": "rs", "summary": [], "encrypted_content": "seal"}
    call = {"type": "function_call", "call_id": "c", "name": "look", "arguments": "{}"}
    streamed = wire.decode(
        responses_stream(
            {"type": "response.output_item.done", "output_index": 0, "item": sealed},
            {"type": "response.output_item.done", "output_index": 1, "item": call},
        )
    )
    document = {"status": "completed", "output": [sealed, call]}
    whole = wire.decode([json.dumps(document).encode()], stream=False)

    for outcome in (streamed, whole):
        assert signatures(outcome) == ["openai_responses:alpha:seal"]
        assert outcome.reply.stop_reason == "tool_calls"


def test_keep_alives_are_pings(wire):
    """Comments, and Anthropic's own event."""
    assert wire.decode([b": still here\n\n"]).deltas == (Ping(),)


@pytest.mark.parametrize("odd", [b'{"choices": []}', b'{"choices": [], "prompt_filter_results": []}', b"{}"])
def test_chunks_without_choices_do_no_harm(samples, odd):
    """Azure sends one first, usage comes in one last."""
    wire = samples["openai_chat"]

    assert wire.decode([b"data: " + odd + b"\n\n", *wire.stream]).reply.text == wire.text


def test_unknown_events_and_blocks_of_anthropic_are_passed_over(samples):
    """The wire's documentation announces that there will be new ones."""
    wire = samples["anthropic"]
    news = sse(
        {"type": "weather_report", "sky": [1]},
        {"type": "content_block_start", "index": 9, "content_block": {"type": "server_tool_use", "id": "s"}},
        {
            "type": "content_block_delta",
            "index": 9,
            "delta": {"type": "input_json_delta", "partial_json": "{"},
        },
        {"type": "content_block_stop", "index": 9},
    )
    outcome = wire.decode([wire.stream[0], *news, *wire.stream[1:]])

    assert outcome.reply.text == wire.text
    assert outcome.reply.tool_calls == ()


def test_the_type_in_the_data_suffices(samples):
    """A gateway that drops Anthropic's `event:` lines loses nothing."""
    wire = samples["anthropic"]
    bare = [frame.split(b"\n", 1)[1] for frame in wire.stream]

    assert wire.decode(bare).reply == wire.decode(wire.stream).reply


@pytest.mark.parametrize("usage", ['"many"', '{"prompt_tokens": -4}', '{"prompt_tokens": 1e300}', "[[]]"])
def test_absurd_counts_do_not_cost_the_answer(samples, usage):
    """They count as unknown."""
    wire = samples["openai_chat"]
    body = (
        b'{"choices": [{"message": {"content": "a"}, "finish_reason": "stop"}], "usage": %s}' % usage.encode()
    )
    reply = wire.decode([body], stream=False).reply

    assert reply.text == "a"
    assert reply.usage == Usage()


def test_what_follows_the_terminal_event_is_not_waited_for(samples):
    """A server that keeps the connection open after `[DONE]` has answered all the same."""
    for name in ("openai_chat", "openai_responses", "azure_openai", "anthropic"):
        wire = samples[name]
        decoder = wire.codec().decoder(stream=True)
        decoder.head(200, {"content-type": "text/event-stream"})
        for frame in wire.stream:
            assert not decoder.finished
            decoder.feed(frame)
        assert decoder.finished
        assert decoder.feed(b"data: nonsense\n\n") == []
        assert decoder.close().text == wire.text
        assert wire.decode([b"".join(wire.stream) + b"data: nonsense\n\n"]).reply.text == wire.text
