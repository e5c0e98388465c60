"""`POST /v1/messages`, whole or as named events, and `POST /v1/messages/count_tokens`."""

from msgspec import json

from seawall_simulators.draw import Draw
from seawall_simulators.reply import Call, Reply
from seawall_simulators.wire import Answer, ApiError, ProviderView, Request
from seawall_simulators.wires.anthropic_checks import check_prompt, check_sampling, check_version
from seawall_simulators.wires.anthropic_errors import error_frame
from seawall_simulators.wires.anthropic_headers import ORGANIZATION, request_id
from seawall_simulators.wires.anthropic_request import COUNT_REQUEST, MESSAGES_REQUEST, MessagesRequest
from seawall_simulators.wires.decoding import read
from seawall_simulators.wires.reply import ToolSchemaError, decide
from seawall_simulators.wires.schema_merge import SchemaError

OPERATION = "messages"
COUNT_OPERATION = "count_tokens"
STOP = {"end": b"end_turn", "stop": b"stop_sequence", "length": b"max_tokens", "calls": b"tool_use"}
USAGE = (
    b'{"input_tokens":%d,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"cache_creation":'
    b'{"ephemeral_5m_input_tokens":0,"ephemeral_1h_input_tokens":0},"output_tokens":%d,"service_tier":"standard"}'
)
MESSAGE = (
    b'{"id":"%b","type":"message","role":"assistant","model":%b,"content":[%b],"stop_reason":%b,'
    b'"stop_sequence":%b,"usage":%b}'
)
START = b'event: message_start\ndata: {"type":"message_start","message":%b}\n\n'
BLOCK_START = (
    b'event: content_block_start\ndata: {"type":"content_block_start","index":%d,"content_block":%b}\n\n'
)
TEXT_DELTA = (
    b'event: content_block_delta\ndata: {"type":"content_block_delta","index":0,'
    b'"delta":{"type":"text_delta","text":'
)
INPUT_DELTA = (
    b'event: content_block_delta\ndata: {"type":"content_block_delta","index":%d,'
    b'"delta":{"type":"input_json_delta","partial_json":%b}}\n\n'
)
BLOCK_STOP = b'event: content_block_stop\ndata: {"type":"content_block_stop","index":%d}\n\n'
END = (
    b'event: message_delta\ndata: {"type":"message_delta","delta":{"stop_reason":"%b","stop_sequence":%b},'
    b'"usage":{"input_tokens":%d,"cache_creation_input_tokens":0,"cache_read_input_tokens":0,"output_tokens":%d}}\n\n'
)
MESSAGE_STOP = b'event: message_stop\ndata: {"type":"message_stop"}\n\n'
PING = b'event: ping\ndata: {"type":"ping"}\n\n'


def messages(request: Request, provider: ProviderView, draw: Draw) -> Answer:
    """The message asked for; raises BodyError and ApiError."""
    version = check_version(request)
    asked = read(MESSAGES_REQUEST, request.body)
    check_sampling(asked, version)
    check_prompt(asked, version, provider)
    try:
        reply = decide(asked.wish(provider.tokens), draw, provider.told)
    except ToolSchemaError as error:
        raise ApiError(400, None, f"tools.{error.name}.input_schema: {error}") from error
    except SchemaError as error:
        raise ApiError(400, None, f"output_config.format.schema: {error}") from error
    identity = draw.id("msg_01", 22).encode()
    model = json.encode(asked.model)
    if asked.stream:
        return streamed(asked, reply, draw, identity, model)
    return whole(asked, reply, draw, identity, model)


def count_tokens(request: Request, provider: ProviderView, draw: Draw) -> Answer:
    """What a prompt would cost; raises BodyError and ApiError."""
    version = check_version(request)
    asked = read(COUNT_REQUEST, request.body)
    check_prompt(asked, version, provider)
    asked_id = request_id(draw)
    return Answer(
        operation=COUNT_OPERATION,
        request_id=asked_id,
        model=asked.model,
        headers=(*ORGANIZATION, ("request-id", asked_id)),
        body=b'{"input_tokens":%d}' % asked.input_tokens(),
    )


def whole(asked: MessagesRequest, reply: Reply, draw: Draw, identity: bytes, model: bytes) -> Answer:
    """The answer as one body."""
    text = "".join(reply.tokens)
    if reply.calls:
        content = b",".join([tool_use(call, draw, json.encode(call.arguments)) for call in reply.calls])
    else:
        content = b'{"type":"text","text":%b}' % json.encode(text) if text else b""
    n_input, n_output = asked.input_tokens(), output_tokens(reply)
    asked_id = request_id(draw)
    return Answer(
        operation=OPERATION,
        request_id=asked_id,
        model=asked.model,
        headers=(*ORGANIZATION, ("request-id", asked_id)),
        body=MESSAGE
        % (
            identity,
            model,
            content,
            b'"%b"' % STOP[reply.why],
            json.encode(reply.stop_sequence),
            USAGE % (n_input, n_output),
        ),
        text=text,
        input_tokens=n_input,
        output_tokens=n_output,
    )


def streamed(asked: MessagesRequest, reply: Reply, draw: Draw, identity: bytes, model: bytes) -> Answer:
    """The answer as named events, with a ping before the first word as the API has it."""
    n_input, n_output = asked.input_tokens(), output_tokens(reply)
    begun = MESSAGE % (identity, model, b"", b"null", b"null", USAGE % (n_input, min(1, n_output)))
    head, tail = [START % begun], []
    frames: list[bytes] = []
    if reply.calls:
        frames, closing = call_frames(reply.calls, draw)
        head.append(PING)
        tail.append(closing)
    elif reply.tokens:
        head += [BLOCK_START % (0, b'{"type":"text","text":""}'), PING]
        encode = json.encode
        frames = [TEXT_DELTA + encode(token) + b"}}\n\n" for token in reply.tokens]
        tail.append(BLOCK_STOP % 0)
    tail.append(END % (STOP[reply.why], json.encode(reply.stop_sequence), n_input, n_output))
    asked_id = request_id(draw)
    return Answer(
        operation=OPERATION,
        request_id=asked_id,
        model=asked.model,
        stream=True,
        headers=(*ORGANIZATION, ("request-id", asked_id)),
        content_type="text/event-stream; charset=utf-8",
        head_chunks=tuple(head),
        token_chunks=tuple(frames),
        tail_chunks=(*tail, MESSAGE_STOP),
        text="".join(reply.tokens),
        ping=PING,
        error_frame=error_frame,
        input_tokens=n_input,
        output_tokens=n_output,
    )


def call_frames(calls: tuple[Call, ...], draw: Draw) -> tuple[list[bytes], bytes]:
    """One frame per fragment of input, with what opens a block or closes the one before; and what closes the last."""
    frames: list[bytes] = []
    closing = b""
    for index, call in enumerate(calls):
        opening = closing + BLOCK_START % (index, tool_use(call, draw, b"{}")) + INPUT_DELTA % (index, b'""')
        for fragment in call.fragments():
            frames.append(opening + INPUT_DELTA % (index, json.encode(fragment)))
            opening = b""
        closing = BLOCK_STOP % index
    return frames, closing


def tool_use(call: Call, draw: Draw, arguments: bytes) -> bytes:
    """A call as a block of content, with a new id."""
    identity = draw.id("toolu_01", 22).encode()
    return b'{"type":"tool_use","id":"%b","name":%b,"input":%b}' % (
        identity,
        json.encode(call.name),
        arguments,
    )


def output_tokens(reply: Reply) -> int:
    """One per word or fragment sent."""
    return len(reply.tokens) + sum(len(call.fragments()) for call in reply.calls)
