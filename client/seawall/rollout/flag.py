"""An OpenFeature flag that decides the rollout's stage: read beside the calls, which never wait for it."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable

from seawall.errors import ConfigurationError
from seawall.rollout.options import RolloutOptions
from seawall.rollout.policy import RolloutPolicy, position_of_flag

_logger = logging.getLogger("seawall")
_DOMAIN = "seawall"
_FIRST_PAUSE_S = 0.05


class FlagWatch:
    """Reads the flag again and again in a thread of its own, however long that takes, and keeps the last good value.

    A flag service may block, fail or answer nonsense: then what was known stays in force, and before anything was
    known, the settings do.
    """

    def __init__(self, policy: RolloutPolicy) -> None:
        self._policy = policy
        self._stop = threading.Event()
        self._wake = threading.Event()
        self._known = threading.Event()
        self._thread: threading.Thread | None = None
        self._said = ""

    def start(self) -> None:
        """Begin to read if there is a flag, unless that has begun."""
        if self._thread is not None or self._policy.options.flag is None:
            return
        self._stop = threading.Event()
        # A daemon: one that hangs in a flag service's socket must not keep the process from ending.
        self._thread = threading.Thread(
            target=self._watch, args=(_reader(), self._stop), name="seawall-flag", daemon=True
        )
        self._thread.start()

    async def first_reading(self) -> None:
        """Wait until the flag has said something, for `flag_wait_s` at most."""
        if self._thread is not None and not self._known.is_set():
            await asyncio.to_thread(self._known.wait, self._policy.options.flag_wait_s)

    def options_changed(self) -> None:
        """Take note of other options: read at once."""
        self.start()
        self._wake.set()

    def close(self) -> None:
        """Read no more. A reading that hangs is left behind."""
        self._stop.set()
        self._wake.set()
        self._thread = None

    def _watch(self, read: Callable[[str], object], stop: threading.Event) -> None:
        pause_s = _FIRST_PAUSE_S
        while not stop.is_set():
            self._wake.clear()
            if (flag := self._policy.options.flag) is not None:
                value = read(flag)
                if not stop.is_set() and flag == self._policy.options.flag:
                    self._take(flag, value)
            # A flag provider that has only just been set takes a moment to be ready.
            refresh_s = self._policy.options.flag_refresh_s
            self._wake.wait(refresh_s if self._known.is_set() else min(pause_s, refresh_s))
            pause_s *= 2.0

    def _take(self, flag: str, value: object) -> None:
        position = position_of_flag(value)
        if position is not None:
            self._policy.flag_position = position
            self._known.set()
        says = f"says {value}" if position is not None else "cannot be read: what was known stays in force"
        if says != self._said:
            self._said = says
            _logger.info("the rollout's flag %s %s", flag, says)


def check_flag(options: RolloutOptions) -> None:
    """Raise `ConfigurationError` where there is a flag and nothing to read it with."""
    if options.flag is not None:
        try:
            _reader()
        except ModuleNotFoundError:
            message = "rollout.flag needs the extra: pip install 'seawall[openfeature]'"
            raise ConfigurationError(message) from None


def _reader() -> Callable[[str], object]:
    """Return what reads a flag by OpenFeature: its value, or None."""
    from openfeature import api  # noqa: PLC0415 - an extra
    from openfeature.exception import OpenFeatureError  # noqa: PLC0415

    client = api.get_client(_DOMAIN)

    def read(flag: str) -> object:
        try:  # the SDK turns nearly everything that a flag provider raises into an error code
            details = client.get_string_details(flag, "")
        except (OpenFeatureError, RuntimeError, OSError, ValueError, TypeError, AttributeError, LookupError):
            return None
        return details.value if details.error_code is None else None

    return read
