"""`POST /responses`: the response whole, or as named events with rising sequence numbers."""

from collections.abc import Iterator
from functools import partial
from itertools import count
from typing import Any

from msgspec import json

from seawall_simulators.draw import Draw
from seawall_simulators.reply import Call, Reply
from seawall_simulators.wire import Answer, ApiError, ProviderView, Request
from seawall_simulators.wires.decoding import read
from seawall_simulators.wires.openai_content import token_scores
from seawall_simulators.wires.openai_dialect import OPENAI, Dialect
from seawall_simulators.wires.openai_errors import error_object, no_such_model
from seawall_simulators.wires.openai_headers import CREATED
from seawall_simulators.wires.openai_responses_request import RESPONSES_REQUEST, NamedTool, ResponsesRequest
from seawall_simulators.wires.reply import ToolSchemaError, decide
from seawall_simulators.wires.schema_merge import SchemaError

OPERATION = "responses"
LOGPROBS = "message.output_text.logprobs"
MESSAGE = b'{"id":"%b","type":"message","status":"%b","role":"assistant","content":[%b]}'
TEXT = b'{"type":"output_text","annotations":[],"logprobs":%b,"text":%b}'
CALL = b'{"id":"%b","type":"function_call","status":"%b","arguments":%b,"call_id":"%b","name":%b}'
USAGE = (
    b'{"input_tokens":%d,"input_tokens_details":{"cached_tokens":0,"cache_write_tokens":0},'
    b'"output_tokens":%d,"output_tokens_details":{"reasoning_tokens":0},"total_tokens":%d}'
)
OUTPUT_TOKENS_MIN = 16
"""The least `max_output_tokens` the API allows."""


def responses(request: Request, provider: ProviderView, draw: Draw) -> Answer:
    """The response asked for; raises BodyError and ApiError."""
    asked = read(RESPONSES_REQUEST, request.body)
    if asked.model not in provider.models:
        raise no_such_model(asked.model, stream=bool(asked.stream))
    return response(asked, provider, draw, OPENAI)


def response(asked: ResponsesRequest, provider: ProviderView, draw: Draw, dialect: Dialect) -> Answer:
    """The response of a model that there is; raises ApiError."""
    check(asked)
    try:
        reply = decide(asked.wish(provider.tokens), draw, provider.told)
    except ToolSchemaError as error:
        raise ApiError(
            400, "invalid_function_parameters", f"Invalid schema for function '{error.name}': {error}."
        ) from error
    except SchemaError as error:
        raise ApiError(400, "invalid_json_schema", f"Invalid schema for response_format: {error}.") from error
    said = Said(asked, reply, draw, dialect)
    asked_id = dialect.request_id(draw)
    common: dict[str, Any] = {
        "operation": OPERATION,
        "request_id": asked_id,
        "model": asked.model,
        "headers": dialect.headers(asked_id, asked.model),
        "text": said.text,
        "input_tokens": said.input_tokens,
        "output_tokens": said.output_tokens,
    }
    if not asked.stream:
        return Answer(body=said.response(said.status, said.items(said.status)), **common)
    number = count()
    head, tokens, tail = said.events(number)
    return Answer(
        stream=True,
        content_type="text/event-stream; charset=utf-8",
        head_chunks=head,
        token_chunks=tokens,
        tail_chunks=tail,
        error_frame=partial(error_frame, next(number)),
        **common,
    )


def check(asked: ResponsesRequest) -> None:
    """Raises ApiError for a request of the right form that still cannot be served."""
    if asked.max_output_tokens is not None and asked.max_output_tokens < OUTPUT_TOKENS_MIN:
        message = f"Invalid 'max_output_tokens': integer below minimum value. Expected at least {OUTPUT_TOKENS_MIN}."
        raise ApiError(400, "invalid_value", message)
    form = asked.text.format if asked.text else None
    if form is not None and form.type == "json_schema" and (form.schema is None or form.name is None):
        missing = "schema" if form.schema is None else "name"
        message = f"Missing required parameter: 'text.format.{missing}'."
        raise ApiError(400, "missing_required_parameter", message)
    if isinstance(asked.tool_choice, NamedTool) and all(
        tool.name != asked.tool_choice.name for tool in asked.tools or ()
    ):
        raise ApiError(400, None, f"Tool choice '{asked.tool_choice.name}' not found in 'tools' parameter.")


