"""`:generateContent`, `:streamGenerateContent` and `:countTokens`."""

from urllib.parse import parse_qs

from msgspec import json

from seawall_simulators.draw import Draw
from seawall_simulators.reply import Call, Reply
from seawall_simulators.wire import Answer, ApiError, ProviderView, Request
from seawall_simulators.wires.decoding import BodyError
from seawall_simulators.wires.gemini_errors import error_frame
from seawall_simulators.wires.gemini_request import (
    COUNT_REQUEST,
    GENERATE_REQUEST,
    Content,
    GenerateRequest,
    GenerationConfig,
    read_either,
)
from seawall_simulators.wires.reply import ToolSchemaError, decide
from seawall_simulators.wires.schema_merge import SchemaError

FINISH = {"end": b"STOP", "stop": b"STOP", "length": b"MAX_TOKENS", "calls": b"STOP"}
RESPONSE = (
    b'{"candidates":[{"content":{"parts":[%b],"role":"model"},"finishReason":"%b","index":0%b}],'
    b'"usageMetadata":%b,"modelVersion":%b,"responseId":"%b"}'
)
CHUNK_START = b'data: {"candidates":[{"content":{"parts":[%b],"role":"model"},"index":0}],"usageMetadata":'
CHUNK_END = b',"modelVersion":%b,"responseId":"%b"}\r\n\r\n'
USAGE_SO_FAR = b'{"promptTokenCount":%d,"candidatesTokenCount":%d,"totalTokenCount":%d}'
USAGE = (
    b'{"promptTokenCount":%d,"candidatesTokenCount":%d,"totalTokenCount":%d,'
    b'"promptTokensDetails":[{"modality":"TEXT","tokenCount":%d}]}'
)
MIME_TYPES = frozenset({"text/plain", "application/json"})


def generate(request: Request, model: str, provider: ProviderView, draw: Draw) -> Answer:
    """The content asked for, whole; raises BodyError and ApiError."""
    asked, reply = decided(request, provider, draw)
    parts, n_output = reply_parts(reply, draw)
    n_input = asked.input_tokens()
    usage = USAGE % (n_input, n_output, n_input + n_output, n_input)
    response_id = draw.id("", 22)
    return Answer(
        operation="generateContent",
        request_id=response_id,
        model=model,
        body=RESPONSE
        % (
            b",".join(parts),
            FINISH[reply.why],
            logprobs(asked, reply),
            usage,
            json.encode(model),
            response_id.encode(),
        ),
        text="".join(reply.tokens),
        input_tokens=n_input,
        output_tokens=n_output,
    )


def stream_generate(request: Request, model: str, provider: ProviderView, draw: Draw) -> Answer:
    """The content asked for, as events without a name, whose last has the finish reason; raises as `generate`."""
    if parse_qs(request.query).get("alt") != ["sse"]:
        raise ApiError(400, None, "This fake provider streams with `alt=sse` only.")
    asked, reply = decided(request, provider, draw)
    parts, n_output = reply_parts(reply, draw)
    n_input = asked.input_tokens()
    response_id = draw.id("", 22)
    end = CHUNK_END % (json.encode(model), response_id.encode())
    frames: list[bytes] = []
    if reply.calls:
        frames = [CHUNK_START % part + USAGE_SO_FAR % (n_input, 0, n_input) + end for part in parts]
    else:
        encode = json.encode
        for count, token in enumerate(reply.tokens, 1):
            part = b'{"text":%b}' % encode(token)
            frames.append(CHUNK_START % part + USAGE_SO_FAR % (n_input, count, n_input + count) + end)
    last = RESPONSE % (
        b'{"text":""}',
        FINISH[reply.why],
        logprobs(asked, reply),
        USAGE % (n_input, n_output, n_input + n_output, n_input),
        json.encode(model),
        response_id.encode(),
    )
    return Answer(
        operation="streamGenerateContent",
        request_id=response_id,
        model=model,
        stream=True,
        content_type="text/event-stream",
        token_chunks=tuple(frames),
        tail_chunks=(b"data: %b\r\n\r\n" % last,),
        text="".join(reply.tokens),
        error_frame=error_frame,
        input_tokens=n_input,
        output_tokens=n_output,
    )


