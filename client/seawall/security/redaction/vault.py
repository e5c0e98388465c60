"""Where the redacted values of one conversation are kept: in memory, for as long as the conversation lasts."""

from __future__ import annotations

from typing import NoReturn

from seawall.security.finding import Kind
from seawall.security.redaction.placeholder import PlaceholderMint

ENTRIES_MAX = 10_000


class VaultFullError(Exception):
    """A conversation holds more distinct values than a vault keeps."""


class Vault:
    """Placeholder by value and value by placeholder. Secrets are counted, by keyed digest, and never kept.

    Printing, formatting and pickling show nothing of what is in it.
    """

    __slots__ = ("_entries_max", "_mint", "_numbers", "_placeholders", "_values")

    def __init__(self, entries_max: int = ENTRIES_MAX) -> None:
        self._entries_max = entries_max
        self.clear()

    def clear(self) -> None:
        """Forget all values; placeholders handed out so far restore nothing any more."""
        self._mint = PlaceholderMint()
        self._numbers: dict[str, int] = {}
        self._placeholders: dict[bytes, str] = {}
        self._values: dict[str, str] = {}

    def placeholder(self, label: str, value: str) -> str:
        """Return the placeholder of a value, always the same for the same value; VaultFullError when full."""
        known = self._mint.fingerprint(f"{label}\0{value}")
        placeholder = self._placeholders.get(known)
        if placeholder is None:
            if len(self._placeholders) >= self._entries_max:
                raise VaultFullError(f"more than {self._entries_max} redacted values in one conversation")
            self._numbers[label] = number = self._numbers.get(label, 0) + 1
            placeholder = self._placeholders[known] = self._mint.mint(label, number)
            if label != Kind.SECRET:
                self._values[placeholder] = value
        return placeholder

    def value(self, placeholder: str) -> str | None:
        """Return what a placeholder stands for: None for a secret, and for what this vault never handed out."""
        return self._values.get(placeholder)

    def __len__(self) -> int:
        return len(self._placeholders)

    def __repr__(self) -> str:
        return f"Vault({len(self)} values)"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Vault stays in the memory of the process that redacted")
