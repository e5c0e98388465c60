"""Names of people, by rules: runs of capitalised words, weighed by name lists, titles and the words around them."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from seawall.security.finding import Finding, Kind
from seawall.security.folded_text import FoldedText
from seawall.security.pii.lexicon import lexicon
from seawall.security.pii.name_cue import NameCues
from seawall.security.pii.name_token import NOBILIARY, Role, Token, tokens_of

_UPPER = r"[A-Z\xc0-\xd6\xd8-\xde]"
_WORD = rf"{_UPPER}[A-Za-z\xc0-\xd6\xd8-\xf6\xf8-\xff\xad'.-]*+"
# Capitalised words, at most two short lower-case ones between them: "Maika van de Noort". Nothing in it is tried twice,
# so time is linear, and matches as short as these cost a third of what they do with RE2.
RUN = re.compile(rf"{_WORD}(?:[ \xa0]{{1,2}}+(?:[a-z]{{1,3}}+ ){{0,2}}+{_WORD})*+".encode("latin-1"))
TOKENS_MAX = 5
LIST_LENGTH_MIN = 2
ACCEPT = 0.5
SURE = 0.6
TOLD_WEIGHT = 0.25
_WORDLESS = frozenset((Role.INITIAL, Role.PARTICLE))
_ALONE = frozenset((Role.GIVEN, Role.SURNAME, Role.UNKNOWN))
CERTAIN = 0.85  # nothing around it makes it doubtful
_ARTICLES = ("la", "el", "le")
_CITY_OPENINGS = (
    "san",
    "santa",
    "santo",
    "los",
    "las",
    "saint",
    "sainte",
    "st",
    "fort",
    "port",
    "puerto",
    "mount",
    "lake",
)
_AUXILIARIES = ("will", "may", "mark", "so", "an", "my", "in", "do")
_CONJUNCTIONS = frozenset(
    (
        b", ",
        b" and ",
        b", and ",
        b" or ",
        b" & ",
        b" und ",
        b" et ",
        b" y ",
        b" e ",
        b" en ",
        b" och ",
        b" og ",
        b" to ",
    )
)


@dataclass(slots=True)
class Candidate:
    """A run of words that may be a name."""

    start: int
    end: int
    words: frozenset[str]
    score: float
    detector: str

    def vouch(self, detector: str) -> None:
        """Accept on the word of another name."""
        self.score, self.detector = SURE, detector


def find_persons(text: FoldedText) -> Iterator[Finding]:
    """Yield names of people."""
    cues = NameCues(text)
    candidates = list(_candidates(text, cues))
    _spread(text, candidates)
    for candidate in candidates:
        if candidate.score >= ACCEPT:
            yield Finding(
                candidate.start, candidate.end, Kind.PERSON, min(candidate.score, 0.95), candidate.detector
            )
    for start, end in cues.lower_names():
        yield Finding(start, end, Kind.PERSON, 0.6, "person.lower_case")


def _candidates(text: FoldedText, cues: NameCues) -> Iterator[Candidate]:
    never = lexicon().never_names
    known: dict[str, Token] = {}
    for run in RUN.finditer(text.shadow):
        start, end = run.span()
        # Ordinary words alone, as at the start of most sentences, need no further look.
        words = text.lower[start:end].split(b" ")
        if never.issuperset(map(_bare, words)) or (start and text.shadow[start - 1 : start].isalnum()):
            continue
        tokens = tokens_of(text, start, end, known)
        if len(tokens) > 1:
            for name in _names(text, tokens):
                if name:
                    yield from _judge(text, cues, name)
        elif tokens[0].role in _ALONE and tokens[0].word not in _CITY_OPENINGS:
            yield _weighed(text, cues, tokens)


def _bare(word: bytes) -> bytes:
    return word.rstrip(b".'-")


def _spread(text: FoldedText, candidates: list[Candidate]) -> None:
    """Let a sure name vouch for the same word elsewhere, and for what stands beside it in a list."""
    sure = {word for candidate in candidates if candidate.score >= SURE for word in candidate.words}
    for candidate in candidates:
        if 0 < candidate.score < ACCEPT and sure.issuperset(candidate.words):
            candidate.vouch("person.again")
    for neighbours in (itertools.pairwise(candidates), itertools.pairwise(reversed(candidates))):
        for known, other in neighbours:
            if known.score >= ACCEPT > other.score > 0 and len(known.words) == len(other.words):
                between = text.shadow[min(known.end, other.end) : max(known.start, other.start)]
                if between in _CONJUNCTIONS:
                    other.vouch("person.listed")


def _names(text: FoldedText, tokens: list[Token]) -> Iterator[list[Token]]:
    """Split a run of capitalised words at words that are no part of a name."""
    name: list[Token] = []
    if len(tokens) > 1 and _is_surname_by_place(text, tokens[-2], tokens[-1]):
        tokens[-1] = tokens[-1]._replace(role=Role.SURNAME)
    for token in tokens:
        if token.role is Role.TITLE and not name:
            name = [token]
        elif token.role in (Role.ORDINARY, Role.TITLE):
            yield name + ([token._replace(role=Role.END)] if name else [])
            name = [token] if token.role is Role.TITLE else []
        elif token.role is Role.INFLECTED and not (name and name[-1].role in (Role.GIVEN, Role.INITIAL)):
            yield name + ([token._replace(role=Role.END)] if name else [])
            name = []
        elif (
            len(name) >= LIST_LENGTH_MIN
            and token.role is Role.GIVEN
            and name[-1].role is not Role.GIVEN
            and len(tokens) > TOKENS_MAX
        ):
            yield name  # names in a row, nothing between them
            name = [token]
        else:
            name.append(token)
            if token.is_last:
                yield name
                name = []
    yield name


def _is_surname_by_place(text: FoldedText, given: Token, last: Token) -> bool:
    """Tell whether an ordinary word ends a name: "Melissa Little" in the middle of a sentence."""
    return (
        last.role is Role.ORDINARY
        and given.role is Role.GIVEN
        and not (given.is_soft or given.is_place or last.is_shouted or last.ends_organisation)
        and text.shadow[last.end : last.end + 1] not in (b":", b"=", b"\n")
    )


def _judge(text: FoldedText, cues: NameCues, name: list[Token]) -> Iterator[Candidate]:
    """Weigh one candidate; the last token may be the ordinary word behind it, the first a title."""
    follower = name.pop() if name and name[-1].role is Role.END else None
    title = name.pop(0) if name and name[0].role is Role.TITLE else None
    _trim(name)
    if (
        not name
        or len(name) > TOKENS_MAX
        or (follower is not None and follower.ends_organisation and title is None)
    ):
        return
    if all(token.role is Role.INITIAL for token in name):
        return
    if title is None:
        yield _weighed(text, cues, name)
    else:
        yield Candidate(name[0].start, name[-1].end, _words(name), 0.9, "person.titled")


def _weighed(text: FoldedText, cues: NameCues, name: list[Token]) -> Candidate:
    score = round(_score(text, cues, name), 2)
    return Candidate(name[0].start, name[-1].end, _words(name), score, "person.name")


def _words(name: list[Token]) -> frozenset[str]:
    return frozenset([token.word for token in name if token.role not in _WORDLESS])


def _trim(name: list[Token]) -> None:
    while len(name) > 1 and (name[0].role is Role.PARTICLE and name[0].word in _ARTICLES):
        name.pop(0)
    if name and name[0].word in _CITY_OPENINGS:
        name.clear()
    while name and name[-1].role is Role.PARTICLE:
        name.pop()
    # "Call Anna", "Will Anna come": the first word is a verb, not a name.
    if (
        len(name) > 1
        and name[0].is_soft
        and (name[0].role is Role.SURNAME or (name[0].word in _AUXILIARIES and name[1].role is Role.GIVEN))
    ):
        name.pop(0)


def _score(text: FoldedText, cues: NameCues, name: list[Token]) -> float:
    start, end = name[0].start, name[-1].end
    weight = _inner_weight(name)
    if weight >= CERTAIN or name[0].is_code:
        return weight
    lead = cues.lead(start)
    if lead.introduces:
        # "I am German" tells where from, "my son Florence" who.
        is_placed = all(
            token.is_place and (token.role is not Role.GIVEN or cues.states(start)) for token in name
        )
        return weight if is_placed else weight + 0.6
    if text.column_header(start) and cues.heads_names(start):
        return weight + 0.6
    if weight <= 0:
        return weight
    if lead.hints:
        weight += 0.2
    if cues.fills_line(start, end):
        weight += 0.2
    if lead.places:
        weight -= 0.15 if len(name) > 1 and name[0].role is Role.GIVEN else 0.3
    if weight + TOLD_WEIGHT >= ACCEPT and cues.is_told_of(end):
        weight += TOLD_WEIGHT
    return weight


def _inner_weight(name: list[Token]) -> float:
    """Return how much the words alone look like a name: 0.5 and more suffices."""
    first, last = name[0], name[-1]
    if len(name) == 1:
        return _single_weight(first)
    if any(token.is_code for token in name) or (last.is_place and first.role is not Role.GIVEN):
        return 0.0
    if any(token.role is Role.INITIAL for token in name[1:]) and last.role is not Role.INITIAL:
        return 0.75
    if first.role is Role.GIVEN and not first.is_soft:
        return 0.6 if last.is_place or first.is_place else 0.85
    return _doubtful_weight(name, first, last)


def _doubtful_weight(name: list[Token], first: Token, last: Token) -> float:
    """Weigh several words that do not begin with a plain given name."""
    if last.role is Role.GIVEN and not last.is_soft:
        return 0.7 if first.role is Role.GIVEN else 0.65
    if last.role is Role.SURNAME and not last.is_soft and first.role is Role.GIVEN:
        return 0.7
    if any(token.word in NOBILIARY for token in name[1:-1]):
        return 0.6
    if last.role is Role.SURNAME and not last.is_soft and not first.is_place:
        return 0.5 if first.role in (Role.SURNAME, Role.INITIAL) else 0.45
    return 0.2


def _single_weight(token: Token) -> float:
    if token.is_code or token.is_shouted:
        return 0.0
    if token.role is Role.GIVEN:
        return 0.2 if token.is_soft or token.is_place else 0.6
    if token.role is Role.SURNAME:
        return 0.1 if token.is_soft or token.is_place else 0.35
    return 0.0 if token.is_place or token.role is not Role.UNKNOWN else 0.2