def error_frame(sequence_number: int, code: str | None) -> bytes:
    """The nested form of the error event, which is what the live API sends and the SDK raises for."""
    event = {
        "type": "error",
        "sequence_number": sequence_number,
        "error": error_object(500, code or "server_error", None),
    }
    return b"event: error\ndata: %b\n\n" % json.encode(event)


class Said:
    """One response in its forms: begun and finished, whole and in events."""

    def __init__(self, asked: ResponsesRequest, reply: Reply, draw: Draw, dialect: Dialect) -> None:
        self.reply = reply
        self.dialect = dialect
        self.text = "".join(reply.tokens)
        wanted = asked.include is not None and LOGPROBS in asked.include
        scores = token_scores(reply.scored()) if wanted else []
        self.scores = [json.encode([score]) for score in scores] or [b"[]"] * len(reply.tokens)
        self.logprobs = json.encode(scores)
        self.status = b"incomplete" if reply.why == "length" else b"completed"
        self.message_id = draw.id("msg_", 24).encode()
        self.call_ids = [(draw.id("fc_", 24).encode(), draw.id("call_", 24).encode()) for _ in reply.calls]
        self.input_tokens = asked.input_tokens()
        self.output_tokens = len(reply.tokens) + sum(len(call.fragments()) for call in reply.calls)
        self.opening = b'{"id":"%b","object":"response","created_at":%d,' % (
            draw.id("resp_", 24).encode(),
            CREATED,
        )
        self.echo = json.encode(echo(asked))[1:]

    def response(self, status: bytes, output: list[bytes]) -> bytes:
        """The response object; usage is known once it is no longer in progress."""
        usage, details, more = b"null", b"null", self.dialect.response_begun
        if status != b"in_progress":
            more = self.dialect.response
            total = self.input_tokens + self.output_tokens
            usage = USAGE % (self.input_tokens, self.output_tokens, total)
        if status == b"incomplete":
            details = b'{"reason":"max_output_tokens"}'
        return b'%b"status":"%b","error":null,"incomplete_details":%b,"output":[%b],"usage":%b%b,%b' % (
            self.opening,
            status,
            details,
            b",".join(output),
            usage,
            more,
            self.echo,
        )

    def items(self, status: bytes) -> list[bytes]:
        """The finished items of the output."""
        if self.reply.calls:
            return [
                self.call_item(n, call, b"completed", quoted(call)) for n, call in enumerate(self.reply.calls)
            ]
        return [MESSAGE % (self.message_id, status, TEXT % (self.logprobs, json.encode(self.text)))]

    def call_item(self, index: int, call: Call, status: bytes, arguments: bytes) -> bytes:
        """A call as an item of the output, with its arguments as a JSON string."""
        item_id, call_id = self.call_ids[index]
        return CALL % (item_id, status, arguments, call_id, json.encode(call.name))

    def events(self, number: Iterator[int]) -> tuple[tuple[bytes, ...], tuple[bytes, ...], tuple[bytes, ...]]:
        """Head, token and tail frames."""
        begun = b'"response":' + self.response(b"in_progress", [])
        head = [event(b"response.created", number, begun), event(b"response.in_progress", number, begun)]
        if self.reply.calls:
            tokens, last = self.call_events(number)
        else:
            opened, tokens, last = self.text_events(number)
            head += opened
        finished = b'"response":' + self.response(self.status, self.items(self.status))
        end = event(b"response." + self.status, number, finished)
        return tuple(head), tuple(tokens), (*last, end)

    def text_events(self, number: Iterator[int]) -> tuple[list[bytes], list[bytes], list[bytes]]:
        """The events of a message: those that open it, one per token, those that close it."""
        place = b'"item_id":"%b","output_index":0,"content_index":0,' % self.message_id
        item = b'"output_index":0,"item":%b'
        opened = [
            event(
                b"response.output_item.added",
                number,
                item % (MESSAGE % (self.message_id, b"in_progress", b"")),
            ),
            event(b"response.content_part.added", number, place + b'"part":' + TEXT % (b"[]", b'""')),
        ]
        tokens = [
            event(
                b"response.output_text.delta",
                number,
                b'%b"delta":%b,"logprobs":%b' % (place, json.encode(token), score),
            )
            for token, score in zip(self.reply.tokens, self.scores, strict=True)
        ]
        text = json.encode(self.text)
        closed = [
            event(
                b"response.output_text.done",
                number,
                b'%b"text":%b,"logprobs":%b' % (place, text, self.logprobs),
            ),
            event(b"response.content_part.done", number, place + b'"part":' + TEXT % (self.logprobs, text)),
            event(
                b"response.output_item.done",
                number,
                item % (MESSAGE % (self.message_id, self.status, TEXT % (self.logprobs, text))),
            ),
        ]
        return opened, tokens, closed

    def call_events(self, number: Iterator[int]) -> tuple[list[bytes], list[bytes]]:
        """One frame per fragment, with what opens or closes a call beside it; and what closes the last call."""
        frames: list[bytes] = []
        closing = b""
        for index, call in enumerate(self.reply.calls):
            place = b'"item_id":"%b","output_index":%d,' % (self.call_ids[index][0], index)
            item = b'"output_index":%d,"item":%b'
            added = item % (index, self.call_item(index, call, b"in_progress", b'""'))
            opening = closing + event(b"response.output_item.added", number, added)
            for fragment in call.fragments():
                delta = place + b'"delta":' + json.encode(fragment)
                frames.append(opening + event(b"response.function_call_arguments.delta", number, delta))
                opening = b""
            whole = b'%b"arguments":%b' % (place, quoted(call))
            done = item % (index, self.call_item(index, call, b"completed", quoted(call)))
            closing = event(b"response.function_call_arguments.done", number, whole)
            closing += event(b"response.output_item.done", number, done)
        return frames, [closing]


