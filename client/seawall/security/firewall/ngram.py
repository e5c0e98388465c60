"""A linear model over hashed n-grams of words, on windows of a text: the tier behind the rules. Needs numpy."""

from __future__ import annotations

import math
from importlib.resources import files
from typing import Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from seawall.security.firewall.verdict import Channel

Hashes = NDArray[np.uint64]
BITS = 17
WINDOWS = (16, 48)
_BLOCK_BYTES = 1 << 15
_KINDS = 4
_STEM_BYTES = 5
_ROOT = 0x9E3779B97F4A7C15
_MASK = (1 << 64) - 1
_CJK_FIRST, _CJK_LAST = 0xE3, 0xED  # lead bytes of scripts without spaces: each character is a word
_WORD_BYTES = b"abcdefghijklmnopqrstuvwxyz"
_DIGITS = b"0123456789"
_BREAKS = b"\n.!?:;|"


def _letters_table() -> bytes:
    """Return what each byte counts as in a word: itself, any digit as 0, nothing for signs."""
    table = bytearray(256)
    for byte in (*_WORD_BYTES, *range(0x80, 0x100)):
        table[byte] = byte
    for byte in _DIGITS:
        table[byte] = ord("0")
    return bytes(table)


def _breaks_table() -> bytes:
    return bytes(byte in _BREAKS for byte in range(256))


def _powers(root: int) -> Hashes:
    powers, power = [], 1
    for _ in range(_BLOCK_BYTES + 1):
        powers.append(power)
        power = power * root & _MASK
    return np.array(powers, dtype=np.uint64)


_LETTERS, _SENTENCE = _letters_table(), _breaks_table()
_UP, _DOWN = _powers(_ROOT), _powers(pow(_ROOT, -1, 1 << 64))
_MIX = [np.uint64(pow(_ROOT, 2 * kind + 3, 1 << 64)) for kind in range(8)]
_FIRST_MIX = np.array([0, _MIX[2]], dtype=np.uint64)
_SHIFT, _FOLD = np.uint64(64 - BITS), np.uint64(29)


class Tokens(NamedTuple):
    """Where words begin, in bytes, and the places of each word's n-grams in the table: one row a kind."""

    starts: NDArray[np.intp]
    places: NDArray[np.intp]


def tokens(data: bytes) -> Tokens:
    """Return the n-grams that end at each word: stem, word, pair and triple; pairs know where a sentence begins."""
    if not data:
        return Tokens(np.zeros(0, dtype=np.intp), np.zeros((_KINDS, 0), dtype=np.intp))
    letters = np.frombuffer(data.translate(_LETTERS), dtype=np.uint8)
    in_word = letters != 0
    begins = np.empty(len(data) + 1, dtype=np.bool_)
    begins[0], begins[-1] = in_word[0], True  # the end of the text ends the last word
    np.greater(in_word[1:], in_word[:-1], out=begins[1:-1])
    if not data.isascii():
        begins[1:-1] |= (letters[1:] >= _CJK_FIRST) & (letters[1:] <= _CJK_LAST)
    ends = begins.nonzero()[0]
    edges, ends = ends[:-1], ends[1:]
    count = len(edges)
    if not count:
        return Tokens(edges, np.zeros((_KINDS, 0), dtype=np.intp))
    sums = np.zeros(len(data) + 1, dtype=np.uint64)
    sums[1:] = letters
    sums[1:] *= _UP[: len(data)]
    np.add.accumulate(sums, out=sums)
    at_start, down = sums[edges], _DOWN[edges]
    hashes = np.empty((_KINDS, count), dtype=np.uint64)
    stems, words, pairs, triples = hashes
    np.multiply(sums[ends] - at_start, down, out=words)
    np.multiply(sums[np.minimum(edges + _STEM_BYTES, ends)] - at_start, down, out=stems)
    breaks = np.frombuffer(data.translate(_SENTENCE), dtype=np.bool_).nonzero()[0].searchsorted(edges)
    first = (breaks[1:] != breaks[:-1]).view(np.uint8)
    np.multiply(words, _MIX[0], out=pairs)
    pairs[1:] += words[:-1] * _MIX[1] + _FIRST_MIX[first]
    pairs[:1] += _MIX[2]
    np.copyto(triples, pairs)
    triples[2:] += words[:-2] * _MIX[3]
    triples[:2] *= _MIX[4]
    stems *= _MIX[5]
    hashes ^= hashes >> _FOLD
    hashes *= _MIX[0]
    return Tokens(edges, (hashes >> _SHIFT).view(np.intp))


