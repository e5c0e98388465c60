"""How sure a model was: the logarithms of its tokens' probabilities, where a provider tells them."""

from __future__ import annotations

from typing import Any

import msgspec

_NOTHING = len(b"null")


class _Token(msgspec.Struct):
    logprob: float | None = None


class _Tokens(msgspec.Struct):
    content: list[_Token] | None = None


_decoder = msgspec.json.Decoder(_Tokens | list[_Token])
# OpenAI writes -9999.0 for a token that was not among the likely ones: no measure of anything.
_LOGPROB_MIN = -1000.0


class Logprobs:
    """The running mean of natural logarithms of probabilities. What cannot be one is left out."""

    __slots__ = ("_count", "_sum")

    def __init__(self) -> None:
        self._sum = 0.0
        self._count = 0

    def hear(self, raw: msgspec.Raw) -> None:
        """Take what a provider says of some tokens: `{"content": [{"logprob": -0.1}, ...]}` or the list alone."""
        if len(raw) <= _NOTHING:
            return
        try:
            told = _decoder.decode(raw)
        except (ValueError, RecursionError):
            # A probability that cannot be read is no reason to lose the answer it belongs to.
            return
        for token in told if isinstance(told, list) else told.content or ():
            self.add(token.logprob)

    def add(self, value: Any) -> None:
        """Take one logarithm."""
        if isinstance(value, int | float) and _LOGPROB_MIN < value <= 0.0:
            self._sum += value
            self._count += 1

    @property
    def mean(self) -> float | None:
        """Return the mean; None where nothing was told."""
        return self._sum / self._count if self._count else None
