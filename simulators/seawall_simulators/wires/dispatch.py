"""From a request to the operation it asks for, and how what is wrong with it becomes a refusal."""

from collections.abc import Callable, Mapping
from urllib.parse import unquote

from msgspec import Struct

from seawall_simulators.draw import Draw
from seawall_simulators.wire import Answer, ApiError, ProviderView, Request
from seawall_simulators.wires.decoding import BodyError, too_deep

Handler = Callable[[Request, ProviderView, Draw], Answer]
MODELS = "models"
"""The operation that lists the models, or tells of one."""


class Routes(Struct, frozen=True):
    """Where a family's operations are, and its words for a request that fits none of them."""

    posts: Mapping[str, tuple[str, Handler]]
    """By path: the operation's name, and who answers."""
    models_path: str
    models: Callable[[Request, str, ProviderView, Draw], Answer]
    """Tells of one model; of an empty name, lists all."""
    nothing_here: Callable[[Request], ApiError]
    not_allowed: Callable[[Request], ApiError]
    refusal: Callable[[BodyError], ApiError]


def dispatch(routes: Routes, path: str, request: Request, provider: ProviderView, draw: Draw) -> Answer:
    """What is said to a request for this path of the table; raises ApiError, which names the operation."""
    post = routes.posts.get(path)
    if post is None and not (path + "/").startswith(routes.models_path + "/"):
        raise routes.nothing_here(request)
    operation, method = (MODELS, "GET") if post is None else (post[0], "POST")
    try:
        if request.method != method:
            raise routes.not_allowed(request)
        if post is not None:
            return post[1](request, provider, draw)
        return routes.models(request, unquote(path[len(routes.models_path) + 1 :]), provider, draw)
    except (BodyError, RecursionError) as error:
        refusal = routes.refusal(error if isinstance(error, BodyError) else too_deep())
        refusal.operation = operation
        raise refusal from error
    except ApiError as error:
        error.operation = operation
        raise


def given_key(request: Request, header: str) -> str:
    """The key a request bears, as a bearer token or in this header; empty where it bears none."""
    return request.headers.get("authorization", "").removeprefix("Bearer ") or request.headers.get(header, "")
