"""Pieces that the client's tests share: canned answers in every wire, and a way to decode bytes."""

import json
from dataclasses import dataclass

import pytest

from seawall.embeddings import EmbeddingRequest
from seawall.messages import TextDelta, ToolCallDelta
from seawall.providers.customs import WIRES
from seawall.providers.limits import LimitOptions
from seawall.providers.options import ProviderOptions
from seawall.providers.response import DecoderContext
from seawall.providers.secret import Secret
from seawall.providers.wires import codec_for, embedding_codec_for
from seawall.resilience.failures import ProviderError

KEY = "sk-very-secret-0123456789"
NOW_S = 1_790_000_000.0


@dataclass(frozen=True)
class Outcome:
    """How a response ended: the deltas that were handed out, then a reply or a failure."""

    deltas: tuple
    reply: object = None
    failure: object = None

    @property
    def text(self):
        return "".join(delta.text for delta in self.deltas if isinstance(delta, TextDelta))

    @property
    def calls(self):
        """Tool calls put together from their deltas: (id, name, arguments) by index."""
        calls = {}
        for delta in self.deltas:
            if isinstance(delta, ToolCallDelta):
                begun = calls.setdefault(delta.index, [delta.id, delta.name, ""])
                begun[2] += delta.arguments
        return [tuple(calls[index]) for index in sorted(calls)]


@dataclass(frozen=True)
class Wire:
    """One wire with canned traffic. `stream` and `tool_stream` are lists of SSE frames."""

    name: str
    text: str
    document: bytes
    stream: tuple
    tool_stream: tuple
    error: bytes
    error_frame: bytes

    def codec(self, *, limits=None, show_messages=False, **options):
        given = {"name": "alpha", "wire": self.name, "model": "m-1", "api_key": Secret(KEY), **options}
        if WIRES[self.name].public_base_url is None:
            given.setdefault("base_url", "https://harbour.example")
        context = DecoderContext(
            limits=limits or LimitOptions(), wall_clock=lambda: NOW_S, show_messages=show_messages
        )
        return codec_for(ProviderOptions(**given), context)

    def decode(self, chunks, *, stream=True, status=200, headers=None, codec=None):
        """Feed a response to a fresh decoder the way a driver does."""
        kind = "text/event-stream" if stream and status == 200 else "application/json"
        decoder = (codec or self.codec()).decoder(stream=stream)
        return outcome_of(decoder, chunks, status, {"content-type": kind} if headers is None else headers)


def outcome_of(decoder, chunks, status, headers):
    deltas = []
    try:
        decoder.head(status, headers)
        for chunk in chunks:
            deltas += decoder.feed(chunk)
            if decoder.finished:
                break
        return Outcome(tuple(deltas), reply=decoder.close())
    except ProviderError as error:
        return Outcome(tuple(deltas), failure=error.failure)


def sse(*documents, named=False):
    return tuple(
        (f"event: {document['type']}\n" if named else "").encode()
        + b"data: "
        + json.dumps(document, ensure_ascii=False).encode()
        + b"\n\n"
        for document in documents
    )


TEXT = "Zwölf Boote « 🚤 » lie in the harbour"
PIECES = ("Zwölf", " Boote « ", "🚤", " » lie in", " the harbour")


def openai_chat():
    def chunk(delta, finish=None, **more):
        return {
            "id": "c",
            "object": "chat.completion.chunk",
            "created": 1,
            "model": "m-1",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}],
            **more,
        }

    def call(**function):
        return {"tool_calls": [{"index": 0, **function}]}

    usage = {
        "prompt_tokens": 9,
        "completion_tokens": 5,
        "total_tokens": 14,
        "prompt_tokens_details": {"cached_tokens": 4},
        "completion_tokens_details": {"reasoning_tokens": 2},
    }
    message = {"role": "assistant", "content": TEXT, "refusal": None}
    return Wire(
        name="openai_chat",
        text=TEXT,
        document=json.dumps(
            {
                "id": "c",
                "object": "chat.completion",
                "created": 1,
                "model": "m-1",
                "choices": [{"index": 0, "finish_reason": "stop", "logprobs": None, "message": message}],
                "usage": usage,
            }
        ).encode(),
        stream=(
            *sse(
                chunk({"role": "assistant", "content": ""}, usage=None),
                *(chunk({"content": piece}, usage=None) for piece in PIECES),
                chunk({}, "stop", usage=None),
                {**chunk({}), "choices": [], "usage": usage},
            ),
            b"data: [DONE]\n\n",
        ),
        tool_stream=(
            *sse(
                chunk(call(id="call_a", type="function", function={"name": "look", "arguments": ""})),
                chunk(call(function={"arguments": '{"where":'})),
                chunk(call(function={"arguments": ' "port"}'})),
                chunk({"tool_calls": [{"index": 1, "id": "call_b", "function": {"name": "wait"}}]}),
                chunk({}, "tool_calls"),
            ),
            b"data: [DONE]\n\n",
        ),
        error=json.dumps(
            {"error": {"message": f"bad {KEY}", "type": "server_error", "param": None, "code": None}}
        ).encode(),
        error_frame=sse({"error": {"message": "oh", "type": "server_error", "code": None}})[0],
    )


