"""What in a text a reader's program would act on, and what is put in its place."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import NamedTuple

from seawall.security.firewall.utf8_pattern import Utf8Pattern
from seawall.security.output.finding import THREATS, Threat
from seawall.security.output.html_tag import begins_block, tag_risk
from seawall.security.output.url_risk import url_risk

BLANK = "about:blank"
LINK_REMOVED = "*link removed*"
_URL_ENDS = frozenset('[] \t\r\n\f\v<>"`|\\^')
_TRAILING = ".,;:!?*_~'"
_FLAG, _TAG_END = "\U0001f3f4", "\U000e007f"
_FLAG_TAGS_MAX = 7
_JOINERS_MAX = 2
_MARKDOWN = re.compile(r"`|~~~|!\[|\]\(|\]:")
_BLOCK_NAME_AHEAD = 16
_LOUD = re.compile(r"`|~~~|!\[")
_DESTINATION_MARK = re.compile(r"\]\(|\]:")
_TAG = re.compile(
    r"""</?[A-Za-z][A-Za-z0-9-]*+(?:\s++[A-Za-z_:][\w.:-]*+(?:\s*+=\s*+(?:"[^"]*+"|'[^']*+'|[^\s"'=<>`]++))?)*+\s*+/?+""",
    re.ASCII,
)
_VALUE_PENDING = re.compile(r"\s*=")
_OVER_LINES = re.compile(r"""[\r\n]\s*?[\r\n]|=\s*(?:"[^"\r\n]*[\r\n]|'[^'\r\n]*[\r\n])""")
_FRAGMENT_END = re.compile(
    r"[<>]|&lt;|\*link removed\*|about:blank"
)  # also where a `<` was until it was replaced
_CHANGEABLE = re.compile(r"`|\]\(|\]:|<|//|www\.")
_AUTOLINK = re.compile(r"<[A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>]*")
_TAG_STARTS = re.compile(r"<|&lt;")
_TAG_START_KEPT = " &lt;"  # what a `<` before it ends at
_ANGLES = re.compile(r"<[^<>\n]*+>")
_SPACES = " \t\r\n"
_INTRODUCERS = "]PX^_"  # OSC, DCS, SOS, PM, APC: they run to a terminator
_STRING_ENDS = frozenset("\x07\x9c\x1b\n")


class Replacement(NamedTuple):
    """Put `text` in place of what was read up to `end`; no `threat`: it stayed as it was."""

    end: int
    text: str
    threat: Threat | None = None
    form: str = ""


class Unfinished(Exception):  # noqa: N818
    """More text is needed to tell what this is."""


class Text(NamedTuple):
    """The part of a text that can be seen so far. `limit` is where looking ahead ends."""

    text: str
    is_last: bool

    def limit(self, start: int, ahead: int) -> int:
        """Return how far a construct that begins at `start` may reach."""
        return min(len(self.text), start + ahead)

    def need(self, position: int, start: int, ahead: int) -> None:
        """Raise Unfinished if `position` is the end of what was seen and more may come."""
        if not self.is_last and position >= len(self.text) and len(self.text) - start < ahead:
            raise Unfinished


def read_control(source: Text, start: int, _end: int, ahead: int) -> Replacement:
    """Drop a terminal's control sequence, or a lone control character."""
    text = source.text
    position = start + 1
    kind = text[start]
    if kind == "\x1b":
        source.need(position, start, ahead)
        kind = text[position : position + 1]
        position += 1
    elif kind in "\x9b\x9d\x90\x98\x9e\x9f":
        kind = "[" if kind == "\x9b" else "]"
    else:
        return Replacement(position, "", Threat.CONTROL_SEQUENCE, "control")
    if kind == "[":
        while position < source.limit(start, ahead) and "\x20" <= text[position] <= "\x3f":
            position += 1
        source.need(position, start, ahead)
        position += position < len(text) and "\x40" <= text[position] <= "\x7e"
    elif kind and kind in _INTRODUCERS:
        position = _terminated(source, start, position, ahead)
    elif not kind or kind in "\n\t ":
        position = start + 1
    return Replacement(position, "", Threat.CONTROL_SEQUENCE, "ansi")


def _terminated(source: Text, start: int, position: int, ahead: int) -> int:
    """Return where the string ends; right after its introducer if it is broken off by a line or another sequence."""
    at, limit = position, source.limit(start, ahead)
    while at < limit and source.text[at] not in _STRING_ENDS:
        at += 1
    source.need(at, start, ahead)
    if at < limit and source.text[at] in "\x07\x9c":
        return at + 1
    if at < limit and source.text[at] == "\x1b":
        source.need(at + 1, start, ahead)
        if source.text[at + 1 : at + 2] == "\\":
            return at + 2
    return position


def read_flag(source: Text, start: int, end: int, ahead: int) -> Replacement:
    """Drop tags and marks of direction; the tags that name a flag stay."""
    source.need(end, start, ahead)
    run = source.text[start:end]
    if run[0] == _FLAG:
        tags = run[1:]
        if tags.endswith(_TAG_END) and tags.count(_TAG_END) == 1 and len(tags) <= _FLAG_TAGS_MAX:
            return Replacement(end, run)
        return Replacement(end, _FLAG, Threat.INVISIBLE_TEXT, "tags") if tags else Replacement(end, run)
    return Replacement(end, "", Threat.INVISIBLE_TEXT, "invisible")


def read_joiners(source: Text, start: int, end: int, ahead: int) -> Replacement:
    """Drop a run of invisible characters; the one or two that style an emoji or join letters stay."""
    source.need(end, start, ahead)
    run = source.text[start:end]
    if len(run) == 1 or (len(run) <= _JOINERS_MAX and not all(map(_is_selector, run))):
        return Replacement(end, run)
    return Replacement(end, "", Threat.INVISIBLE_TEXT, "invisible")


def _is_selector(char: str) -> bool:
    return "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"


def read_tag(source: Text, start: int, ahead: int, *, is_raw: bool, is_first: bool) -> Replacement:
    """Leave a harmless tag; let the `<` of any other be shown instead of read.

    `is_raw`: within a block of HTML, where what is no tag to Markdown may be one. `is_first`: here one may begin.
    """
    text = source.text
    source.need(start + 1, start, ahead)
    after = text[start + 1 : start + 2]
    if not (after.isalpha() or after in {"/", "!", "?"}):
        return Replacement(start + 1, "<")
    limit = source.limit(start, ahead)
    if text.startswith("<!--", start):
        return _read_comment(source, start, limit, ahead)
    link = _AUTOLINK.match(text, start, limit)
    if link:
        source.need(link.end(), start, ahead)
        if text.startswith(">", link.end()) and not _MARKDOWN.search(link[0]):
            return _autolink(link[0], link.end() + 1)
    tag = _TAG.match(text, start, limit)
    end = tag.end() if tag else start + 1
    if end == limit or _VALUE_PENDING.match(text, end, limit):
        source.need(len(text), start, ahead)
    if tag and text.startswith(">", end):
        return _read_whole_tag(text[start : end + 1], start)
    is_raw = is_raw or (is_first and begins_block(text[start : min(limit, start + _BLOCK_NAME_AHEAD)]))
    return _read_no_tag(source, start, end, ahead, is_raw=is_raw)


def _autolink(link: str, end: int) -> Replacement:
    risk = url_risk(link[1:], fetched=False)
    if risk:
        return Replacement(end, LINK_REMOVED, THREATS[risk], "autolink")
    return Replacement(end, f"{link}>", form="autolink")


def _read_whole_tag(tag: str, start: int) -> Replacement:
    """Leave a tag that does nothing and in which nothing else could begin for a renderer that sees no tag in it."""
    risk = tag_risk(tag)
    if risk or "<" in tag[1:] or _MARKDOWN.search(tag) or _OVER_LINES.search(tag):
        return Replacement(start + 1, "&lt;", THREATS[risk or "active"], "html")
    return Replacement(start + len(tag), tag)


def _read_no_tag(source: Text, start: int, end: int, ahead: int, *, is_raw: bool) -> Replacement:
    """Leave the `<` of a comparison, unless browsers are laxer, or if it may become a tag when something is changed in it."""
    text, limit = source.text, source.limit(start, ahead)
    fragment_end = _FRAGMENT_END.search(text, start + 1, limit)
    stop = fragment_end.start() if fragment_end else limit
    if fragment_end is None:
        source.need(len(text), start, ahead)
    risk = tag_risk(f"{text[start:stop]}>")
    is_open = "=" in text[start:end] and _CHANGEABLE.search(text, start + 1, min(limit, end + 4))
    if risk or is_raw or is_open or end == limit or _VALUE_PENDING.match(text, end, limit):
        return Replacement(start + 1, "&lt;", THREATS[risk or "active"], "html")
    return Replacement(start + 1, "<")


def _read_comment(source: Text, start: int, limit: int, ahead: int) -> Replacement:
    """Leave a comment that nothing could begin or end in; one that does not end would hide what follows."""
    text = source.text
    at = text.find("-->", start + 4, limit)
    if at < 0:
        source.need(len(text), start, ahead)
    if at < 0 or not _is_quiet_comment(text[start : at + 3]):
        return Replacement(start + 1, "&lt;", Threat.ACTIVE_CONTENT, "html")
    return Replacement(at + 3, text[start : at + 3])


def _is_quiet_comment(comment: str) -> bool:
    """Tell whether nothing begins, ends or is fetched in a comment even for a renderer that sees none."""
    if tag_risk(comment) or _LOUD.search(comment):
        return False
    source = Text(comment, is_last=True)
    return all(
        read_destination(source, *mark.span(), len(comment), fetched=True, form="reference").threat is None
        for mark in _DESTINATION_MARK.finditer(comment)
    )


def read_destination(
    source: Text, start: int, after: int, ahead: int, *, fetched: bool, form: str
) -> Replacement:
    """Replace the destination that stands from `after` on, if it should not be followed."""
    text, limit = source.text, source.limit(start, ahead)
    first = after
    while first < limit and text[first] in _SPACES:
        first += 1
    source.need(first, start, ahead)
    for last in _destination_ends(text, first, limit):
        source.need(last, start, ahead)
        url = text[first:last].strip("<>")
        is_nested = "](" in url or (form == "reference" and "]:" in url)  # so that nothing is read twice
        risk = "data" if is_nested or last - start >= ahead else url_risk(_unescaped(url), fetched=fetched)
        if risk and url != BLANK:
            is_angled = text.startswith("<", first) and "<" not in url
            mark = "" if is_angled or not _TAG_STARTS.search(text, first, last) else _TAG_START_KEPT
            return Replacement(last, text[start:first] + BLANK + mark, THREATS[risk], form)
    return Replacement(after, text[start:after])  # it may be no destination: read on inside it


def _unescaped(url: str) -> str:
    return html.unescape(url.replace("\\(", "(").replace("\\)", ")"))


def _destination_ends(text: str, first: int, limit: int) -> Iterator[int]:
    """Yield where the destination ends: one in `<>` also as if it were not, because that is what an escape makes of it."""
    if text.startswith("<", first):
        end = _ANGLES.match(text, first, limit)
        if end:
            yield end.end()
    depth = 0
    for position in range(first, limit):
        char = text[position]
        if char in _SPACES or (char == ")" and not depth):
            yield position
            return
        depth += (char == "(") - (char == ")")
    yield limit


def read_url(source: Text, start: int, ahead: int) -> Replacement:
    """Remove a bare URL that carries data: many programs make it a link."""
    text, limit = source.text, source.limit(start, ahead)
    end, depth = start, 0
    while end < limit and text[end] not in _URL_ENDS:
        depth += (text[end] == "(") - (text[end] == ")")
        if depth < 0:
            break
        end += 1
    source.need(end, start, ahead)
    while end > start and text[end - 1] in _TRAILING:
        end -= 1
    url = text[start:end]
    risk = url_risk(url if "://" in url else f"http://{url}", fetched=False)
    if risk == "data":
        return Replacement(end, LINK_REMOVED, Threat.EXFILTRATION, "url")
    return Replacement(max(end, start + 1), text[start : max(end, start + 1)])


TRIGGER = Utf8Pattern(r"\r\n?|\n|\\[\\\[\]!`]|`+|~~~+|<|!\[|\[|\]\(|\]:|\]|(?i:https?://|www\.)")
