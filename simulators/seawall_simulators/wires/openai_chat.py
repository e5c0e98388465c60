"""`POST /chat/completions`: the answer whole, or as a stream of chunks that ends in `[DONE]`."""

from msgspec import json

from seawall_simulators.draw import Draw
from seawall_simulators.reply import Call, Reply
from seawall_simulators.wire import Answer, ApiError, ProviderView, Request
from seawall_simulators.wires.decoding import read
from seawall_simulators.wires.openai_chat_request import CHAT_REQUEST, ChatRequest, NamedTool
from seawall_simulators.wires.openai_content import token_scores
from seawall_simulators.wires.openai_dialect import OPENAI, Dialect
from seawall_simulators.wires.openai_errors import chat_error_frame, no_such_model
from seawall_simulators.wires.openai_headers import CREATED, FINGERPRINT
from seawall_simulators.wires.reply import ToolSchemaError, decide
from seawall_simulators.wires.schema_merge import SchemaError

OPERATION = "chat.completions"
DONE = b"data: [DONE]\n\n"
FINISH = {"end": b"stop", "stop": b"stop", "length": b"length", "calls": b"tool_calls"}
COMMON = f'"service_tier":"default","system_fingerprint":"{FINGERPRINT}"'.encode()
BODY = b'{"id":"%%b","object":"chat.completion","created":%d,"model":%%b,"choices":[' % CREATED
CHOICE = (
    b'{"index":0,"message":{"role":"assistant","content":%b,"refusal":null,"annotations":[]%b},"logprobs":%b,'
    b'"finish_reason":"%b"%b}],"usage":%b,'
)
CHUNK = b'data: {"id":"%%b","object":"chat.completion.chunk","created":%d,"model":%%b,%b,"choices":[' % (
    CREATED,
    COMMON,
)
USAGE = (
    b'{"prompt_tokens":%d,"completion_tokens":%d,"total_tokens":%d,'
    b'"prompt_tokens_details":{"cached_tokens":0,"audio_tokens":0,"cache_write_tokens":0},'
    b'"completion_tokens_details":{"reasoning_tokens":0,"audio_tokens":0,"accepted_prediction_tokens":0,'
    b'"rejected_prediction_tokens":0}}'
)


def chat(request: Request, provider: ProviderView, draw: Draw) -> Answer:
    """The chat completion asked for; raises BodyError and ApiError."""
    asked = read(CHAT_REQUEST, request.body)
    if asked.model not in provider.models:
        raise no_such_model(asked.model, stream=bool(asked.stream))
    return completion(asked, provider, draw, OPENAI)


def completion(asked: ChatRequest, provider: ProviderView, draw: Draw, dialect: Dialect) -> Answer:
    """The chat completion of a model that there is; raises ApiError."""
    check(asked)
    try:
        reply = decide(asked.wish(provider.tokens), draw, provider.told)
    except ToolSchemaError as error:
        raise ApiError(
            400, "invalid_function_parameters", f"Invalid schema for function '{error.name}': {error}."
        ) from error
    except SchemaError as error:
        raise ApiError(400, None, f"Invalid schema for response_format: {error}.") from error
    identity = draw.id("chatcmpl-", 29).encode()
    model = json.encode(asked.model)
    if asked.stream:
        return streamed(asked, reply, draw, dialect, CHUNK % (identity, model))
    return whole(asked, reply, draw, dialect, BODY % (identity, model))


def check(asked: ChatRequest) -> None:
    """Raises ApiError for a request of the right form that still cannot be served."""
    if not asked.messages:
        raise ApiError(
            400, "invalid_value", "Invalid 'messages': empty array. Expected at least one message."
        )
    for name, value in (
        ("max_tokens", asked.max_tokens),
        ("max_completion_tokens", asked.max_completion_tokens),
    ):
        if value is not None and value < 1:
            raise ApiError(
                400, "invalid_value", f"Invalid '{name}': integer below minimum value. Expected at least 1."
            )
    if asked.n is not None and asked.n != 1:
        raise ApiError(400, "unsupported_value", "Unsupported value: 'n' must be 1 with this fake provider.")
    if asked.stream_options is not None and not asked.stream:
        raise ApiError(400, None, "The 'stream_options' parameter is only allowed when 'stream' is enabled.")
    if asked.response_format is not None:
        check_format(asked)
    check_tools(asked)
    check_turns(asked)


def check_turns(asked: ChatRequest) -> None:
    """Raises ApiError for what a tool returned, where the turn before made no such call; or for a call left alone."""
    pending: set[str] = set()
    for index, message in enumerate(asked.messages):
        if message.role == "tool":
            if message.tool_call_id not in pending:
                raise ApiError(
                    400,
                    None,
                    f"Invalid parameter: messages[{index}] with role 'tool' must be a response to a preceding message "
                    "with 'tool_calls'.",
                )
            pending.discard(message.tool_call_id)
            continue
        if pending:
            raise ApiError(
                400,
                None,
                "An assistant message with 'tool_calls' must be followed by tool messages responding to each "
                f"'tool_call_id'. The following were not answered: {', '.join(sorted(pending))}",
            )
        if message.tool_calls:
            pending = {call.id for call in message.tool_calls}


