"""What a proxy in front of a provider has to know of its wire: which events are content, how it pings and fails.

The frames are asked of the fake providers' own wires, by a sample request each, so they are the very same bytes.
"""

import base64
from functools import cache
from typing import Any

import msgspec

from seawall_chaos.faults.fault import MitmproxyRule
from seawall_simulators.draw import Draw
from seawall_simulators.fault import Context, Fault
from seawall_simulators.script import Head, Send
from seawall_simulators.wire import Answer, ProviderView, Request
from seawall_simulators.wires import WIRES

MODEL = "sample"
# As long as what the addon puts in its place, request by request.
REQUEST_ID_PLACE = "SEAWALLREQUESTID"
MESSAGES = [{"role": "user", "content": "hi"}]
# Streaming operations by wire: what marks their path, and the smallest request for them.
OPERATIONS: dict[str, dict[str, tuple[str, dict[str, Any]]]] = {
    "openai": {
        "/chat/completions": (
            "/v1/chat/completions",
            {"model": MODEL, "stream": True, "messages": MESSAGES},
        ),
        "/responses": ("/v1/responses", {"model": MODEL, "stream": True, "input": "hi"}),
    },
    "azure": {
        "/chat/completions": (
            "/openai/v1/chat/completions",
            {"model": MODEL, "stream": True, "messages": MESSAGES},
        ),
        "/responses": ("/openai/v1/responses", {"model": MODEL, "stream": True, "input": "hi"}),
    },
    "anthropic": {
        "/messages": (
            "/v1/messages",
            {"model": MODEL, "stream": True, "max_tokens": 8, "messages": MESSAGES},
        ),
    },
    "gemini": {
        ":streamGenerateContent": (
            f"/v1beta/models/{MODEL}:streamGenerateContent",
            {"contents": [{"role": "user", "parts": [{"text": "hi"}]}]},
        ),
    },
}
# Where in an event's JSON a content token stands.
OPENAI_TOKEN_PATHS: list[list[str | int]] = [
    ["choices", 0, "delta", "content"],
    ["choices", 0, "delta", "tool_calls", 0, "function", "arguments"],
    ["delta"],
]
TOKEN_PATHS: dict[str, list[list[str | int]]] = {
    "openai": OPENAI_TOKEN_PATHS,
    "azure": OPENAI_TOKEN_PATHS,
    "anthropic": [["delta", "text"], ["delta", "partial_json"], ["delta", "thinking"]],
    "gemini": [
        ["candidates", 0, "content", "parts", 0, "text"],
        ["candidates", 0, "content", "parts", 0, "functionCall"],
    ],
}


@cache
def sample_answers(wire: str) -> dict[str, Answer]:
    """A streamed answer per operation of a wire, by what marks the operation's path."""
    view = ProviderView(name=MODEL, models=(MODEL,), tokens=1)
    return {
        mark: WIRES[wire].answer(
            Request(
                method="POST",
                path=path,
                query="alt=sse",
                headers={"content-type": "application/json", "anthropic-version": "2023-06-01"},
                body=msgspec.json.encode(document),
            ),
            view,
            Draw(mark.encode()),
        )
        for mark, (path, document) in OPERATIONS[wire].items()
    }


def event_rule(action: str, params: dict[str, Any], wire: str) -> MitmproxyRule:
    """A rule that counts the wire's content tokens."""
    frames = {
        mark: {
            "ping": encoded(answer.ping or b""),
            "error": encoded(answer.error_frame(params.get("code"))),
        }
        for mark, answer in sample_answers(wire).items()
    }
    return MitmproxyRule(action, {**params, "token_paths": TOKEN_PATHS[wire], "frames": frames})


def respond_rule(fault: Fault, wire: str) -> MitmproxyRule:
    """A rule that answers as the fake provider itself would under `fault`, with a request id of its own each time."""
    head, body = None, b""
    for step in fault.apply((), Context(WIRES[wire], request_id_place(wire), None, "")):
        if type(step) is Head:
            head = step
        elif type(step) is Send:
            body += step.data
    if head is None:
        raise TypeError(f"{fault.fault} answers nothing")
    headers = [*head.headers, ("content-type", head.content_type)]
    return MitmproxyRule("respond", {"status": head.status, "headers": headers, "body": encoded(body)})


def request_id_place(wire: str) -> str:
    """A request id in the wire's form, the end of which the addon makes unique."""
    sample = WIRES[wire].request_id(Draw(b"request id"))
    return sample[: -len(REQUEST_ID_PLACE)] + REQUEST_ID_PLACE


def encoded(data: bytes) -> str:
    """Bytes in a JSON document."""
    return base64.b64encode(data).decode()
