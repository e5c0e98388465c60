"""The vector of a text: a function of nothing but the model's name and the text.

So equal texts have equal vectors whatever they are asked with, on every wire, and a cache of them can be tested.
"""

from hashlib import blake2b

from seawall_simulators.draw import Draw


def embedding(model: str, text: bytes, dimensions: int) -> list[float]:
    """A unit vector."""
    key = blake2b(text, key=blake2b(model.encode()).digest()).digest()
    return Draw(key).embedding(dimensions)