def quoted(call: Call) -> bytes:
    """The arguments of a call as one JSON string."""
    return json.encode("".join(call.fragments()))


def event(name: bytes, number: Iterator[int], members: bytes) -> bytes:
    """One named event with the next sequence number."""
    return b'event: %b\ndata: {"type":"%b","sequence_number":%d,%b}\n\n' % (name, name, next(number), members)


def echo(asked: ResponsesRequest) -> dict[str, Any]:
    """What a response repeats of its request, with the values of what was left out."""
    form: Any = {"type": "text"}
    if asked.text is not None and asked.text.format is not None:
        form = asked.text.format
        if form.type != "json_schema":
            form = {"type": form.type}
    return {
        "model": asked.model,
        "instructions": asked.instructions,
        "max_output_tokens": asked.max_output_tokens,
        "metadata": asked.metadata or {},
        "parallel_tool_calls": asked.parallel_tool_calls is not False,
        "previous_response_id": asked.previous_response_id,
        "reasoning": {"effort": None, "summary": None},
        "service_tier": "default",
        "store": asked.store is not False,
        "temperature": 1.0 if asked.temperature is None else asked.temperature,
        "text": {"format": form, "verbosity": "medium"},
        "tool_choice": asked.tool_choice or "auto",
        "tools": asked.tools or [],
        "top_p": 1.0 if asked.top_p is None else asked.top_p,
        "truncation": "disabled",
    }
