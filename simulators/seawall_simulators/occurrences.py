"""How many times the very same has been asked of a provider."""

_DIGEST_BYTES = 16
_DISTINCT_MAX = 262_144


class Occurrences:
    """Counts by digest. Bounded: the oldest digest is forgotten, and counts from 0 if it ever comes back."""

    def __init__(self) -> None:
        self._counts: dict[bytes, int] = {}

    def count(self, digest: bytes) -> int:
        """How often this was asked before."""
        key = digest[:_DIGEST_BYTES]
        counts = self._counts
        seen = counts.get(key, 0)
        counts[key] = seen + 1
        if len(counts) > _DISTINCT_MAX:
            del counts[next(iter(counts))]
        return seen
