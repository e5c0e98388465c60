"""E-mail addresses, plain and written around harvesters."""

from __future__ import annotations

from collections.abc import Iterator

from seawall.security.finding import Finding, Kind
from seawall.security.folded_text import FoldedText
from seawall.security.linear_pattern import LinearPattern

_LOCAL = r"[A-Za-z0-9\xc0-\xff_.!#$%&'*+/=?^`{|}~\xad-]{1,64}"
_LABEL = r"[A-Za-z0-9\xc0-\xff_\xad-]{1,63}"
PLAIN = LinearPattern(rf"{_LOCAL}@(?:{_LABEL}\.){{1,8}}[A-Za-z\xc0-\xff][A-Za-z0-9\xc0-\xff-]{{1,23}}")
LITERAL = LinearPattern(r"[A-Za-z0-9_.+-]{1,64}@\[[0-9.]{7,15}\]")
# `jane [at] corp [dot] org`: brackets make it deliberate.
BRACKETED = LinearPattern(
    r"[a-z0-9_.+-]{1,64} {0,2}[\[({<] {0,2}(?:at|@) {0,2}[\])}>] {0,2}"
    r"[a-z0-9-]{1,63}(?: {0,2}(?:\.|[\[({<] {0,2}(?:dot|\.) {0,2}[\])}>]| dot ) {0,2}[a-z0-9-]{1,63}){1,4}",
    ignore_case=True,
)
# `jane dot doe at corp dot com`: only with an ending that people use.
SPOKEN = LinearPattern(
    r"[a-z0-9_+-]{1,64}(?:(?:\.| dot )[a-z0-9_+-]{1,64}){0,3}(?:@| at )[a-z0-9-]{1,63}(?:(?:\.| dot )[a-z0-9-]{1,63}){0,3} dot "
    r"(?:com|org|net|edu|gov|io|co|uk|de|fr|es|it|nl|pl|se|eu|us|ch|at|be|br|in|info|biz|dev|ai|app)\b",
    ignore_case=True,
)
# Opening marks that may stand against an address without belonging to it.
_LEADING = b".!#$%&'*/=?^`{|}~\xad-"
_FILE_ENDINGS = frozenset(
    (
        b"png",
        b"jpg",
        b"jpeg",
        b"gif",
        b"webp",
        b"svg",
        b"ico",
        b"css",
        b"js",
        b"py",
        b"md",
        b"json",
        b"yaml",
        b"html",
    )
)


def find_emails(text: FoldedText) -> Iterator[Finding]:
    """Yield e-mail addresses."""
    if b"@" in text.shadow:
        for start, end in PLAIN.spans(text.shadow):
            yield from _plain(text, start, end)
        for start, end in LITERAL.spans(text.shadow):
            yield Finding(start, end, Kind.EMAIL, 0.9, "email.literal")
    if b"at" in text.lower or b"dot" in text.lower:
        for start, end in BRACKETED.spans(text.shadow):
            yield Finding(start, end, Kind.EMAIL, 0.9, "email.bracketed")
        for start, end in SPOKEN.spans(text.shadow):
            if text.stands_alone(start, end):
                yield Finding(start, end, Kind.EMAIL, 0.8, "email.spoken")


def _plain(text: FoldedText, start: int, end: int) -> Iterator[Finding]:
    shadow = text.shadow
    at = shadow.index(b"@", start, end)
    for mark in b"'`{|/=":
        start = max(start, shadow.rfind(mark, start, at) + 1)
    while start < at and shadow[start] in _LEADING:
        start += 1
    while shadow[end - 1] in b"-\xad":
        end -= 1
    ending = shadow[shadow.rindex(b".", start, end) + 1 : end].lower()
    is_remote = shadow[start:at] == b"git" and shadow[end : end + 1] in (b":", b"/")
    if start == at or ending in _FILE_ENDINGS or is_remote:
        return
    yield Finding(start, end, Kind.EMAIL, 0.99, "email.plain")
