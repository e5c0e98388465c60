"""toxiproxy-python, with its known flaws mended in this one place."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Self, TypeVar

import requests
import toxiproxy.proxy
import toxiproxy.server
from requests.adapters import HTTPAdapter
from toxiproxy.api import APIConsumer, validate_response
from toxiproxy.exceptions import InvalidToxic, NotFound, ProxyExists

from seawall_chaos.errors import StackError
from seawall_chaos.faults.fault import Toxic

TIMEOUT_S = 10.0
HTTP_ERROR = 400
Result = TypeVar("Result")
LIBRARY_ERRORS = (InvalidToxic, NotFound, ProxyExists)


class ToxiproxyError(StackError):
    """Toxiproxy refused a call or could not be reached."""


class _Consumer(APIConsumer):  # type: ignore[misc]  # the library is untyped
    """The library's HTTP layer, which keeps one host and port per process; this one keeps them per call.

    It also sets a timeout, raises on 5xx, and never asks HTTP_PROXY's proxy for the way to loopback.
    """

    @classmethod
    def get(cls, url: str, params: Any = None, **kwargs: Any) -> requests.Response:
        return _api.get().send("GET", url, params=params, **kwargs)

    @classmethod
    def delete(cls, url: str, **kwargs: Any) -> requests.Response:
        return _api.get().send("DELETE", url, **kwargs)

    @classmethod
    def post(cls, url: str, data: Any = None, json: Any = None, **kwargs: Any) -> requests.Response:
        return _api.get().send("POST", url, data=data, json=json, **kwargs)


@dataclass(frozen=True, slots=True)
class _Api:
    """Where one server's API is."""

    base_url: str
    session: requests.Session

    def send(self, method: str, url: str, **kwargs: Any) -> requests.Response:
        response = self.session.request(method, self.base_url + url, timeout=TIMEOUT_S, **kwargs)
        validate_response(response)
        if response.status_code >= HTTP_ERROR:
            raise ToxiproxyError(f"Toxiproxy: {method} {url}: {response.status_code} {response.text.strip()}")
        return response


_api: ContextVar[_Api] = ContextVar("toxiproxy API of the current call")
toxiproxy.server.APIConsumer = _Consumer
toxiproxy.proxy.APIConsumer = _Consumer


class ToxiproxyClient:
    """One Toxiproxy server's API; any number of servers in one process."""

    def __init__(self, host: str, port: int) -> None:
        session = requests.Session()
        session.trust_env = False
        session.mount("http://", HTTPAdapter(max_retries=0))
        self._api = _Api(f"http://{host}:{port}", session)
        self._library = toxiproxy.server.Toxiproxy()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        self._api.session.close()

    async def version(self) -> str:
        """The server's version; the library returns the raw body."""
        document = await self._call(lambda: self._api.send("GET", "/version").json())
        return str(document["version"])

    async def proxies(self) -> Mapping[str, Any]:
        """The proxies by name, as the library sees them."""
        found: dict[str, Any] = await self._call(self._library.proxies)
        return found

    async def populate(self, proxies: Sequence[Mapping[str, Any]]) -> dict[str, str]:
        """Creates or replaces proxies in one call; where each listens, by name.

        The library asks one by one, wants `listen` the second time, and forgets those that exist.
        """
        document = await self._call(lambda: self._api.send("POST", "/populate", json=list(proxies)).json())
        return {proxy["name"]: str(proxy["listen"]) for proxy in document["proxies"]}

    async def remove(self, name: str) -> None:
        """Ends a proxy's connections and forgets it."""
        await self._call(lambda: self._proxy(name).destroy())

    async def enable(self, name: str) -> None:
        """Listens again, on the same port."""
        await self._call(lambda: self._proxy(name).enable())

    async def disable(self, name: str) -> None:
        """Ends every connection and refuses new ones."""
        await self._call(lambda: self._proxy(name).disable())

    async def add_toxic(self, proxy: str, name: str, toxic: Toxic, *, toxicity: float = 1.0) -> None:
        """Adds a toxic under a name of the caller's choice."""
        await self._call(
            lambda: self._proxy(proxy).add_toxic(
                name=name,
                type=toxic.type,
                stream=toxic.stream,
                toxicity=toxicity,
                attributes=dict(toxic.attributes),
            )
        )

    async def update_toxic(self, proxy: str, name: str, attributes: Mapping[str, int]) -> None:
        """Changes a toxic in place; the library cannot."""
        body = {"attributes": dict(attributes)}
        await self._call(lambda: self._api.send("PATCH", f"/proxies/{proxy}/toxics/{name}", json=body))

    async def remove_toxic(self, proxy: str, name: str) -> None:
        """Removes a toxic."""
        await self._call(lambda: self._proxy(proxy).destroy_toxic(name))

    async def toxics(self, proxy: str) -> Mapping[str, Any]:
        """The toxics of a proxy by name."""
        found: dict[str, Any] = await self._call(lambda: self._proxy(proxy).toxics())
        return found

    async def reset(self) -> None:
        """Enables every proxy and removes every toxic."""
        await self._call(self._library.reset)

    def _proxy(self, name: str) -> Any:
        proxy = self._library.get_proxy(name)
        if proxy is None:
            raise ToxiproxyError(f"Toxiproxy has no proxy {name!r}")
        return proxy

    async def _call(self, function: Callable[[], Result]) -> Result:
        def call() -> Result:
            token = _api.set(self._api)
            try:
                return function()
            except LIBRARY_ERRORS as error:
                raise ToxiproxyError(f"Toxiproxy: {error.args[0].decode().strip()}") from error
            except requests.RequestException as error:
                raise ToxiproxyError(f"Toxiproxy at {self._api.base_url}: {error}") from error
            finally:
                _api.reset(token)

        return await asyncio.to_thread(call)