class Curve(msgspec.Struct, frozen=True):
    """From a margin to a score: `most / (1 + exp(-(slope * margin + offset)))`; weights count `scale` each."""

    scale: float
    bias: float
    slope: float
    offset: float
    most: float


class Strongest(NamedTuple):
    """The window that looks most like an attack: its margin, and where it lies in the bytes."""

    margin: float
    start: int
    end: int


class NgramModel:
    """Weights of both channels."""

    def __init__(self, weights: NDArray[np.int8], curves: dict[str, Curve]) -> None:
        self._weights = dict(zip((Channel.USER, Channel.UNTRUSTED), weights, strict=True))
        self._curves = {Channel(name): curve for name, curve in curves.items()}

    def strongest(self, data: bytes, channel: Channel) -> Strongest:
        """Return the strongest window of folded text. Linear: read in blocks that overlap by a window."""
        best = Strongest(self._curves[channel].bias, 0, len(data))
        found = False
        for start in range(0, max(1, len(data)), _BLOCK_BYTES - _OVERLAP_BYTES):
            block = data[start : start + _BLOCK_BYTES]
            window = self._strongest_of_block(block, channel)
            if window is not None and (not found or window.margin > best.margin):
                best = Strongest(window.margin, start + window.start, start + window.end)
                found = True
            if start + _BLOCK_BYTES >= len(data):
                break
        return best

    def _strongest_of_block(self, block: bytes, channel: Channel) -> Strongest | None:
        read = tokens(block)
        count = len(read.starts)
        if not count:
            return None
        curve = self._curves[channel]
        sums = np.zeros(count + 1, dtype=np.int32)
        np.add.reduce(self._weights[channel].take(read.places), axis=0, dtype=np.int32, out=sums[1:])
        np.add.accumulate(sums, out=sums)
        best: Strongest | None = None
        for size in WINDOWS:
            width = min(size, count)
            windows = sums[width:] - sums[:-width]
            at = int(windows.argmax()) if count > width else 0
            margin = curve.bias + curve.scale * float(windows[at]) / float(width) ** 0.5
            if best is None or margin > best.margin:
                end = len(block) if at + width >= count else int(read.starts[at + width])
                best = Strongest(margin, int(read.starts[at]), end)
            if width == count:
                break
        return best

    def most(self, channel: Channel) -> float:
        """Return the highest score that there is in a channel."""
        return self._curves[channel].most

    def score(self, margin: float, channel: Channel) -> float:
        """Return how sure the model is, 0 to 1, calibrated on sources it was not trained on."""
        curve = self._curves[channel]
        return curve.most / (1 + math.exp(-max(-60.0, min(60.0, curve.slope * margin + curve.offset))))


_OVERLAP_BYTES = 1024


def load_model() -> NgramModel | None:
    """Return the model that comes with the package; None where its files were left out."""
    folder = files("seawall.security") / "data"
    weights, facts = folder / "ngram.bin", folder / "ngram.json"
    if not weights.is_file():
        return None
    table = np.frombuffer(weights.read_bytes(), dtype=np.int8).reshape(2, 1 << BITS)
    read: Any = msgspec.json.decode(facts.read_bytes())
    return NgramModel(table, msgspec.convert(read["curves"], dict[str, Curve]))
