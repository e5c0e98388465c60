"""The mitmproxy addon: carries out rules and reports each firing."""

# pyright: reportMissingImports=false

import asyncio
import base64
import functools
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

from mitmproxy import connection, http
from mitmproxy.connection import ConnectionState

from . import bodies, control
from .connections import Connections
from .rule import Rule, has_content, model_of

CANARY = "x-seawall-canary"
CANARY_BYTES_MAX = 4 * 2**20
REQUEST_ID = "x-client-request-id"
RULE = "seawall-rule"
LAST_CHUNK = b"0\r\n\r\n"
# What stands for the provider's own request id in the bodies and headers the harness sends along.
REQUEST_ID_PLACE = "SEAWALLREQUESTID"
POLL_S = 0.02
Fired = Callable[[], None]


class Faults:
    """Rules by id, and the hooks that follow them."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._rules: dict[str, Rule] = {}
        self._requests: Counter[str] = Counter()

    async def add(self, rule: Mapping[str, Any]) -> None:
        """Puts a rule in force."""
        self._rules[rule["id"]] = Rule.of(rule)

    async def remove(self, rule_id: str) -> None:
        """Takes a rule back; responses it already acts on stay as they are."""
        self._rules.pop(rule_id, None)

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        """Called by mitmproxy when a request begins."""
        self._connections.begin(flow)

    async def request(self, flow: http.HTTPFlow) -> None:
        """Called by mitmproxy when a request is here; it is not sent on until this returns."""
        provider = self._connections.provider_of(flow)
        canary = flow.request.headers.get(CANARY)
        if canary is not None:
            flow.response = http.Response.make(200, b"." * min(int(canary), CANARY_BYTES_MAX))
            return
        for rule in [rule for rule in self._rules.values() if rule.provider == provider]:
            if self._acts(rule, flow) and await self._before_upstream(rule, flow):
                return

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        """Called by mitmproxy when a response begins; decides whether its body flows through or is gathered."""
        rule: Rule | None = flow.metadata.get(RULE)
        if flow.response is None or flow.response.timestamp_end is not None:
            return
        if rule is None:
            flow.response.stream = True
        elif flow.response.headers.get("content-type", "").startswith("text/event-stream"):
            flow.response.stream = self._guarded(self._on_stream(rule, flow), flow)
        elif rule.action == "slow_first_token":
            gate, fired = self._connections.gate_of(flow), self._fired(rule, flow)
            # The head is the next write; the whole body is what follows.
            gate.after_next_write(_both(fired, functools.partial(gate.hold, rule.params["delay_s"])))
            flow.response.stream = True
        elif rule.action in {"stall", "cut"}:
            flow.response.stream = self._guarded(bodies.HalfBody(self._act(rule, flow)), flow)

    def response(self, flow: http.HTTPFlow) -> None:
        """Called by mitmproxy when a response is complete, before its end is sent."""
        rule: Rule | None = flow.metadata.get(RULE)
        body = flow.response.raw_content if flow.response is not None else None
        if rule is not None and flow.response is not None and not flow.response.stream and body:
            changed = _rewritten(rule, body, flow.response.status_code)
            if changed is not None:
                flow.response.raw_content = changed
                if "content-length" in flow.response.headers:
                    flow.response.headers["content-length"] = str(len(changed))
                self._fired(rule, flow)()
        self._connections.end(flow)

    def error(self, flow: http.HTTPFlow) -> None:
        """Called by mitmproxy when a flow breaks off."""
        self._connections.end(flow)

    def client_disconnected(self, client: connection.Client) -> None:
        """Called by mitmproxy when a client has left."""
        self._connections.forget(client)

    def _acts(self, rule: Rule, flow: http.HTTPFlow) -> bool:
        if rule.model is not None and model_of(flow.request.path, flow.request.raw_content) != rule.model:
            return False
        self._requests[rule.id] += 1
        return rule.picks(flow.request.headers.get(REQUEST_ID) or f"#{self._requests[rule.id]}")

    async def _before_upstream(self, rule: Rule, flow: http.HTTPFlow) -> bool:
        """Does what a rule does before the provider hears of the request; True if it never will."""
        fired = self._fired(rule, flow)
        if rule.action == "respond":
            flow.response = _answer(rule, self._requests[rule.id])
            fired()
        elif rule.action == "tcp_reset":
            fired()
            self._connections.gate_of(flow).reset()
            flow.kill()
        elif rule.action == "blackhole":
            fired()
            await _client_left(flow, None)
            flow.kill()
        elif rule.action == "delayed_head":
            fired()
            if await _client_left(flow, rule.params["delay_s"]):
                flow.kill()
                return True
            return False
        else:
            flow.metadata.setdefault(RULE, rule)
            # A compressed body has no tokens to count.
            flow.request.headers["accept-encoding"] = "identity"
            return False
        return True

    def _on_stream(self, rule: Rule, flow: http.HTTPFlow) -> bodies.Stream:
        paths = rule.params["token_paths"]
        tokens = 0 if rule.action == "slow_first_token" else rule.params["after_tokens"]
        if rule.action == "malformed_json":
            breaker = bodies.BreakNext(self._fired(rule, flow))
            return bodies.AfterTokens(tokens, lambda event: has_content(event, paths), breaker.act, breaker)
        rest = bodies.as_it_is if rule.action in {"slow_first_token", "stall"} else bodies.nothing
        return bodies.AfterTokens(
            tokens, lambda event: has_content(event, paths), self._act(rule, flow), rest
        )

    def _act(self, rule: Rule, flow: http.HTTPFlow) -> bodies.Act:
        gate, fired, params = self._connections.gate_of(flow), self._fired(rule, flow), rule.params
        chunked = flow.response is not None and "chunked" in flow.response.headers.get(
            "transfer-encoding", ""
        )
        if rule.action == "slow_first_token":
            return bodies.pause(gate, params["delay_s"], fired, None)
        if rule.action == "stall":
            frame = _frame(params, "ping", flow) if params["ping_every_s"] and chunked else b""
            ping = (b"%x\r\n%b\r\n" % (len(frame), frame), params["ping_every_s"]) if frame else None
            return bodies.pause(gate, params["for_s"], fired, ping)
        if rule.action == "cut" and params["how"] == "rst":
            return bodies.stop(gate, gate.reset, fired)
        last = b"" if rule.action == "cut" or not chunked else LAST_CHUNK
        frame = _frame(params, "error", flow) if rule.action == "error_event" else b""
        return bodies.stop(gate, lambda: gate.finish(last), fired, frame)

    def _fired(self, rule: Rule, flow: http.HTTPFlow) -> Fired:
        def fired() -> None:
            control.say(
                {
                    "event": "fired",
                    "rule": rule.id,
                    "at": time.monotonic(),
                    "client_request_id": flow.request.headers.get(REQUEST_ID),
                    "evidence": f"mitmproxy: {rule.action} on {flow.request.method} {flow.request.path}",
                }
            )

        return fired

    def _guarded(self, stream: bodies.Stream, flow: http.HTTPFlow) -> bodies.Stream:
        """Mitmproxy drops the piece and goes on when a stream callable raises: the client would see a success."""
        gate = self._connections.gate_of(flow)

        def guarded(data: bytes) -> list[bytes]:
            try:
                return stream(data)
            except Exception as error:
                control.report_error(f"{type(error).__name__} in a response body: {error}")
                gate.reset()
                raise

        return guarded


def _both(first: Fired, second: Fired) -> Fired:
    def both() -> None:
        first()
        second()

    return both


def _rewritten(rule: Rule, body: bytes, status: int) -> bytes | None:
    """What becomes of a body that is no event stream, None for nothing."""
    if rule.action in {"truncation", "malformed_json"}:
        return body[: len(body) // 2]
    if rule.action == "error_event" and status == http.status_codes.OK:
        return base64.b64decode(rule.params["error_body"])
    return None


def _frame(params: Mapping[str, Any], kind: str, flow: http.HTTPFlow) -> bytes:
    """The wire's own ping or error event for the operation this request calls."""
    path = flow.request.path.partition("?")[0]
    frames: Mapping[str, Mapping[str, str]] = params["frames"]
    found = next((frames[end] for end in frames if end in path), {})
    return base64.b64decode(found.get(kind, ""))


def _answer(rule: Rule, nth: int) -> http.Response:
    own_id = f"{rule.seed & 0xFFFF:04x}{nth & 0xFFFFFFFFFFFF:012x}"
    headers = [
        (name.encode(), value.replace(REQUEST_ID_PLACE, own_id).encode())
        for name, value in rule.params["headers"]
    ]
    body = base64.b64decode(rule.params["body"]).replace(REQUEST_ID_PLACE.encode(), own_id.encode())
    response = http.Response.make(rule.params["status"], body, http.Headers(headers))
    response.headers["content-length"] = str(len(body))
    return response


async def _client_left(flow: http.HTTPFlow, within_s: float | None) -> bool:
    """Waits for the client to leave, at most so long; whether it did."""
    until = time.monotonic() + within_s if within_s is not None else float("inf")
    while flow.client_conn.state & ConnectionState.CAN_READ:
        left_s = until - time.monotonic()
        if left_s <= 0:
            return False
        await asyncio.sleep(min(POLL_S, left_s))
    return True