def count_tokens(request: Request, model: str, provider: ProviderView, draw: Draw) -> Answer:  # noqa: ARG001
    """What contents would cost; raises BodyError and ApiError."""
    asked = read_either(COUNT_REQUEST, request.body)
    whole = asked.generate_content_request or GenerateRequest(contents=asked.contents or [])
    if not whole.contents:
        raise BodyError("missing", "contents", "")
    n_input = whole.input_tokens()
    return Answer(
        operation="countTokens",
        request_id=draw.id("", 22),
        model=model,
        body=b'{"totalTokens":%d,"promptTokensDetails":[{"modality":"TEXT","tokenCount":%d}]}'
        % (n_input, n_input),
    )


def decided(request: Request, provider: ProviderView, draw: Draw) -> tuple[GenerateRequest, Reply]:
    """What was asked and what the model says to it."""
    asked = read_either(GENERATE_REQUEST, request.body)
    check(asked)
    try:
        return asked, decide(asked.wish(provider.tokens), draw, provider.told)
    except ToolSchemaError as error:
        message = f"* GenerateContentRequest.tools.function_declarations[{error.name}].parameters: {error}\n"
        raise ApiError(400, None, message) from error
    except SchemaError as error:
        message = f"* GenerateContentRequest.generation_config.response_schema: {error}\n"
        raise ApiError(400, None, message) from error


def check(asked: GenerateRequest) -> None:
    """Raises ApiError for a request of the right form that still cannot be served."""
    if not asked.contents:
        raise BodyError("missing", "contents", "")
    config = asked.generation_config or GenerationConfig()
    if config.max_output_tokens is not None and config.max_output_tokens < 1:
        raise ApiError(
            400, None, "* GenerateContentRequest.generation_config.max_output_tokens: must be positive\n"
        )
    if config.candidate_count not in {None, 1}:
        raise ApiError(400, None, "Multiple candidates is not enabled for this model")
    if config.response_mime_type is not None and config.response_mime_type not in MIME_TYPES:
        raise ApiError(
            400, None, f"response_mime_type {config.response_mime_type!r} is not served by this fake."
        )
    before = Content()
    for content in asked.contents:
        if not content.parts:
            raise ApiError(
                400, None, "* GenerateContentRequest.contents: contents.parts must not be empty.\n"
            )
        returned = sum([part.function_response is not None for part in content.parts])
        if returned and returned != sum([part.function_call is not None for part in before.parts]):
            raise ApiError(
                400,
                None,
                "Please ensure that the number of function response parts is equal to the number of function call "
                "parts of the function call turn.",
            )
        before = content


def reply_parts(reply: Reply, draw: Draw) -> tuple[list[bytes], int]:
    """The parts of the answer and what they cost."""
    if reply.calls:
        return [called(call, draw) for call in reply.calls], sum(
            len(call.fragments()) for call in reply.calls
        )
    text = "".join(reply.tokens)
    return ([b'{"text":%b}' % json.encode(text)] if text else []), len(reply.tokens)


def logprobs(asked: GenerateRequest, reply: Reply) -> bytes:
    """The members of a candidate that say how sure the model was of each token, where that was asked for."""
    if not reply.tokens or asked.generation_config is None or not asked.generation_config.response_logprobs:
        return b""
    scored = reply.scored()
    chosen = [{"token": token, "logProbability": score} for token, score in scored]
    average = sum(score for _, score in scored) / len(scored)
    return b',"avgLogprobs":%b,"logprobsResult":%b' % (
        json.encode(average),
        json.encode({"chosenCandidates": chosen}),
    )


def called(call: Call, draw: Draw) -> bytes:
    """A call as a part, whole."""
    return b'{"functionCall":{"id":"%b","name":%b,"args":%b}}' % (
        draw.id("", 8).encode(),
        json.encode(call.name),
        json.encode(call.arguments),
    )
