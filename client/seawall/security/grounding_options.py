"""What a call asks of its answer besides the schema."""

from __future__ import annotations

import msgspec


class Grounding(msgspec.Struct, frozen=True, kw_only=True):
    """How an answer must rest on its sources.

    Attributes:
        cite: it cites sources as `[source:ID]`, quotes before a citation are true, and no citation is invented.
        figures: every figure in it occurs in the sources or in the question.
    """

    cite: bool = False
    figures: bool = False
