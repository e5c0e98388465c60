"""A service that answers with Seawall: one manager, a JSON endpoint, a stream of server-sent events, health.

Start it with keys in the environment: `uvicorn fastapi_service:app` (`SEAWALL_SETTINGS` may name a settings file).
"""

from __future__ import annotations

import asyncio
import json
import math
import secrets
from collections.abc import AsyncIterator, Awaitable
from contextlib import AsyncExitStack, asynccontextmanager
from http import HTTPStatus
from typing import Annotated, NamedTuple, TypeVar

from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse, StreamingResponse
from pydantic import BaseModel, Field

from seawall import (
    CallTrace,
    ConfigurationError,
    DeadlineExceeded,
    Done,
    InvalidRequest,
    LLMError,
    LLMManager,
    LLMStream,
    StreamRestarted,
    TextDelta,
    configure_json_logs,
)

TRACE_HEADER = "X-Trace-Id"
T = TypeVar("T")


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Hold one manager for the life of the service: its calls share connections, breakers and budgets."""
    configure_json_logs()
    async with LLMManager.from_settings() as app.state.llm:
        yield


app = FastAPI(lifespan=lifespan)


class Question(BaseModel):
    """What a client of the service sends."""

    text: str = Field(min_length=1, max_length=100_000)
    deadline_s: float = Field(default=20, gt=0, le=120)


@app.exception_handler(LLMError)
async def llm_error(_: Request, error: LLMError) -> JSONResponse:
    """Say who is to blame and when to come back; what was tried goes to the log, not to the client."""
    match error:
        case InvalidRequest():
            status, what = HTTPStatus.UNPROCESSABLE_ENTITY, "the providers do not accept this request"
        case DeadlineExceeded():
            status, what = HTTPStatus.GATEWAY_TIMEOUT, "no answer in time"
        case ConfigurationError():
            status, what = HTTPStatus.INTERNAL_SERVER_ERROR, "the service is misconfigured"
        case _:
            status, what = HTTPStatus.SERVICE_UNAVAILABLE, "no provider answers"
    headers = {}
    if error.trace is not None:
        headers[TRACE_HEADER] = error.trace.call_id
        wait_s = retry_after_s(error.trace)
        if status == HTTPStatus.SERVICE_UNAVAILABLE and wait_s is not None:
            headers["Retry-After"] = str(wait_s)
    return JSONResponse({"error": what}, status, headers)


def retry_after_s(trace: CallTrace) -> int | None:
    """Return the whole seconds after which the first of the providers may be asked again, where that is known."""
    untils = [skipped.until_s for skipped in trace.skipped if skipped.until_s is not None]
    untils += [
        record.finished_s + record.failure.retry_after_s
        for record in trace.attempts
        if record.failure is not None and record.failure.retry_after_s is not None
    ]
    return max(1, math.ceil(min(untils) - trace.duration_s)) if untils else None


class ClientGoneError(Exception):
    """The client of the service has disconnected; nobody reads a response."""


@app.exception_handler(ClientGoneError)
async def client_gone(_: Request, __: ClientGoneError) -> JSONResponse:
    """Close the books on a request: 499 is for the access log."""
    return JSONResponse(None, 499)


async def while_connected(request: Request, work: Awaitable[T]) -> T:
    """Return what `work` returns. Cancels it, and raises `ClientGoneError`, as soon as the client disconnects."""
    task = asyncio.ensure_future(work)
    gone = asyncio.ensure_future(disconnected(request))
    try:
        await asyncio.wait({task, gone}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise ClientGoneError
    finally:
        gone.cancel()
        task.cancel()
        await asyncio.wait({task, gone})


async def disconnected(request: Request) -> None:
    """Return when the client has disconnected. By then the request's body has been read."""
    while (await request.receive())["type"] != "http.disconnect":
        pass


@app.post("/answer")
async def answer(question: Question, request: Request) -> JSONResponse:
    """Answer as one JSON document."""
    llm: LLMManager = request.app.state.llm
    completion = await while_connected(request, llm.complete(question.text, deadline_s=question.deadline_s))
    return JSONResponse(
        {"text": completion.text, "provider": completion.provider, "fell_back": completion.trace.fell_back},
        headers={TRACE_HEADER: completion.trace.call_id},
    )


class OpenStream(NamedTuple):
    """A stream whose first token is there."""

    trace_id: str
    events: LLMStream


async def open_stream(question: Question, request: Request) -> AsyncIterator[OpenStream]:
    """Open a stream for as long as its response lasts. What fails before the first token is an error response."""
    llm: LLMManager = request.app.state.llm
    trace_id = secrets.token_hex(8)
    events = llm.stream(question.text, deadline_s=question.deadline_s, call_id=trace_id)
    async with AsyncExitStack() as stack:
        yield OpenStream(trace_id, await while_connected(request, stack.enter_async_context(events)))


@app.post("/stream")
async def stream(opened: Annotated[OpenStream, Depends(open_stream)]) -> StreamingResponse:
    """Answer as server-sent events: `text`, `restart` (discard the text from there on), `done` or `error`."""
    headers = {TRACE_HEADER: opened.trace_id, "Cache-Control": "no-store"}
    return StreamingResponse(server_sent(opened.events), media_type="text/event-stream", headers=headers)


async def server_sent(events: LLMStream) -> AsyncIterator[str]:
    """Write the events of a stream. The server cancels this when the client disconnects."""
    try:
        async for event in events:
            match event:
                case TextDelta(text=text):
                    yield server_event("text", {"text": text})
                case StreamRestarted(discard_from=start):
                    yield server_event("restart", {"discard_from": start})
                case Done(completion=completion):
                    yield server_event("done", {"provider": completion.provider})
    except LLMError as error:
        yield server_event("error", {"error": type(error).__name__})


def server_event(name: str, data: dict[str, object]) -> str:
    """Write one server-sent event."""
    return f"event: {name}\ndata: {json.dumps(data)}\n\n"


@app.get("/health")
async def health(request: Request) -> JSONResponse:
    """Say that the service is up, and which of its providers it trusts: 503 where it trusts none."""
    llm: LLMManager = request.app.state.llm
    states = llm.breaker_states()
    usable = any(state != "open" for state in states.values())
    return JSONResponse(
        {"status": "ok" if usable else "degraded", "breakers": states}, 200 if usable else 503
    )