def azure_openai():
    """OpenAI's traffic as Azure sends it: what its filters found comes first, with no choice beside it."""
    plain = openai_chat()
    filtered = {"hate": {"filtered": False, "severity": "safe"}}
    found = {"prompt_index": 0, "content_filter_results": filtered}
    first = {
        "id": "",
        "object": "",
        "created": 0,
        "model": "",
        "choices": [],
        "prompt_filter_results": [found],
    }
    inner = {"code": "InternalServerError", "message": f"bad {KEY}"}
    return Wire(
        name="azure_openai",
        text=TEXT,
        document=json.dumps({**json.loads(plain.document), "prompt_filter_results": [found]}).encode(),
        stream=(*sse(first), *plain.stream),
        tool_stream=(*sse(first), *plain.tool_stream),
        error=json.dumps({"error": inner}).encode(),
        error_frame=sse({"error": inner})[0],
    )


def openai_responses():
    usage = {
        "input_tokens": 9,
        "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 0},
        "output_tokens": 5,
        "output_tokens_details": {"reasoning_tokens": 2},
        "total_tokens": 14,
    }

    def response(status, output, **more):
        return {
            "id": "resp_1",
            "object": "response",
            "status": status,
            "model": "m-1",
            "output": output,
            **more,
        }

    def message(text, status):
        content = [{"type": "output_text", "text": text, "annotations": []}] if text else []
        return {"type": "message", "id": "msg_1", "role": "assistant", "status": status, "content": content}

    def call(call_id, name, arguments):
        return {"type": "function_call", "id": "fc", "call_id": call_id, "name": name, "arguments": arguments}

    def event(kind, **given):
        return {"type": f"response.{kind}", **given}

    def item(kind, index, given):
        return event(f"output_item.{kind}", output_index=index, item=given)

    def piece(index, text):
        return event("function_call_arguments.delta", item_id="fc", output_index=index, delta=text)

    begun = (event("created", response=response("in_progress", [])), event("in_progress", response={}))
    whole = response("completed", [message(TEXT, "completed")], error=None, usage=usage)
    calls = [call("call_a", "look", '{"where": "port"}'), call("call_b", "wait", "")]
    return Wire(
        name="openai_responses",
        text=TEXT,
        document=json.dumps(whole).encode(),
        stream=sse(
            *begun,
            item("added", 0, message("", "in_progress")),
            event(
                "content_part.added",
                output_index=0,
                content_index=0,
                part={"type": "output_text", "text": ""},
            ),
            *(event("output_text.delta", output_index=0, content_index=0, delta=text) for text in PIECES),
            event("output_text.done", output_index=0, content_index=0, text=TEXT),
            item("done", 0, message(TEXT, "completed")),
            event("completed", response=whole),
            named=True,
        ),
        tool_stream=sse(
            *begun,
            item("added", 0, call("call_a", "look", "")),
            piece(0, '{"where":'),
            piece(0, ' "port"}'),
            event("function_call_arguments.done", output_index=0, arguments='{"where": "port"}'),
            item("done", 0, calls[0]),
            item("added", 1, calls[1]),
            item("done", 1, calls[1]),
            event("completed", response=response("completed", calls, usage=usage)),
            named=True,
        ),
        error=json.dumps(
            {"error": {"message": f"bad {KEY}", "type": "server_error", "param": None, "code": None}}
        ).encode(),
        error_frame=sse(
            {"type": "error", "error": {"type": "server_error", "code": "server_error", "message": "oh"}},
            named=True,
        )[0],
    )


