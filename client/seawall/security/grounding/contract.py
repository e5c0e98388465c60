"""What an answer must keep to, and what it breaks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property
from typing import Any

import msgspec

from seawall.messages import Source
from seawall.security.grounding.citations import (
    citation_problems,
    citations,
    document_citation_problems,
    plain,
)
from seawall.security.grounding.figures import KnownFigures
from seawall.security.grounding.schema import schema_problems
from seawall.security.grounding.strict_json import StrictJsonError, parse

_VIOLATIONS_MAX = 16


class Violation(msgspec.Struct, frozen=True):
    """One breach. `rule` is "json", "schema", "citation" or "figure".

    `detail` may quote a cited id or a figure of the answer, and nothing else of it: it goes back to the model.
    """

    rule: str
    detail: str


class Contract(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """What an answer owes.

    Attributes:
        schema: JSON Schema of the answer; None: it is free text.
        sources: what it may cite.
        cite: it must cite at least one source, and every citation and quote must be of one.
        figures: every figure in it must occur in `sources` or `context`.
        context: other texts that it may take figures from: the question.
    """

    schema: dict[str, Any] | None = None
    sources: Sequence[Source] = ()
    cite: bool = False
    figures: bool = False
    context: Sequence[str] = ()

    def violations(self, text: str) -> tuple[Violation, ...]:
        """Return what an answer breaks, at most sixteen; empty if it keeps to everything."""
        return tuple(
            violation for violation, _ in zip(self._find(text), range(_VIOLATIONS_MAX), strict=False)
        )

    def _find(self, text: str) -> Iterator[Violation]:
        document = None
        if self.schema is not None:
            try:
                document = parse(text)
            except StrictJsonError as error:
                yield Violation("json", str(error))
                return
            for problem in schema_problems(document, self.schema):
                yield Violation("schema", problem)
        if self.cite:
            for problem in self._citation_problems(text, document):
                yield Violation("citation", problem)
        if self.figures:
            for problem in self._known_figures.problems(text):
                yield Violation("figure", problem)

    def _citation_problems(self, text: str, document: Any) -> Iterator[str]:
        yield from citation_problems(text, self._plain_sources)
        if self.schema is not None:
            yield from document_citation_problems(document, self._plain_sources)
        elif not citations(text):
            yield "cites no source"

    @cached_property
    def _plain_sources(self) -> dict[str, str]:
        return {source.id: plain(source.text) for source in self.sources}

    @cached_property
    def _known_figures(self) -> KnownFigures:
        return KnownFigures([*(source.text for source in self.sources), *self.context])
