"""Cells of delimited tables in a text, each with the header it stands under."""

from __future__ import annotations

from typing import NamedTuple

DELIMITERS = (b",", b";", b"\t", b"|")
HEADER_LENGTH_MAX = 40
LINE_LENGTH_MAX = 1280
_HEADER_BYTES = b"abcdefghijklmnopqrstuvwxyz_- ./()'#" + bytes(range(0xC0, 0x100))
_LINE_BYTES = _HEADER_BYTES + b',;\t|"\r'


class Column(NamedTuple):
    """One cell: its span and the lower-case header of its column."""

    start: int
    end: int
    header: bytes


def find_columns(lower: bytes) -> list[Column]:
    """Return the cells of each table: a line of short wordy headers, then lines with as many delimiters."""
    cells: list[Column] = []
    headers: list[bytes] = []
    delimiter = b","
    position = 0
    for line in lower.split(b"\n"):
        if headers and line.count(delimiter) == len(headers) - 1:
            cells.extend(_cells(line, position, delimiter, headers))
        else:
            delimiter, headers = _headers(line)
        position += len(line) + 1
    return cells


def _headers(line: bytes) -> tuple[bytes, list[bytes]]:
    if len(line) <= LINE_LENGTH_MAX and not line.translate(None, _LINE_BYTES):
        for delimiter in DELIMITERS:
            if delimiter in line:
                names = [name.strip(b' "\r') for name in line.split(delimiter)]
                if all(_is_header(name) for name in names):
                    return delimiter, names
    return b",", []


def _is_header(name: bytes) -> bool:
    return 0 < len(name) <= HEADER_LENGTH_MAX and not name.strip(_HEADER_BYTES)


def _cells(line: bytes, position: int, delimiter: bytes, headers: list[bytes]) -> list[Column]:
    cells = []
    for header, cell in zip(headers, line.split(delimiter), strict=True):
        cells.append(Column(position, position + len(cell), header))
        position += len(cell) + 1
    return cells
