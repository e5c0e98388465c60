"""Cells of delimited tables in a text, each with the header it stands under."""

from __future__ import annotations

from typing import NamedTuple

from seawall.security.linear_pattern import LinearPattern

DELIMITERS = (b",", b";", b"\t", b"|")
HEADER_LENGTH_MAX = 40
LINE_LENGTH_MAX = 1280
# A line of words and delimiters only, and another line after it.
_HEADER_LINE = LinearPattern(r"(?m)^[a-z_ ./()'#\"\xc0-\xff-]*[,;\t|][a-z_ ./()'#\"\xc0-\xff,;\t|-]*\r?\n")


class Column(NamedTuple):
    """One cell: its span and the lower-case header of its column."""

    start: int
    end: int
    header: bytes


def find_columns(lower: bytes) -> list[Column]:
    """Return the cells of each table: a line of short wordy headers, then lines with as many delimiters."""
    cells: list[Column] = []
    reached = 0
    for start, end in _HEADER_LINE.spans(lower):
        if start >= reached and end - start <= LINE_LENGTH_MAX:
            delimiter, headers = _headers(lower[start:end])
            reached = _read_rows(lower, end, delimiter, headers, cells) if headers else end
    return cells


def _headers(line: bytes) -> tuple[bytes, list[bytes]]:
    for delimiter in DELIMITERS:
        if delimiter in line:
            names = [name.strip(b' "\r\n') for name in line.split(delimiter)]
            if all(0 < len(name) <= HEADER_LENGTH_MAX for name in names):
                return delimiter, names
    return b"", []


def _read_rows(
    lower: bytes, position: int, delimiter: bytes, headers: list[bytes], cells: list[Column]
) -> int:
    """Append the cells of all rows from `position` on; return where the first line that is no row begins."""
    while position < len(lower):
        end = lower.find(b"\n", position)
        end = len(lower) if end < 0 else end
        fields = lower[position:end].split(delimiter)
        if len(fields) != len(headers):
            break
        for header, field in zip(headers, fields, strict=True):
            cells.append(Column(position, position + len(field), header))
            position += len(field) + 1
        position = end + 1
    return position