def check_format(asked: ChatRequest) -> None:
    """Raises ApiError for a form of answer that is asked for wrongly."""
    form = asked.response_format
    if form is None:
        return
    if form.type == "json_schema" and form.json_schema is None:
        raise ApiError(
            400, "missing_required_parameter", "Missing required parameter: 'response_format.json_schema'."
        )
    if form.type == "json_object" and not any("json" in message.text().lower() for message in asked.messages):
        raise ApiError(
            400,
            None,
            "'messages' must contain the word 'json' in some form, to use 'response_format' of type 'json_object'.",
        )


def check_tools(asked: ChatRequest) -> None:
    """Raises ApiError for a choice among tools that are not there."""
    choice = asked.tool_choice
    if choice is None or choice == "none":
        return
    if not asked.tools:
        raise ApiError(400, None, "'tool_choice' is only allowed when 'tools' are specified.")
    if isinstance(choice, NamedTool) and all(t.function.name != choice.function.name for t in asked.tools):
        raise ApiError(400, None, f"Tool choice '{choice.function.name}' not found in 'tools' parameter.")


def whole(asked: ChatRequest, reply: Reply, draw: Draw, dialect: Dialect, opening: bytes) -> Answer:
    """The answer as one body, which opens so."""
    text = "".join(reply.tokens)
    calls = b""
    if reply.calls:
        made = b",".join([b"{%b}" % called(call, draw, call.fragments()) for call in reply.calls])
        calls = b',"tool_calls":[%b]' % made
    n_input, n_output = asked.input_tokens(), output_tokens(reply)
    usage = USAGE % (n_input, n_output, n_input + n_output)
    content = b"null" if reply.calls else json.encode(text)
    scores = logprobs(reply.scored()) if asked.logprobs and reply.tokens else b"null"
    choice = CHOICE % (content, calls, scores, FINISH[reply.why], dialect.choice, usage)
    asked_id = dialect.request_id(draw)
    return Answer(
        operation=OPERATION,
        request_id=asked_id,
        model=asked.model,
        headers=dialect.headers(asked_id, asked.model),
        body=opening + choice + COMMON + dialect.completion + b"}",
        text=text,
        input_tokens=n_input,
        output_tokens=n_output,
    )


def streamed(asked: ChatRequest, reply: Reply, draw: Draw, dialect: Dialect, opening: bytes) -> Answer:
    """The answer as chunks, each opening alike; with `include_usage` all have the key and one more has the value."""
    with_usage = asked.stream_options is not None and bool(asked.stream_options.include_usage)
    end = b'],"usage":null}\n\n' if with_usage else b"]}\n\n"
    close = b'},"logprobs":null,"finish_reason":null%b}' % dialect.choice + end
    delta = opening + b'{"index":0,"delta":{'
    n_input, n_output = asked.input_tokens(), output_tokens(reply)
    if reply.calls:
        first = b'"role":"assistant","content":null'
        frames = call_frames(reply.calls, draw, delta, close)
    else:
        first = b'"role":"assistant","content":"","refusal":null'
        delta_text, encode = delta + b'"content":', json.encode
        if asked.logprobs:
            frames = [
                delta_text + encode(token) + close.replace(b"null", logprobs([(token, score)]), 1)
                for token, score in reply.scored()
            ]
        else:
            frames = [delta_text + encode(token) + close for token in reply.tokens]
    begun = delta + first + b'},"logprobs":null,"finish_reason":null%b}' % dialect.silent_choice + end
    finish = (
        delta
        + b'},"logprobs":null,"finish_reason":"%b"%b}' % (FINISH[reply.why], dialect.silent_choice)
        + end
    )
    usage = opening + b'],"usage":%b}\n\n' % (USAGE % (n_input, n_output, n_input + n_output))
    asked_id = dialect.request_id(draw)
    return Answer(
        operation=OPERATION,
        request_id=asked_id,
        model=asked.model,
        stream=True,
        headers=dialect.headers(asked_id, asked.model),
        content_type="text/event-stream; charset=utf-8",
        head_chunks=(dialect.opening, begun) if dialect.opening else (begun,),
        token_chunks=tuple(frames),
        tail_chunks=(finish, usage, DONE) if with_usage else (finish, DONE),
        text="".join(reply.tokens),
        error_frame=chat_error_frame,
        input_tokens=n_input,
        output_tokens=n_output,
    )


def logprobs(scored: list[tuple[str, float]]) -> bytes:
    """How sure the model was of some tokens."""
    return json.encode({"content": token_scores(scored), "refusal": None})


def call_frames(calls: tuple[Call, ...], draw: Draw, delta: bytes, close: bytes) -> list[bytes]:
    """One frame per fragment of arguments; that which introduces a call goes with its first fragment."""
    frames: list[bytes] = []
    for index, call in enumerate(calls):
        head = delta + b'"tool_calls":[{"index":%d,%b}]' % (index, called(call, draw, [])) + close
        for fragment in call.fragments():
            part = b'"tool_calls":[{"index":%d,"function":{"arguments":%b}}]' % (index, json.encode(fragment))
            frames.append(head + delta + part + close)
            head = b""
    return frames


def called(call: Call, draw: Draw, fragments: list[str]) -> bytes:
    """The members of a call: its new id, its name and as much of its arguments as is said at once."""
    return b'"id":"%b","type":"function","function":{"name":%b,"arguments":%b}' % (
        draw.id("call_", 24).encode(),
        json.encode(call.name),
        json.encode("".join(fragments)),
    )


def output_tokens(reply: Reply) -> int:
    """One per word or fragment sent."""
    return len(reply.tokens) + sum(len(call.fragments()) for call in reply.calls)
