"""What is served on a listener, and how a request target is read."""

from typing import Protocol

from seawall_simulators.exchange import Receiver

Target = tuple[Receiver, str, str]
"""Who answers, and the path and query as they know them."""


class Client(Protocol):
    """A connected client, as the server deals with it."""

    def drop(self) -> None:
        """Throws it out."""

    def expire(self, now_s: float) -> None:
        """Refuses its request if that has been arriving for too long."""


class Site(Protocol):
    """What is served on a listener."""

    connections: set[Client]
    targets: dict[bytes, Target]
    """What `route` said to the request targets seen lately."""

    def route(self, path: str) -> tuple[Receiver, str]:
        """Who answers a request for this path, and the path as they know it."""
        ...


def split_target(target: bytes) -> tuple[str, str]:
    """Path and query of a request target; of an absolute one, as proxies send it, the same parts."""
    text = target.decode("latin-1")
    if not text.startswith("/"):
        _, scheme, rest = text.partition("://")
        text = "/" + rest.partition("/")[2] if scheme else text
    path, _, query = text.partition("?")
    return path, query
