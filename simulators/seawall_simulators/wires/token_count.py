"""How many tokens a request has: four characters are a token, so that anybody can check the count by hand.

A text of n characters is ceil(n / 4) tokens, a message costs four more for its role and its borders, a part that is
no text (an image, a file) counts as 258, and a tool costs what the JSON of its definition costs. Answers are counted
as what they are sent in: one token per word or fragment.
"""

from typing import Any

from msgspec import json

PER_MESSAGE = 4
PER_MEDIA = 258


def text_tokens(text: str) -> int:
    """The tokens of a text."""
    return (len(text) + 3) >> 2


def json_tokens(value: Any) -> int:
    """The tokens of a value written as compact JSON; none for None or an empty one."""
    return (len(json.encode(value)) + 3) >> 2 if value else 0
