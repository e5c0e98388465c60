"""Reading an answer from left to right, however it is cut, and leaving nothing in it that acts by itself."""

from __future__ import annotations

import re

from seawall.security.firewall.utf8_pattern import Utf8Text
from seawall.security.output.constructs import (
    BLANK,
    TRIGGER,
    Replacement,
    Text,
    Unfinished,
    read_destination,
    read_tag,
    read_url,
)
from seawall.security.output.finding import Finding, Threat
from seawall.security.output.sieve import LOOK_AHEAD

START_LENGTH_MAX = 128  # the longest piece that tells a construct from plain text
_BRACKETS_MAX = 64
_FENCE_MIN = 3
_LINE_START = 8
_LABEL_LENGTH_MAX = 101
_LABEL = re.compile(r"\[[^\[\]\r\n<`\\/]{0,99}\]")  # in which nothing else could begin
_PLAIN_DESTINATION = re.compile(r"[^\s()<>`\"']*+\)")
_LOUD = re.compile(r"\]\(|\]:|\|")
_FENCE_INDENTS = ("", " ", "  ", "   ")
_PREFIXES = " \t>-*+.)0123456789"  # of lists and quotes
_MATCHES_MAX = 1 << 30


class Scanner:
    """The state between two characters of an answer."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self._done = 0  # characters read in all
        self._out: list[str] = []
        self._fence = ""
        self._in_html_block = False
        self._in_pre = False  # once it began: blank lines do not end it
        self._trusts_fences = True
        self._trusts_spans = True  # until a blank line: there a renderer starts anew
        self._is_blank = True  # this line, so far
        self._line = ""  # the beginning of this line as the reader gets it
        self._brackets: list[bool] = []  # open brackets; True: of an image
        self._image_references = False
        self._data_references = False

    def feed(self, text: str, *, is_last: bool) -> tuple[str, int]:
        """Return what may be shown of `text` and how much of it was read; the rest comes again with more behind it."""
        self._out = []
        source = Text(text, is_last)
        edge = len(text) if is_last else max(0, len(text) - START_LENGTH_MAX)
        position = 0
        for start, end in TRIGGER.spans(Utf8Text(text), _MATCHES_MAX):
            if start < position:
                continue
            if start >= edge:
                break
            self._plain(text[position:start])
            position = start
            try:
                replacement = self._read(source, start, end)
            except Unfinished:
                edge = start
                break
            self._put(text, start, replacement)
            position = replacement.end
        if position < edge:
            self._plain(text[position:edge])
            position = edge
        self._done += position
        return "".join(self._out), position

    def _plain(self, piece: str) -> None:
        if piece:
            self._out.append(piece)
            self._line = (self._line + piece[:_LINE_START])[:_LINE_START]
            self._is_blank = self._is_blank and not piece.strip(" \t")

    def _put(self, text: str, start: int, replacement: Replacement) -> None:
        if replacement.threat is not None:
            where = self._done + start
            self.findings.append(
                Finding(where, self._done + replacement.end, replacement.threat, replacement.form)
            )
        self._out.append(replacement.text)
        if text[start] in "\r\n":
            self._line = ""
            self._is_blank = True
        else:
            self._line = (self._line + replacement.text[:_LINE_START])[:_LINE_START]
            self._is_blank = False

    def _read(self, source: Text, start: int, end: int) -> Replacement:
        piece = source.text[start:end]
        char = piece[0]
        if char in "\r\n":
            source.need(end, start, len(piece) + (piece == "\r"))
            return self._new_line(piece, end)
        if char in "`~":
            return self._backticks(source, start, end)
        if char == "<":
            return self._tag(source, start)
        if char in "![":
            return self._opening(source, start, end)
        if char == "]":
            return self._closing(source, start, end)
        if char in "hHwW" and not self._fence:
            return read_url(source, start, LOOK_AHEAD)
        if piece == "\\`":  # code begins here to some renderers
            self._trusts_spans = False
        return Replacement(end, piece)

    def _new_line(self, ending: str, end: int) -> Replacement:
        if self._is_blank:
            self._brackets.clear()
            self._in_html_block = False
            self._trusts_spans = True
        return Replacement(end, ending)

    def _backticks(self, source: Text, start: int, end: int) -> Replacement:
        source.need(end, start, LOOK_AHEAD)
        run = source.text[start:end]
        if self._fence:
            if len(run) >= _FENCE_MIN and self._line in _FENCE_INDENTS:
                self._close_fence(source, start, end, run)
            return Replacement(end, run)
        if len(run) >= _FENCE_MIN and not self._line.strip(_PREFIXES):
            rest = source.text[end : _line_end(source, start, end)]
            if run[0] == "~" or "`" not in rest:
                self._open_fence(run, rest)
                return Replacement(end, run)
        if run[0] == "~":
            return Replacement(end, run)
        if self._in_html_block or self._in_pre or not self._trusts_fences or not self._trusts_spans:
            return Replacement(end, run)
        return self._code_span(source, start, end, run)

    def _open_fence(self, run: str, info: str) -> None:
        # Where a fence in a list, quote or HTML ends depends on what follows, and the head of a table is none to some.
        if self._line or self._in_html_block or self._in_pre or "|" in info:
            self._trusts_fences = False
        if self._trusts_fences:
            self._fence = run
            self._trusts_spans = True

    def _close_fence(self, source: Text, start: int, end: int, run: str) -> None:
        if run[0] == self._fence[0] and len(run) >= len(self._fence):
            rest = source.text[end : _line_end(source, start, end)]
            if not rest.strip(" \t"):
                self._fence = ""

    def _code_span(self, source: Text, start: int, end: int, run: str) -> Replacement:
        """Read code within a line whole, if nothing in it could act outside code either."""
        stop = _line_end(source, start, end, wait=False)
        at = end
        while (at := source.text.find(run, at, stop)) >= 0:
            after = at + len(run)
            longer = after
            while longer < stop and source.text[longer] == "`":
                longer += 1
            source.need(longer, start, LOOK_AHEAD)
            if longer == after and source.text[at - 1] != "`":
                code = source.text[end:at]
                if _is_quiet(code):
                    return Replacement(after, run + code + run)
                # It is read like any text, and may end elsewhere then: which marks pair is not known any more.
                self._trusts_spans = False
                return Replacement(end, run)
            at = longer
        _line_end(source, start, end)
        self._trusts_spans = False  # it may pair with a mark in a line to come
        return Replacement(end, run)

    def _tag(self, source: Text, start: int) -> Replacement:
        if self._fence:
            return Replacement(start + 1, "<")
        is_first = not self._line.strip(_PREFIXES)
        is_raw = self._in_html_block or self._in_pre
        replacement = read_tag(source, start, LOOK_AHEAD, is_raw=is_raw, is_first=is_first)
        if replacement.text.startswith("<") and replacement.end > start + 1 and not replacement.form:
            self._in_html_block |= is_first
            self._in_pre |= source.text[start + 1 : start + 4].lower() == "pre"
        return replacement

    def _opening(self, source: Text, start: int, end: int) -> Replacement:
        mark = source.text[start:end]
        if len(self._brackets) >= _BRACKETS_MAX:
            self._brackets.pop(0)
        self._brackets.append(mark == "![")
        return Replacement(end, mark)

    def _closing(self, source: Text, start: int, end: int) -> Replacement:
        mark = source.text[start:end]
        if mark == "]":
            end = _reference_end(source, start, end)
            mark = source.text[start:end]
        is_image = self._brackets[-1] if self._brackets else True
        replacement = Replacement(end, mark)
        if mark.endswith("("):
            form = "image" if is_image else "link"
            replacement = read_destination(source, start, end, LOOK_AHEAD, fetched=is_image, form=form)
        elif mark.endswith(":"):
            replacement = self._definition(source, start, end)
        elif is_image:
            self._image_references = True
            if self._data_references and not self._fence:
                replacement = Replacement(end, f"]({BLANK})", Threat.EXFILTRATION, "reference image")
        if self._brackets:
            self._brackets.pop()
        if mark[-1] in "(:" and not _PLAIN_DESTINATION.match(
            source.text, end, source.limit(start, LOOK_AHEAD)
        ):
            self._trusts_spans = False  # a mark within a destination or title pairs with none in the text
        return replacement

    def _definition(self, source: Text, start: int, end: int) -> Replacement:
        """Read where a reference leads; one that only an image must not follow is remembered."""
        replacement = read_destination(
            source, start, end, LOOK_AHEAD, fetched=self._image_references, form="reference"
        )
        if replacement.threat is None:
            as_image = read_destination(source, start, end, LOOK_AHEAD, fetched=True, form="reference")
            self._data_references |= as_image.threat is not None
        return replacement


def _reference_end(source: Text, start: int, end: int) -> int:
    """Return the end of `][label]`, or of the bracket alone where no label follows or where that is a link's text."""
    source.need(end, start, LOOK_AHEAD)
    if source.text[end : end + 1] != "[":
        return end
    label = _LABEL.match(source.text, end)
    after = label.end() if label else min(len(source.text), end + _LABEL_LENGTH_MAX)
    source.need(after, start, LOOK_AHEAD)
    return after if label and source.text[after : after + 1] != "(" else end


def _line_end(source: Text, start: int, position: int, *, wait: bool = True) -> int:
    """Return where the line of `position` ends, looking ahead from `start`; raises Unfinished if it has not ended."""
    limit = source.limit(start, LOOK_AHEAD)
    ends = [at for ending in "\r\n" if (at := source.text.find(ending, position, limit)) >= 0]
    if not ends and wait:
        source.need(len(source.text), start, LOOK_AHEAD)
    return min(ends, default=limit)


def _is_quiet(code: str) -> bool:
    """Tell whether no renderer reads anything in this code; cells of a table end within code too."""
    return not _LOUD.search(code) and all(char.isprintable() or char == "\t" for char in code)
