"""Which event loop a client belongs to."""

from __future__ import annotations

import asyncio
import os

from seawall.errors import ConfigurationError


class LoopBond:
    """Ties a client to the event loop of its first call, where its connections and timers live.

    Used from another loop, or in a process that was forked off, it would wait for what never comes.
    """

    __slots__ = ("_loop", "_pid")

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._pid = 0

    def check(self) -> None:
        """Bind to the running loop if this is the first call. Raises `ConfigurationError` on any other loop."""
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:  # a stream may be made before there is a loop
            return
        if loop is self._loop:
            return
        if self._loop is not None:
            forked = os.getpid() != self._pid
            where = "the process that this one was forked from" if forked else "another event loop"
            raise ConfigurationError(
                f"this client belongs to {where}, where its connections are: make one here, or use seawall.sync"
            )
        self._loop, self._pid = loop, os.getpid()

    def release(self) -> None:
        """Let the next call choose the loop: nothing is left on the old one."""
        self._loop = None
