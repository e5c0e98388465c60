"""The control API: what tests and chaos runs tell the providers, and ask of them."""

import hmac
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs

import msgspec

from seawall_simulators.config import ProviderDocument
from seawall_simulators.document import DocumentError, nearest, validate
from seawall_simulators.exchange import Exchange, Receiver
from seawall_simulators.faults import parse_all
from seawall_simulators.journal import Journal
from seawall_simulators.provider import Provider
from seawall_simulators.script import whole
from seawall_simulators.site import Client, Target
from seawall_simulators.wire import Request

Handler = Callable[[Request], Any]


class ControlError(Exception):
    """A request the control API refuses, with the status and what to say."""

    def __init__(self, status: int, *mistakes: str) -> None:
        super().__init__(status, *mistakes)
        self.status = status
        self.mistakes = mistakes


class Control:
    """The site of the control listener. With a token, every request must carry it as a bearer."""

    def __init__(
        self,
        providers: Mapping[str, Provider],
        journal: Journal,
        token: str | None,
        reset: Callable[[], None],
    ) -> None:
        self.connections: set[Client] = set()
        self.targets: dict[bytes, Target] = {}
        self._providers = providers
        self._journal = journal
        self._token = token
        self._reset = reset

    def route(self, path: str) -> tuple[Receiver, str]:
        """Every path is the control API's own."""
        return self._receive, path

    def _receive(self, exchange: Exchange) -> None:
        try:
            self._authorise(exchange.request)
            status, document = 200, self._handler(exchange.request)(exchange.request)
        except ControlError as error:
            status, document = error.status, {"error": "; ".join(error.mistakes), "mistakes": error.mistakes}
        except DocumentError as error:
            status, document = 422, {"error": "; ".join(error.mistakes), "mistakes": error.mistakes}
        exchange.play(whole(status, (), msgspec.json.encode(document)))

    def _authorise(self, request: Request) -> None:
        if "origin" in request.headers:
            raise ControlError(403, "not for browsers")
        if self._token is None:
            return
        given = request.headers.get("authorization", "").removeprefix("Bearer ")
        if not hmac.compare_digest(given.encode(), self._token.encode()):
            raise ControlError(401, "the control API wants its token: Authorization: Bearer TOKEN")

    def _handler(self, request: Request) -> Handler:
        parts = request.path.strip("/").split("/")
        match parts:
            case ["health"]:
                methods: dict[str, Handler] = {"GET": self._health}
            case ["providers"]:
                methods = {"GET": self._all}
            case ["providers", _]:
                methods = {"GET": self._one, "PUT": self._change}
            case ["providers", _, "fault"]:
                methods = {"PUT": self._set_fault, "DELETE": self._clear_fault}
            case ["journal"]:
                methods = {"GET": self._rows, "DELETE": self._clear_journal}
            case ["reset"]:
                methods = {"POST": self._start_over}
            case _:
                raise ControlError(
                    404, f"no such path: {request.path:.200}; see /health, /providers, /journal, /reset"
                )
        method = "GET" if request.method == "HEAD" else request.method
        if method not in methods:
            raise ControlError(405, f"{request.path:.200} takes {', '.join(methods)}, not {request.method}")
        return methods[method]

    def _provider(self, request: Request) -> Provider:
        name = request.path.split("/")[2]
        if name not in self._providers:
            raise ControlError(404, f"no such provider: {name!r:.100}{nearest(name, self._providers)}")
        return self._providers[name]

    def _health(self, _: Request) -> Any:
        under_way = sum(len(provider.unfinished) for provider in self._providers.values())
        return {"status": "ok", "under_way": under_way, "journal_dropped": self._journal.dropped}

    def _all(self, _: Request) -> Any:
        return {name: self._document(provider) for name, provider in self._providers.items()}

    def _one(self, request: Request) -> Any:
        return self._document(self._provider(request))

    def _document(self, provider: Provider) -> Any:
        document = provider.document.model_dump(mode="json", include=set(ProviderDocument.model_fields))
        document["models"] = provider.document.served_models(provider.name)
        return document

    def _change(self, request: Request) -> Any:
        provider = self._provider(request)
        document = validate(ProviderDocument, _json(request))
        if document.wire != provider.document.wire:
            raise ControlError(422, f"wire: {provider.name} speaks {provider.document.wire!r} for good")
        provider.change(document)
        return self._document(provider)

    def _set_fault(self, request: Request) -> Any:
        provider = self._provider(request)
        provider.set_faults(parse_all(_json(request)))
        return self._document(provider)

    def _clear_fault(self, request: Request) -> Any:
        provider = self._provider(request)
        provider.set_faults(())
        return self._document(provider)

    def _rows(self, request: Request) -> Any:
        since = parse_qs(request.query).get("since", ["0"])[-1]
        if not since.isdecimal() or len(since) > 18:  # noqa: PLR2004  (what fits 64 bits)
            raise ControlError(422, f"since: a sequence number, not {since!r:.80}")
        unfinished = [row for provider in self._providers.values() for row in provider.unfinished]
        return {
            "rows": [row.document() for row in self._journal.since(int(since))],
            "unfinished": [row.document() for row in unfinished],
            "last_seq": self._journal.last_seq,
            "dropped": self._journal.dropped,
        }

    def _clear_journal(self, _: Request) -> Any:
        self._journal.clear()
        return {"last_seq": self._journal.last_seq}

    def _start_over(self, _: Request) -> Any:
        self._reset()
        return {"status": "ok"}


def _json(request: Request) -> Any:
    try:
        return msgspec.json.decode(request.body)
    except (msgspec.DecodeError, RecursionError) as error:
        raise ControlError(400, f"the body is not JSON: {error}") from None
