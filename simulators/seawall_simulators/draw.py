"""Seeded randomness: everything a provider draws is a function of what was asked, never of when."""

import math
from hashlib import blake2b, shake_128

from seawall_simulators.words import WORDS

_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_ALPHANUMERIC = bytes(ord(_ALPHABET[byte % 62]) for byte in range(256))
_POOL_BYTES = 256
_SHORTEST_SENTENCE = 6
_UINT64 = 2.0**64


def provider_key(seed: int, provider: str) -> bytes:
    """The part of a draw's key that does not depend on the request; 32 bytes."""
    return blake2b(f"{seed}|{provider}".encode(), digest_size=32).digest()


class Draw:
    """A stream of draws. Equal keys give equal draws in equal order, in every process.

    `key` is what the draws depend on: by `Draw.of`, the provider's key, the digest of what was asked, and how
    many times the very same had been asked before.
    """

    __slots__ = ("_at", "_key", "_pool", "_refills")

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._pool = blake2b(key).digest()
        self._at = 0
        self._refills = 0

    @classmethod
    def of(cls, provider: bytes, asked: bytes, occurrence: int) -> "Draw":
        """The draws of the n-th (from 0) asking of the same thing."""
        return cls(b"%b%b%d" % (provider, asked, occurrence))

    def afresh(self) -> "Draw":
        """The same stream from its start."""
        return Draw(self._key)

    def fork(self, purpose: str) -> "Draw":
        """A stream of its own, which depends on the same key and on nothing drawn so far."""
        return Draw(b"%b/%b" % (self._key, purpose.encode()))

    def take(self, n: int) -> bytes:
        """The next n drawn bytes."""
        start = self._at
        end = start + n
        if end > len(self._pool):
            self._refills += 1
            self._pool = shake_128(b"%b#%d" % (self._key, self._refills)).digest(max(n, _POOL_BYTES))
            start, end = 0, n
        self._at = end
        return self._pool[start:end]

    def uniform(self) -> float:
        """A number in [0, 1)."""
        return (int.from_bytes(self.take(8), "little") >> 11) / 2.0**53

    def lognormal(self, median: float, sigma: float) -> float:
        """A log-normal number with this median; `sigma` is the standard deviation of its natural logarithm."""
        if not sigma or not median:
            return median
        pair = self.take(16)
        radius = math.sqrt(-2.0 * math.log((int.from_bytes(pair[:8], "little") + 1) / _UINT64))
        normal = radius * math.cos(math.tau * int.from_bytes(pair[8:], "little") / _UINT64)
        return median * math.exp(sigma * normal)

    def id(self, prefix: str, n_chars: int) -> str:
        """The prefix and `n_chars` letters and digits."""
        return prefix + self.take(n_chars).translate(_ALPHANUMERIC).decode("ascii")

    def hex(self, n_chars: int) -> str:
        """`n_chars` lower-case hexadecimal digits."""
        return self.take((n_chars + 1) // 2).hex()[:n_chars]

    def words(self, n: int) -> list[str]:
        """As many words as asked, cut as a tokenizer cuts: all but the first begin with a space; joined, they are sentences."""
        drawn = self.take(n + n // _SHORTEST_SENTENCE + 1)
        words = list(map(WORDS.__getitem__, drawn[:n]))
        start, sentence = 0, n
        while start < n:
            end = min(start + _SHORTEST_SENTENCE + drawn[sentence] % 8, n)
            words[start] = words[start].title()
            words[end - 1] += "."
            start, sentence = end, sentence + 1
        if words:
            words[0] = words[0].lstrip()
        return words

    def embedding(self, dim: int) -> list[float]:
        """A unit vector of `dim` numbers."""
        drawn = memoryview(self.take(2 * dim)).cast("h")
        length = math.sqrt(sum(number * number for number in drawn)) or 1.0
        return [number / length for number in drawn]
