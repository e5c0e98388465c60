"""Vectors out of foreign JSON: checked for number, order, length and sense, whatever wire they came by."""

from __future__ import annotations

import base64
import binascii
import math
import sys
from array import array
from collections.abc import Sequence

from seawall.embeddings import EmbeddingRequest
from seawall.providers.json_document import NotJsonError

_FLOAT_BYTES = 4


def vector_of(given: list[float] | str) -> array[float]:
    """Return a vector given as numbers or as base64 of little-endian float32. Raises `NotJsonError`."""
    if isinstance(given, list):
        return array("f", given)
    try:
        packed = base64.b64decode(given, validate=True)
    except (binascii.Error, ValueError):
        raise NotJsonError("a vector that is no base64") from None
    if len(packed) % _FLOAT_BYTES:
        raise NotJsonError("a vector that breaks off inside a number")
    vector = array("f")
    vector.frombytes(packed)
    if sys.byteorder == "big":
        vector.byteswap()
    return vector


def in_order(indices: Sequence[int | None]) -> list[int]:
    """Return where the vector of each text stands, by the `index` that came with each; all may lack one.

    Raises `NotJsonError` where they do not name every text once.
    """
    if all(index is None for index in indices):
        return list(range(len(indices)))
    places = {index: place for place, index in enumerate(indices)}
    if sorted(places, key=lambda index: -1 if index is None else index) != list(range(len(indices))):
        raise NotJsonError("vectors that do not say which text each is of")
    return [places[index] for index in range(len(indices))]


def checked(vectors: Sequence[array[float]], request: EmbeddingRequest) -> tuple[array[float], ...]:
    """Return the vectors if they can be the answer to `request`. Raises `NotJsonError`."""
    if len(vectors) != len(request.texts):
        raise NotJsonError(f"{len(vectors)} vectors for {len(request.texts)} texts")
    lengths = {len(vector) for vector in vectors}
    wanted = request.dimensions
    if len(lengths) != 1 or 0 in lengths or (wanted is not None and lengths != {wanted}):
        said = ", ".join(map(str, sorted(lengths)[:3]))
        raise NotJsonError(
            f"vectors of {said} dimensions" + (f" where {wanted} were asked for" if wanted else "")
        )
    if not all(math.isfinite(sum(vector)) for vector in vectors):
        raise NotJsonError("a vector with what is no number in it")
    return tuple(vectors)
