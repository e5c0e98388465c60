"""What in a text a reader's program would act on, and what is put in its place."""

from __future__ import annotations

import html
import re
from typing import NamedTuple

from seawall.security.firewall.utf8_pattern import Utf8Pattern
from seawall.security.output.finding import THREATS, Threat
from seawall.security.output.html_tag import tag_risk
from seawall.security.output.url_risk import url_risk

BLANK = "about:blank"
LINK_REMOVED = "(link removed)"
_URL_ENDS = frozenset('[] \t\r\n\f\v<>"`|\\^')
_TRAILING = ".,;:!?*_~'"
_FLAG, _TAG_END = "\U0001f3f4", "\U000e007f"
_FLAG_TAGS_MAX = 7
_JOINERS_MAX = 2
_MARKDOWN = re.compile(r"`|!\[|\]\(|\]:")
_AUTOLINK = re.compile(r"<[A-Za-z][A-Za-z0-9+.-]{1,31}:[^\s<>]*>")
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
    if len(run) <= _JOINERS_MAX and not all(_is_selector(char) for char in run):
        return Replacement(end, run)
    return Replacement(end, "", Threat.INVISIBLE_TEXT, "invisible")


def _is_selector(char: str) -> bool:
    return "\ufe00" <= char <= "\ufe0f" or "\U000e0100" <= char <= "\U000e01ef"


def read_tag(source: Text, start: int, ahead: int) -> Replacement:
    """Leave a harmless tag; let the `<` of any other be shown instead of read."""
    text = source.text
    source.need(start + 1, start, ahead)
    after = text[start + 1 : start + 2]
    if not (after.isalpha() or after in {"/", "!", "?"}):
        return Replacement(start + 1, "<")
    end = _tag_end(text, start, source.limit(start, ahead))
    if end is None:
        source.need(len(text), start, ahead)
        return _unclosed(text[start : source.limit(start, ahead)], start)
    tag = text[start:end]
    if _AUTOLINK.match(tag):
        risk = url_risk(tag[1:-1], fetched=False)
        return Replacement(end, LINK_REMOVED, THREATS[risk], "autolink") if risk else Replacement(end, tag)
    # No tag to some renderers, and then what is inside counts: it is read on its own.
    risk_found = tag_risk(tag) or ("active" if _MARKDOWN.search(tag) else None)
    if risk_found:
        return Replacement(start + 1, "&lt;", THREATS[risk_found], "html")
    return Replacement(end, tag)


def _unclosed(rest: str, start: int) -> Replacement:
    """Leave the `<` of a comparison; what looks like a tag would be closed by whatever follows the answer."""
    tag = rest[: rest.find("<", 1)] if "<" in rest[1:] else rest
    if "//" in tag or tag_risk(f"{tag}>"):
        return Replacement(start + 1, "&lt;", Threat.ACTIVE_CONTENT, "html")
    return Replacement(start + 1, "<")


def _tag_end(text: str, start: int, limit: int) -> int | None:
    if text.startswith("<!--", start):
        end = text.find("-->", start + 4, limit)
        return end + 3 if end >= 0 else None
    quote = ""
    for position in range(start + 1, limit):
        char = text[position]
        if quote:
            quote = "" if char == quote else quote
        elif char in "\"'" and text[position - 1] in "= \t\n":
            quote = char
        elif char == ">":
            return position + 1
        elif char == "<":
            return None
    return None


def read_destination(
    source: Text, start: int, after: int, ahead: int, *, fetched: bool, form: str
) -> Replacement:
    """Replace the destination that stands from `after` on, if it should not be followed."""
    text, limit = source.text, source.limit(start, ahead)
    first = after
    while first < limit and text[first] in _SPACES:
        first += 1
    source.need(first, start, ahead)
    last = _destination_end(text, first, limit)
    source.need(last, start, ahead)
    url = text[first:last].strip("<>")
    is_nested = "](" in url or (form == "reference" and "]:" in url)  # so that nothing is read twice
    risk = "data" if is_nested or last - start >= ahead else url_risk(_unescaped(url), fetched=fetched)
    if risk is None or url == BLANK:
        return Replacement(after, text[start:after])  # it may be no destination: read on inside it
    return Replacement(last, text[start:first] + BLANK, THREATS[risk], form)


def _unescaped(url: str) -> str:
    return html.unescape(url.replace("\\(", "(").replace("\\)", ")"))


def _destination_end(text: str, first: int, limit: int) -> int:
    if text.startswith("<", first):
        for position in range(first + 1, limit):
            if text[position] == ">":
                return position + 1
            if text[position] in "\n<":
                break
    depth = 0
    for position in range(first, limit):
        char = text[position]
        if char in _SPACES or (char == ")" and not depth):
            return position
        depth += (char == "(") - (char == ")")
    return limit


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


TRIGGER = Utf8Pattern(r"\r\n?|\n|\\[\\\[\]!]|`+|~~~+|<|!\[|\[|\]\(|\]:|\]|(?i:https?://|www\.)")
