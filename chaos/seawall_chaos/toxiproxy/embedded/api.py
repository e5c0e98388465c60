"""Toxiproxy's HTTP API over a collection of proxies."""

import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from seawall_chaos.toxiproxy.embedded.proxy import Proxy
from seawall_chaos.toxiproxy.embedded.toxics import Toxic, ToxicError
from seawall_chaos.toxiproxy.release import VERSION

BODY_BYTES_MAX = 2**20
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class ApiError(Exception):
    """What the API answers with `{"error": ..., "status": ...}`."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Api:
    """The proxies by name, and what can be asked of them."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._proxies: dict[str, Proxy] = {}

    def application(self) -> web.Application:
        """The routes."""
        app = web.Application(middlewares=[_errors], client_max_size=BODY_BYTES_MAX)
        proxy, toxic = "/proxies/{proxy}", "/proxies/{proxy}/toxics/{toxic}"
        app.add_routes(
            [
                web.get("/version", self._version),
                web.post("/reset", self._reset),
                web.get("/proxies", self._index),
                web.post("/proxies", self._create),
                web.post("/populate", self._populate),
                web.get(proxy, self._show),
                web.post(proxy, self._update),
                web.patch(proxy, self._update),
                web.delete(proxy, self._delete),
                web.get(f"{proxy}/toxics", self._toxics),
                web.post(f"{proxy}/toxics", self._add_toxic),
                web.get(toxic, self._show_toxic),
                web.post(toxic, self._update_toxic),
                web.patch(toxic, self._update_toxic),
                web.delete(toxic, self._delete_toxic),
            ]
        )
        return app

    async def populate(self, documents: list[dict[str, Any]]) -> list[Proxy]:
        """Creates proxies; one that exists stays if it is the same, else it is replaced."""
        for number, document in enumerate(documents, 1):
            for key in ("name", "upstream"):
                if not document.get(key):
                    raise ApiError(400, f"missing required field: {key} at proxy {number}")
        return [await self._add(document, replace=True) for document in documents]

    async def _add(self, document: dict[str, Any], *, replace: bool) -> Proxy:
        proxy = Proxy(document["name"], document.get("listen", ""), document["upstream"], self._seed)
        known = self._proxies.get(proxy.name)
        if known is not None and not replace:
            raise ApiError(409, "proxy already exists")
        if known is not None and (known.listen, known.upstream) == (proxy.listen, proxy.upstream):
            return known
        if known is not None:
            await known.stop()
        if document.get("enabled", True) is not False:
            await proxy.start()
        self._proxies[proxy.name] = proxy
        return proxy

    def _proxy(self, request: web.Request) -> Proxy:
        proxy = self._proxies.get(request.match_info["proxy"])
        if proxy is None:
            raise ApiError(404, "proxy not found")
        return proxy

    def _toxic(self, request: web.Request) -> tuple[Proxy, Toxic]:
        proxy = self._proxy(request)
        for toxic in proxy.toxics:
            if toxic.name == request.match_info["toxic"]:
                return proxy, toxic
        raise ApiError(404, "toxic not found")

    async def _version(self, _: web.Request) -> web.Response:
        return web.json_response({"version": VERSION})

    async def _reset(self, _: web.Request) -> web.Response:
        for proxy in self._proxies.values():
            await proxy.start()
            proxy.change([])
        return web.Response(status=204)

    async def _index(self, _: web.Request) -> web.Response:
        return web.json_response({name: proxy.document() for name, proxy in self._proxies.items()})

    async def _create(self, request: web.Request) -> web.Response:
        document = await _json(request)
        for key in ("name", "upstream"):
            if not document.get(key):
                raise ApiError(400, f"missing required field: {key}")
        proxy = await self._add(document, replace=False)
        return web.json_response(proxy.document(), status=201)

    async def _populate(self, request: web.Request) -> web.Response:
        documents = await _json(request)
        if not isinstance(documents, list):
            raise ApiError(400, "bad request body: a list of proxies is wanted")
        proxies = await self.populate(documents)
        return web.json_response({"proxies": [proxy.document() for proxy in proxies]}, status=201)

    async def _show(self, request: web.Request) -> web.Response:
        return web.json_response(self._proxy(request).document())

    async def _update(self, request: web.Request) -> web.Response:
        proxy, document = self._proxy(request), await _json(request)
        enabled = bool(document.get("enabled", proxy.enabled))
        listen, upstream = document.get("listen", proxy.listen), document.get("upstream", proxy.upstream)
        if (listen, upstream) != (proxy.listen, proxy.upstream):
            await proxy.stop()
            proxy.listen, proxy.upstream = listen, upstream
        await (proxy.start() if enabled else proxy.stop())
        return web.json_response(proxy.document())

    async def _delete(self, request: web.Request) -> web.Response:
        proxy = self._proxy(request)
        await proxy.stop()
        del self._proxies[proxy.name]
        return web.Response(status=204)

    async def _toxics(self, request: web.Request) -> web.Response:
        return web.json_response([toxic.document() for toxic in self._proxy(request).toxics])

    async def _add_toxic(self, request: web.Request) -> web.Response:
        proxy, toxic = self._proxy(request), Toxic.of(await _json(request))
        if any(other.name == toxic.name for other in proxy.toxics):
            raise ApiError(409, "toxic already exists")
        proxy.change([*proxy.toxics, toxic])
        return web.json_response(toxic.document())

    async def _show_toxic(self, request: web.Request) -> web.Response:
        return web.json_response(self._toxic(request)[1].document())

    async def _update_toxic(self, request: web.Request) -> web.Response:
        (proxy, toxic), document = self._toxic(request), await _json(request)
        toxic.set(document.get("attributes") or {})
        toxic.toxicity = float(document.get("toxicity", toxic.toxicity))
        proxy.redraw(toxic.name)
        return web.json_response(toxic.document())

    async def _delete_toxic(self, request: web.Request) -> web.Response:
        proxy, toxic = self._toxic(request)
        proxy.change([other for other in proxy.toxics if other is not toxic])
        return web.Response(status=204)


@web.middleware
async def _errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    if request.headers.get("user-agent", "").startswith("Mozilla/"):
        return web.Response(status=403, text="User agent not allowed")
    try:
        return await handler(request)
    except ApiError as error:
        return web.json_response({"error": str(error), "status": error.status}, status=error.status)
    except ToxicError as error:
        return web.json_response({"error": str(error), "status": 400}, status=400)
    except OSError as error:
        return web.json_response({"error": str(error), "status": 500}, status=500)


async def _json(request: web.Request) -> Any:
    try:
        return json.loads(await request.read())
    except ValueError as error:
        raise ApiError(400, f"bad request body: {error}") from None
