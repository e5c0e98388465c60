"""Names of people, by rules: runs of capitalised words, weighed by name lists, titles and the words around them."""

from __future__ import annotations

from collections.abc import Iterator

from seawall.security.finding import Finding, Kind
from seawall.security.folded_text import FoldedText
from seawall.security.linear_pattern import LinearPattern
from seawall.security.pii.name_cue import NameCues
from seawall.security.pii.name_token import Role, Token, tokens_of

_WORD = r"[A-Z\xc0-\xd6\xd8-\xde](?:[A-Za-z\xc0-\xd6\xd8-\xf6\xf8-\xff\xad]{1,29}(?:['-][A-Za-z\xc0-\xd6\xd8-\xf6\xf8-\xff]{1,24}){0,3}|'[A-Z\xc0-\xde][a-z\xdf-\xff]{1,24})?\.?"
_PARTICLE = r"(?:de|del|de la|de los|de las|di|da|do|dos|das|du|des|van|van der|van den|van de|von|von der|vom|zu|zum|zur|ter|ten|den|der|la|le|el|al|bin|ibn|abu|y|e|i|af|av|san|st)"
RUN = LinearPattern(rf"{_WORD}(?:[ \xa0]{{1,2}}(?:{_PARTICLE}[ ]){{0,2}}{_WORD}){{0,6}}")
LOWER_WORD = LinearPattern(r"[a-z\xdf-\xf6\xf8-\xff]{2,24}")
TOKENS_MAX = 5
ACCEPT = 0.5


def find_persons(text: FoldedText) -> Iterator[Finding]:
    """Yield names of people."""
    cues = NameCues(text)
    for start, end in RUN.spans(text.shadow):
        if start == 0 or not text.shadow[start - 1 : start].isalnum():
            for name in _names(tokens_of(text, start, end)):
                yield from _judge(text, cues, name)
    for start, end in cues.lower_names():
        yield Finding(start, end, Kind.PERSON, 0.6, "person.introduced")


def _names(tokens: list[Token]) -> Iterator[list[Token]]:
    """Split a run of capitalised words at words that are no part of a name."""
    name: list[Token] = []
    for token in tokens:
        if token.role is Role.TITLE and not name:
            name = [token]
        elif token.role in (Role.ORDINARY, Role.TITLE):
            yield name + ([token._replace(role=Role.END)] if name else [])
            name = [token] if token.role is Role.TITLE else []
        else:
            name.append(token)
            if token.is_last:
                yield name
                name = []
    yield name


def _judge(text: FoldedText, cues: NameCues, name: list[Token]) -> Iterator[Finding]:
    """Weigh one candidate; the last token may be the ordinary word behind it, the first a title."""
    follower = name.pop() if name and name[-1].role is Role.END else None
    title = name.pop(0) if name and name[0].role is Role.TITLE else None
    while name and name[0].role is Role.PARTICLE and len(name) > 1 and name[0].word in ("la", "el", "le", "the"):
        name.pop(0)
    while name and name[-1].role in (Role.PARTICLE,):
        name.pop()
    if len(name) > 1 and name[0].is_soft and name[1].role is Role.GIVEN and not name[1].is_soft:
        name.pop(0)
    if not name or len(name) > TOKENS_MAX or (follower is not None and follower.ends_organisation and title is None):
        return
    start, end = name[0].start, name[-1].end
    if all(token.role is Role.INITIAL for token in name):
        return
    score = 0.9 if title is not None else _score(text, cues, name, start, end)
    if score >= ACCEPT:
        yield Finding(start, end, Kind.PERSON, round(min(score, 0.95), 2), "person.titled" if title else "person.name")


def _score(text: FoldedText, cues: NameCues, name: list[Token], start: int, end: int) -> float:
    weight = _inner_weight(name)
    if cues.introduces(start):
        return weight + 0.6 if any(not token.is_place for token in name) else weight
    if text.column_header(start) and cues.heads_names(start):
        return weight + 0.6
    if cues.hints(start):
        weight += 0.2
    if cues.is_told_of(end):
        weight += 0.25
    if cues.is_placed(start) and len(name) == 1:
        weight -= 0.3
    return weight


def _inner_weight(name: list[Token]) -> float:
    """Return how much the words alone look like a name: 0.5 and more suffices."""
    first, last = name[0], name[-1]
    if len(name) == 1:
        return _single_weight(first)
    if any(token.is_code for token in name):
        return 0.0
    if any(token.role is Role.INITIAL for token in name[1:]) and last.role is not Role.INITIAL:
        return 0.75
    if first.role is Role.GIVEN and not first.is_soft:
        return 0.45 if last.is_place and last.role is not Role.GIVEN else 0.85
    if first.role is Role.GIVEN and last.role in (Role.SURNAME, Role.GIVEN) and not last.is_soft:
        return 0.75
    if last.role is Role.GIVEN and not last.is_soft:
        return 0.65
    if last.role is Role.SURNAME and not last.is_soft and not first.is_place:
        return 0.55 if first.role in (Role.SURNAME, Role.INITIAL, Role.GIVEN) else 0.5
    return 0.3


def _single_weight(token: Token) -> float:
    if token.is_code or token.is_shouted:
        return 0.0
    if token.role is Role.GIVEN:
        return 0.2 if token.is_soft or token.is_place else 0.6
    if token.role is Role.SURNAME:
        return 0.1 if token.is_soft or token.is_place else 0.35
    return 0.0 if token.is_place or token.role is not Role.UNKNOWN else 0.2
