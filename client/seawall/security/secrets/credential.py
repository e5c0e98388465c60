"""Credentials where protocols put them: URLs, headers, command lines, login files."""

from __future__ import annotations

from collections.abc import Iterator

from seawall.security.finding import Finding, Kind
from seawall.security.folded_text import FoldedText
from seawall.security.linear_pattern import LinearPattern
from seawall.security.secrets.randomness import character_classes, has_digit, is_placeholder, is_wordy

URL = LinearPattern(r"://[^\s/:@\"'<>`]*:([^\s/@\"'<>`]+)@[A-Za-z0-9\[_.$-]")
HEADER = LinearPattern(
    r"(?:authorization|proxy-authorization|x-authorization|authentication)\\?[\"']?\]?[ \t]{0,4}[:=,][ \t]{0,4}f?\\?[\"']{0,2}(?:(bearer|basic|token|apikey|api-key|key|negotiate|digest|aws4-hmac-sha256|ghs|oauth)[ \t:=]{1,3})?([A-Za-z0-9._~+/=:-]{8,})",
    ignore_case=True,
)
BEARER = LinearPattern(r"\bbearer[ \t]{1,3}([A-Za-z0-9._~+/=-]{20,})", ignore_case=True)
COMMAND = LinearPattern(
    r"(?:^|\s)(?:-u|--user|--proxy-user|-U)(?:[ =]{1,3}|)(?:\"([^\"\n]{1,128}?:[^\"\n]{0,128})\"|'([^'\n]{1,128}?:[^'\n]{0,128})'|([^\s\"':$]{1,128}:'[^'\n]{2,128}')|([^\s\"':]{1,128}:[^\s\"']{2,128}))"
)
LOGIN = LinearPattern(
    r"(?:login|user|account)[ \t\n]{1,4}\S{1,64}[ \t\n]{1,4}(?:password|passwd)[ \t]{1,4}(\S{4,128})",
    ignore_case=True,
)
LENGTH_MIN = 6
HEADER_LENGTH_MIN = 16


def find_credentials(text: FoldedText) -> Iterator[Finding]:
    """Yield passwords in URLs, authorization headers, `curl -u` and netrc lines."""
    shadow, lower = text.shadow, text.lower
    if b"://" in shadow and b"@" in shadow:
        yield from _passwords(shadow, URL, 0.9, "secret.url_password")
    if b"login" in lower or b"machine" in lower:
        yield from _passwords(shadow, LOGIN, 0.8, "secret.login_file")
    if b"auth" in lower:
        for match in HEADER.finditer(shadow):
            if _is_credential(match.group(2), named=match.span(1)[0] >= 0):
                yield Finding(*match.span(2), Kind.SECRET, 0.9, "secret.authorization")
    if b"bearer" in lower:
        for match in BEARER.finditer(shadow):
            if _is_credential(match.group(1), named=True):
                yield Finding(*match.span(1), Kind.SECRET, 0.85, "secret.bearer")
    if b"curl" in lower or b"wget" in lower or b"http" in lower:
        yield from _commands(shadow)


def _passwords(shadow: bytes, pattern: LinearPattern, score: float, detector: str) -> Iterator[Finding]:
    for match in pattern.finditer(shadow):
        if not _is_stand_in(match.group(1)):
            yield Finding(*match.span(1), Kind.SECRET, score, detector)


def _commands(shadow: bytes) -> Iterator[Finding]:
    for match in COMMAND.finditer(shadow):
        group = next(index for index in (1, 2, 3, 4) if match.span(index)[0] >= 0)
        start, end = match.span(group)
        user, _, password = shadow[start:end].partition(b":")
        if not password:
            password, start = (
                user,
                start - len(user) - 1,
            )  # a key in place of the user, as some services want it
        value = password.strip(b"'\"")
        if not _is_stand_in(value) and not _is_stand_in_name(user):
            yield Finding(
                start + len(user) + 1,
                start + len(user) + 1 + len(password),
                Kind.SECRET,
                0.85,
                "secret.command_line",
            )


def _is_stand_in_name(user: bytes) -> bool:
    return user.startswith((b"$", b"{", b"<"))


def _is_stand_in(value: bytes) -> bool:
    """Tell whether a password is a variable, a placeholder or a plain word."""
    if len(value) < LENGTH_MIN or is_placeholder(value) or value[:1] in b"$<{%[*":
        return True
    return character_classes(value) == 1 and value.isalpha()


def _is_credential(value: bytes, *, named: bool) -> bool:
    bare = value.rstrip(b"=")
    long_enough = len(bare) >= (HEADER_LENGTH_MIN - 4 if named else HEADER_LENGTH_MIN)
    return long_enough and has_digit(bare) and not is_placeholder(value) and not is_wordy(bare)
