"""One fake provider: its document, its state, and what it says to each request."""

from functools import partial
from hashlib import sha256
from time import monotonic

from msgspec.structs import replace

from seawall_simulators.behaviour import script_of
from seawall_simulators.capacity import Capacity, Place
from seawall_simulators.config import ProviderDocument
from seawall_simulators.draw import Draw, provider_key
from seawall_simulators.exchange import Exchange
from seawall_simulators.fault import Context, Fault, afflict
from seawall_simulators.journal import Journal, Row
from seawall_simulators.occurrences import Occurrences
from seawall_simulators.rate_limits import RateLimiter
from seawall_simulators.render import header_bytes
from seawall_simulators.reply import Reply
from seawall_simulators.script import Script, head_of, whole
from seawall_simulators.wire import Answer, ApiError, ProviderView, RateLimitState, Request
from seawall_simulators.wires import WIRES

_OK = 200
_TOO_MANY_REQUESTS = 429


class Provider:
    """Answers requests as its document says. All it draws depends on the seed, its name and what is asked."""

    def __init__(
        self, name: str, seed: int, document: ProviderDocument, journal: Journal, body_chars: int = 0
    ) -> None:
        self.name = name
        self._body_chars = body_chars
        self._key = provider_key(seed, name)
        self._journal = journal
        self._wire = WIRES[document.wire]
        self._unlimited_headers = header_bytes(self._wire.rate_limit_headers(RateLimitState()))
        self._under_way: dict[int, tuple[Exchange, Row]] = {}
        self._become(document)
        self._forget()

    def _become(self, document: ProviderDocument) -> None:
        behaviour = document.behaviour
        self._document = document
        self._behaviour = behaviour
        self._faults: tuple[Fault, ...] = document.faults
        self._view = ProviderView(
            self.name, document.served_models(self.name), behaviour.tokens, document.api_key
        )

    def _forget(self) -> None:
        behaviour = self._behaviour
        self._occurrences = Occurrences()
        self._capacity = Capacity(behaviour.capacity, behaviour.queue)
        self._limiter = self._new_limiter()

    def _new_limiter(self) -> RateLimiter | None:
        behaviour = self._behaviour
        if behaviour.requests_per_minute is None and behaviour.tokens_per_minute is None:
            return None
        return RateLimiter(behaviour.requests_per_minute, behaviour.tokens_per_minute, monotonic())

    @property
    def document(self) -> ProviderDocument:
        """What it is told to be, faults included."""
        return self._document

    @property
    def base_path(self) -> str:
        """What the path of its base URL ends with."""
        return self._wire.base_path()

    @property
    def unfinished(self) -> list[Row]:
        """The requests it has not finished, with what is known of them so far."""
        for exchange, row in self._under_way.values():
            _note(row, exchange)
        return [row for _, row in self._under_way.values()]

    def change(self, document: ProviderDocument) -> None:
        """From the next request on it is as this document says; allowances begin anew if they changed."""
        before = self._behaviour
        self._become(document)
        after = self._behaviour
        self._capacity.resize(after.capacity, after.queue)
        if (before.requests_per_minute, before.tokens_per_minute) != (
            after.requests_per_minute,
            after.tokens_per_minute,
        ):
            self._limiter = self._new_limiter()

    def set_faults(self, faults: tuple[Fault, ...]) -> None:
        """From the next request on it has these faults and no other."""
        self.change(self._document.model_copy(update={"faults": faults}))

    def reset(self) -> None:
        """As freshly started, but for the document's other parts: no faults, full allowances, nothing seen."""
        self.set_faults(())
        self._forget()

    def receive(self, exchange: Exchange) -> None:
        """Answers one request."""
        request = exchange.request
        if request.method == "HEAD":
            request = replace(request, method="GET")
        asked = sha256(b"%b\0%b" % (request.path.encode("latin-1"), request.body)).digest()
        occurrence = self._occurrences.count(asked)
        draw = Draw.of(self._key, asked, occurrence)
        row = Row(
            provider=self.name,
            wire=self._wire.name,
            client_request_id=request.headers.get("x-client-request-id"),
            arrived_monotonic_s=monotonic(),
            user_agent=request.headers.get("user-agent"),
            connection=exchange.link.number,
        )
        if self._body_chars:
            row.request_body = request.body.decode("utf-8", "replace")[: self._body_chars]
        exchange.on_finish = partial(self._finished, row)
        try:
            answer = self._wire.answer(request, self._view, draw)
        except ApiError as error:
            row.operation, row.model, row.stream = error.operation, error.model, error.stream
            script = self._refusal(row, draw, error.status, code=error.code, message=error.message)
            self._begin(exchange, row, draw, self._refused(script, row, draw))
        else:
            self._begin(exchange, row, draw, self._answer(answer, row, draw, request, occurrence))

    def _answer(self, answer: Answer, row: Row, draw: Draw, request: Request, occurrence: int) -> Script:
        row.operation, row.model, row.stream = answer.operation, answer.model, answer.stream
        row.request_id, row.input_tokens = answer.request_id, answer.input_tokens
        limit_headers = self._unlimited_headers
        if self._limiter is not None:
            now_s = monotonic()
            tokens = answer.input_tokens + answer.output_tokens
            retry_after_s = self._limiter.admit(tokens, now_s) if request.method == "POST" else None
            limit_headers = header_bytes(self._wire.rate_limit_headers(self._limiter.state(now_s)))
            if retry_after_s is not None:
                script = self._refusal(row, draw, _TOO_MANY_REQUESTS, retry_after_s=retry_after_s)
                head = head_of(script)
                assert head is not None  # noqa: S101  (a refusal has a head)
                script = (replace(head, prepared=limit_headers), *script[1:])
                return self._refused(script, row, draw)
        row.output_tokens = answer.output_tokens
        row.meant(answer.text)
        script = script_of(answer, limit_headers, self._behaviour, draw)
        if not self._faults:
            return script
        say = partial(self._say, request, row, draw, limit_headers)
        context = Context(self._wire, row.request_id, answer, row.model, say, occurrence)
        return afflict(script, self._faults, context, draw)

    def _say(self, request: Request, row: Row, draw: Draw, limit_headers: bytes, reply: Reply) -> Script:
        """The healthy response in which the model says this: ids and times are those of the answer it replaces."""
        answer = self._wire.answer(request, replace(self._view, told=reply), draw.afresh())
        row.request_id = answer.request_id
        return script_of(answer, limit_headers, self._behaviour, draw)

    def _refusal(
        self,
        row: Row,
        draw: Draw,
        status: int,
        *,
        code: str | None = None,
        message: str | None = None,
        retry_after_s: float | None = None,
    ) -> Script:
        row.outcome = "rejected"
        row.answer = None
        row.output_tokens = 0
        row.request_id = row.request_id or self._wire.request_id(draw)
        headers, body = self._wire.error(
            status, code=code, message=message, request_id=row.request_id, retry_after_s=retry_after_s
        )
        return whole(status, headers, body)

    def _refused(self, script: Script, row: Row, draw: Draw) -> Script:
        """A refusal under the faults."""
        if not self._faults:
            return script
        return afflict(script, self._faults, Context(self._wire, row.request_id, None, row.model), draw)

    def _begin(self, exchange: Exchange, row: Row, draw: Draw, script: Script) -> None:
        """Plays the response now, or when its turn has come. Only answers take up capacity."""
        if self._behaviour.capacity is not None:
            head = head_of(script)
            if head is not None and head.status == _OK:
                place = self._capacity.enter(id(exchange), partial(exchange.play, script))
                if place is Place.REFUSED:
                    script = self._refusal(row, draw, self._wire.overload_status)
                elif place is Place.QUEUED:
                    self._under_way[id(exchange)] = exchange, row
                    return
                self._under_way[id(exchange)] = exchange, row
        exchange.play(script)
        if not exchange.finished:
            self._under_way[id(exchange)] = exchange, row

    def _finished(self, row: Row, exchange: Exchange, left: bool) -> None:  # noqa: FBT001  (the exchange's call)
        _note(row, exchange)
        row.finished_monotonic_s = monotonic()
        if left:
            row.outcome = "client_left"
        elif row.faults:
            row.outcome = "faulted"
        elif row.outcome is None:
            row.outcome = "complete"
            if not row.stream:
                row.tokens_sent = row.output_tokens
        self._journal.append(row)
        if self._under_way and self._under_way.pop(id(exchange), None) is not None:
            self._capacity.leave(id(exchange))


def _note(row: Row, exchange: Exchange) -> None:
    """What the response has come to so far."""
    row.status = exchange.status
    row.first_byte_monotonic_s = exchange.first_byte_s
    row.tokens_sent = exchange.tokens_sent
    row.body_sha256 = exchange.body_sha256
    row.faults = exchange.fired
