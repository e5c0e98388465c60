"""A conversation as the wires see it that keep the system's words apart and answer tools as the user."""

from __future__ import annotations

from collections.abc import Iterator

from seawall.messages import Message


def turns(messages: tuple[Message, ...]) -> Iterator[Message | list[Message]]:
    """Yield what users and the model said, and as one list the results of tools that were called together."""
    results: list[Message] = []
    for message in messages:
        if message.role == "tool":
            results.append(message)
        elif message.role != "system":
            if results:
                yield results
                results = []
            yield message
    if results:
        yield results
