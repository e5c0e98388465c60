"""Texts to embed on their way out: what must not leave gives way to the name of its kind."""

from __future__ import annotations

from collections.abc import Sequence

from seawall.screen import RequestRefusedError
from seawall.security.redaction import Detection, find
from seawall.security.stage import StageRun
from seawall.trace import StageRecord


class TextScreening:
    """The texts of one call. Nothing is put back: the vectors of a document and of the question about it must meet."""

    def __init__(self, texts: Sequence[str], detection: Detection, run: StageRun) -> None:
        self._texts = tuple(texts)
        self._detection = detection
        self._run = run

    def admit(self) -> tuple[str, ...]:
        """Return the texts as they may leave. Raises `RequestRefusedError`."""
        run = self._run
        if not run.looks:
            return self._texts
        masked = tuple(run.attempt(lambda text=text: self._masked(text), text) for text in self._texts)  # type: ignore[misc]
        if run.refuses:
            raise RequestRefusedError(f"redaction did not get to the end: {run.failure}")
        return masked if run.enforces else self._texts

    def records(self) -> tuple[StageRecord, ...]:
        """Return what the stage has done, if it looks."""
        return (self._run.record(),) if self._run.looks else ()

    def _masked(self, text: str) -> str:
        pieces: list[str] = []
        position = 0
        for finding in find(text, self._detection):
            self._run.note("altered", [finding.kind.value])
            pieces += text[position : finding.start], f"[{finding.kind.value}]"
            position = finding.end
        return "".join([*pieces, text[position:]])