def anthropic():
    start = {
        "type": "message_start",
        "message": {
            "id": "msg",
            "type": "message",
            "role": "assistant",
            "model": "m-1",
            "content": [],
            "stop_reason": None,
            "usage": {"input_tokens": 5, "cache_read_input_tokens": 4, "output_tokens": 1},
        },
    }

    def delta(index, **given):
        return {"type": "content_block_delta", "index": index, "delta": given}

    def begin(index, block):
        return {"type": "content_block_start", "index": index, "content_block": block}

    made = {"output_tokens": 5, "output_tokens_details": {"thinking_tokens": 2}}

    def end(reason):
        return (
            {"type": "message_delta", "delta": {"stop_reason": reason}, "usage": made},
            {"type": "message_stop"},
        )

    def stop(index):
        return {"type": "content_block_stop", "index": index}

    return Wire(
        name="anthropic",
        text=TEXT,
        document=json.dumps(
            {
                **start["message"],
                "content": [{"type": "text", "text": TEXT}],
                "stop_reason": "end_turn",
                "usage": {"input_tokens": 5, "cache_read_input_tokens": 4, **made},
            }
        ).encode(),
        stream=sse(
            start,
            begin(0, {"type": "text", "text": ""}),
            {"type": "ping"},
            *(delta(0, type="text_delta", text=piece) for piece in PIECES),
            stop(0),
            *end("end_turn"),
            named=True,
        ),
        tool_stream=sse(
            start,
            begin(0, {"type": "tool_use", "id": "call_a", "name": "look", "input": {}}),
            delta(0, type="input_json_delta", partial_json=""),
            delta(0, type="input_json_delta", partial_json='{"where":'),
            delta(0, type="input_json_delta", partial_json=' "port"}'),
            stop(0),
            begin(1, {"type": "tool_use", "id": "call_b", "name": "wait", "input": {}}),
            stop(1),
            *end("tool_use"),
            named=True,
        ),
        error=json.dumps(
            {"type": "error", "error": {"type": "api_error", "message": f"bad {KEY}"}, "request_id": "req_1"}
        ).encode(),
        error_frame=sse(
            {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}, named=True
        )[0],
    )


def gemini():
    usage = {
        "promptTokenCount": 9,
        "candidatesTokenCount": 3,
        "thoughtsTokenCount": 2,
        "cachedContentTokenCount": 4,
        "totalTokenCount": 14,
    }

    def chunk(*parts, finish=None, **more):
        candidate = {"content": {"role": "model", "parts": list(parts)}, "index": 0}
        if finish:
            candidate["finishReason"] = finish
        return {"candidates": [candidate], "modelVersion": "m-1", "responseId": "r", **more}

    *first, last = PIECES
    return Wire(
        name="gemini",
        text=TEXT,
        document=json.dumps(chunk({"text": TEXT}, finish="STOP", usageMetadata=usage)).encode(),
        stream=sse(
            *(chunk({"text": piece}) for piece in first),
            chunk({"text": last}, finish="STOP", usageMetadata=usage),
        ),
        tool_stream=sse(
            chunk({"functionCall": {"id": "call_a", "name": "look", "args": {"where": "port"}}}),
            chunk({"functionCall": {"id": "call_b", "name": "wait"}}, finish="STOP"),
        ),
        error=json.dumps({"error": {"code": 500, "message": f"bad {KEY}", "status": "INTERNAL"}}).encode(),
        error_frame=sse({"error": {"code": 500, "message": "oh", "status": "INTERNAL"}})[0],
    )


SAMPLES = {
    wire.name: wire for wire in (openai_chat(), openai_responses(), azure_openai(), anthropic(), gemini())
}
assert set(SAMPLES) == set(WIRES)


@pytest.fixture(scope="session", params=sorted(SAMPLES))
def wire(request):
    """Each wire in turn."""
    return SAMPLES[request.param]


@pytest.fixture(scope="session")
def samples():
    """All wires by name."""
    return SAMPLES


@pytest.fixture(scope="session")
def embedding_wire():
    """Decode the response to a request for the vectors of so many texts."""

    def decode(name, chunks, *, texts, dimensions=None, status=200, headers=None, limits=None):
        options = ProviderOptions(name="alpha", wire=name, model="m-1", api_key=Secret(KEY))
        context = DecoderContext(limits=limits or LimitOptions(), wall_clock=lambda: NOW_S)
        request = EmbeddingRequest(texts=("pier",) * texts, dimensions=dimensions)
        decoder = embedding_codec_for(options, context, model="m-1").decoder(request)
        return outcome_of(decoder, chunks, status, headers or {"content-type": "application/json"})

    return decode


@pytest.fixture(scope="session")
def key():
    """The key that the codecs of these tests hold."""
    return KEY


@pytest.fixture(scope="session")
def now_s():
    """The wall clock that the codecs of these tests read."""
    return NOW_S
