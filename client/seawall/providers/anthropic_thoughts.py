"""The sealed thoughts of a Claude model, which must precede the tool calls they led to when the turn is sent back."""

from __future__ import annotations

import msgspec


class Thought(msgspec.Struct, omit_defaults=True):
    """A `thinking` or `redacted_thinking` block."""

    type: str = ""
    thinking: str | None = None
    signature: str | None = None
    data: str | None = None


_decoder = msgspec.json.Decoder(list[Thought])


class Thoughts:
    """Collects the blocks that come before a tool call."""

    def __init__(self) -> None:
        self._blocks: dict[int, tuple[Thought, list[str], list[str]]] = {}

    def open(self, index: int, thought: Thought) -> None:
        """Begin a block, or take a whole one."""
        self._blocks[index] = (thought, [thought.thinking or ""], [thought.signature or ""])

    def add(self, index: int, thinking: str | None, signature: str | None) -> None:
        """Add a piece of the block that was begun under this index."""
        if (block := self._blocks.get(index)) is not None:
            block[1].append(thinking or "")
            block[2].append(signature or "")

    def take(self) -> str | None:
        """Return what has been collected as text for `read_thoughts`, and begin anew; None if there is nothing."""
        if not self._blocks:
            return None
        collected = [
            msgspec.structs.replace(thought, thinking="".join(thinking), signature="".join(signature))
            if thought.type == "thinking"
            else thought
            for thought, thinking, signature in self._blocks.values()
        ]
        self._blocks.clear()
        return msgspec.json.encode(collected).decode()


def read_thoughts(text: str) -> list[Thought]:
    """Return the blocks; none where `text` is damaged, for then the provider would refuse them."""
    try:
        return _decoder.decode(text)
    except (ValueError, RecursionError):
        return []
