"""One JSON line per attempt and per call, by the standard library's logging."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime
from typing import TextIO

import msgspec

from seawall.rollout.record import RolloutRecord
from seawall.telemetry.events import AttemptEvent, CallEvent, attempt_event, call_event
from seawall.telemetry.rollout_event import RolloutEvent, rollout_event
from seawall.trace import AttemptRecord, CallContext, CallTrace

LOGGER_NAME = "seawall"
Event = AttemptEvent | CallEvent | RolloutEvent

_logger = logging.getLogger(LOGGER_NAME)
_silence = logging.NullHandler()
_logger.addHandler(_silence)  # until the application wants to hear


def _now() -> datetime:
    return datetime.now(UTC)


class LogObserver:
    """Logs attempts and calls at level INFO, to the logger `seawall`. Costs next to nothing while nobody listens.

    The message of each record is the JSON line itself, encoded only when a handler writes it.
    """

    def __init__(self, *, wall_clock: Callable[[], datetime] = _now) -> None:
        self._wall_clock = wall_clock

    def attempt_finished(self, context: CallContext, record: AttemptRecord) -> None:
        """Log an attempt."""
        if _logger.isEnabledFor(logging.INFO):
            _log(attempt_event(context, record, self._wall_clock()))

    def call_finished(self, trace: CallTrace) -> None:
        """Log a call."""
        if _logger.isEnabledFor(logging.INFO):
            _log(call_event(trace, self._wall_clock()))

    def rollout_finished(self, record: RolloutRecord) -> None:
        """Log a call through the rollout."""
        if _logger.isEnabledFor(logging.INFO):
            _log(rollout_event(record, self._wall_clock()))


def _log(event: Event) -> None:
    if (handler := _only_reader()) is not None:
        handler.write(event)
        return
    # Logger.info would walk the stack to find where it was called, which is always here.
    _logger.handle(_logger.makeRecord(LOGGER_NAME, logging.INFO, "", 0, event, (), None))


def _only_reader() -> JsonHandler | None:
    """Return the handler of `configure_json_logs` where every event reaches it and nothing else."""
    if _logger.propagate or _logger.filters or _logger.handlers[:1] != [_silence]:
        return None
    handler = _logger.handlers[-1]
    if len(_logger.handlers) > 2 or not isinstance(handler, JsonHandler):  # noqa: PLR2004 - silence and it
        return None
    return None if handler.filters or handler.level > logging.INFO else handler


class JsonFormatter(logging.Formatter):
    """Writes Seawall's events as they are, and any other record as a JSON line with `event: log`."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one line of JSON."""
        if isinstance(record.msg, Event):
            return str(record.msg)
        line = {
            "event": "log",
            "time": datetime.fromtimestamp(record.created, UTC),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if record.exc_info:
            line["error"] = self.formatException(record.exc_info)
        return msgspec.json.encode(line).decode()


class JsonHandler(logging.StreamHandler[TextIO]):
    """What `configure_json_logs` installs."""

    def write(self, event: Event) -> None:
        """Write an event without making a log record of it first, which would cost more than all the rest."""
        with self.lock or nullcontext():
            try:
                self.stream.write(f"{event}\n")
                self.stream.flush()
            except (OSError, ValueError):  # a full disk, a closed stream: the call goes on
                self.handleError(_logger.makeRecord(LOGGER_NAME, logging.INFO, "", 0, event, (), None))


def configure_json_logs(stream: TextIO | None = None, *, level: int = logging.INFO) -> logging.Handler:
    """Send the logger `seawall` to `stream` (default: stderr) as JSON lines, and nowhere else.

    Call it again to change the stream. Applications with handlers of their own need not call it: they set the
    level of the logger `seawall`, and each record's message is the JSON line.
    """
    for handler in _logger.handlers[:]:
        if isinstance(handler, JsonHandler):
            _logger.removeHandler(handler)
    handler = JsonHandler(stream or sys.stderr)
    handler.setFormatter(JsonFormatter())
    _logger.addHandler(handler)
    _logger.setLevel(level)
    _logger.propagate = False
    return handler
