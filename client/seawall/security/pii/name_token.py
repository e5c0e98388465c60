"""One capitalised word of a candidate name, and what part it could play."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple

from seawall.security.folded_text import FoldedText
from seawall.security.pii.lexicon import Lexicon, lexicon, plain

TITLES = frozenset(
    "mr mrs ms miss mx dr prof professor sir madam madame monsieur mademoiselle mme mlle lady lord dame herr frau fraulein "  # noqa: SIM905
    "senor senora senorita sr sra srta don dona doña signor signora signorina sig dott dottor dottoressa mevrouw meneer mevr dhr pan pani "
    "ing mgr bc mudr judr phdr rndr mvdr dipl avv geom rag arch dhr okt cev yrd doc ogr gor uz av. srta h hj drs drg ir univ dkfm mag fr sra "
    "rev reverend father sister judge senator governor captain capt colonel lieutenant lt sgt sergeant".split()
)
PARTICLES = frozenset(
    [
        "de",
        "del",
        "la",
        "los",
        "las",
        "di",
        "da",
        "do",
        "dos",
        "das",
        "du",
        "des",
        "van",
        "von",
        "der",
        "den",
        "vom",
        "zu",
        "zum",
        "zur",
        "ter",
        "ten",
        "le",
        "el",
        "al",
        "bin",
        "ibn",
        "abu",
        "y",
        "e",
        "i",
        "af",
        "av",
        "san",
        "st",
    ]
)
# Between two capitalised words these make a name, where "de" and "da" may make a place.
NOBILIARY = frozenset(("van", "von", "vom", "zu", "ter", "ten", "bin", "ibn", "abu"))
ORGANISATION_ENDINGS = frozenset(
    "academy agency airlines airport alliance arena army association athletics authority automotive avenue ave bakery bancorp bank bay beach "  # noqa: SIM905
    "blvd board boulevard bridge brothers bros bureau cafe castle cathedral center centre church circle city clinic club college commission "
    "committee community company conference congress consortium construction consulting corporation corp council country county court cup daily "
    "department district drive electronics embassy energy engineering enterprises entertainment estate factory farm farms federation festival field "
    "finance financial foods force forest foundation framework fund gallery garden gardens gazette gmbh group hall healthcare heights herald high "
    "highway hill hills holding holdings hospital hotel house inc incorporated industries initiative inn institute insurance international investments "
    "island islands journal kingdom lab laboratories laboratory labs lake lane league library limited llc llp logistics ltd mall manufacturing market "
    "media memorial ministry motors mount mountain mountains museum music network networks news office orchestra organisation organization palace park "
    "parkway partners party place plaza police port post press prize productions properties protocol radio railway ranch records region republic research "
    "resort restaurant retail ridge river road rd school science sea securities security service services shop society software solutions springs square "
    "stadium state station st store stores street studio studios supply system systems team technologies technology telecom television theater theatre "
    "theorem times tower trading trail trust tv union university valley ventures village way works zone algorithm equation law effect disease syndrome api "
    "sa sas sarl spa srl bv nv plc oy ab as ag kg co award awards act war stravenue studio cloud engine model award day week".split()
)
_SURNAME_ENDINGS = (
    "sson", "dottir", "ovic", "evic", "ski", "ska", "cki", "cka", "enko", "escu", "oglu", "opoulos", "akis", "idis", "ova", "eva",
    "shvili", "nen", "czyk", "wicz", "mann", "stein", "berg", "burg", "feld", "thal", "inen", "quist", "qvist", "strom", "lund", "gren", "veld",
    "stra", "sma", "ez", "ini", "elli", "etti", "ucci", "ov", "ev", "yan", "uk", "chuk", "eau", "ault", "aud",
)  # fmt: skip
SHOUTED_MIN = 2
INITIALS_LENGTH_MAX = 4  # "J.R"


class Role(Enum):
    """What a word may be in a name."""

    GIVEN = "given"
    SURNAME = "surname"
    INITIAL = "initial"
    PARTICLE = "particle"
    TITLE = "title"
    UNKNOWN = "unknown"
    ORDINARY = "ordinary"
    INFLECTED = "inflected"  # an ordinary word by its ending only: a surname where a given name precedes it
    END = "end"


class Token(NamedTuple):
    """A word with its span. `is_soft`: also an ordinary word. `is_last`: a full stop ends the name here."""

    start: int
    end: int
    word: str
    role: Role
    is_soft: bool
    is_place: bool
    is_shouted: bool
    is_code: bool
    is_last: bool

    @property
    def ends_organisation(self) -> bool:
        """Tell whether a name in front of this word belongs to a company, a place or a street."""
        return self.word in ORGANISATION_ENDINGS


def tokens_of(text: FoldedText, start: int, end: int, known: dict[str, Token]) -> list[Token]:
    """Cut a run of words into tokens. `known` keeps what each word was read as, as if it began the text."""
    tokens = []
    position = start
    for piece in text.text[start:end].replace("\xa0", " ").split(" "):
        if piece:
            token = known.get(piece)
            if token is None:
                token = known[piece] = _token(lexicon(), 0, piece)
            tokens.append(Token(position, position + token.end, *token[2:]))
        position += len(piece) + 1
    return tokens


def _token(words: Lexicon, start: int, piece: str) -> Token:
    bare = piece.rstrip(".'-")
    if bare[-2:] in ("'s", "\u2019s"):
        bare = bare[:-2]
    word = plain(bare)
    is_place, is_ordinary = word in words.places, word in words.ordinary
    if (
        is_ordinary
        and word not in words.given
        and word not in words.surnames
        and word not in TITLES
        and word not in PARTICLES
    ):
        shouted = bare.isupper() and len(bare) >= SHOUTED_MIN
        return Token(start, start + len(bare), word, Role.ORDINARY, True, is_place, shouted, False, False)
    is_title = word in TITLES
    stopped = piece.endswith(".") and len(bare) > 1 and not is_title
    is_shouted = is_code = False
    if not bare[1:].islower():
        is_shouted = bare.isupper() and len(bare) >= SHOUTED_MIN
        is_code = not is_shouted and not _is_compound(bare) and any(char.isupper() for char in bare[1:])
    is_code = is_code or ("." in bare and len(bare) > INITIALS_LENGTH_MAX)
    role = Role.TITLE if is_title else _role(words, word, bare, is_ordinary=is_ordinary)
    if bare[:1].islower() and role is not Role.PARTICLE:
        role = Role.ORDINARY
    if (role is Role.UNKNOWN and is_shouted) or (role is Role.ORDINARY and is_place):
        role = Role.ORDINARY if is_shouted else Role.UNKNOWN
    return Token(
        start,
        start + len(bare),
        word,
        role,
        is_ordinary,
        is_place,
        is_shouted,
        is_code,
        stopped or len(bare) < len(piece.rstrip(".")),
    )


def _is_compound(bare: str) -> bool:
    """Tell whether inner capitals are those of McKay, O'Neil, Jean-Luc or DeVito."""
    return (
        bare[:2] in ("Mc", "De", "La", "Le", "Di", "Du", "Fi")
        or bare[:3] == "Mac"
        or "'" in bare
        or "-" in bare
        or "\u2019" in bare
    )


def _role(words: Lexicon, word: str, bare: str, *, is_ordinary: bool) -> Role:
    if len(word) == 1:
        return Role.INITIAL if bare.isupper() else Role.PARTICLE
    if word in PARTICLES:
        return Role.PARTICLE
    if word in words.given:
        return Role.GIVEN
    if word in words.surnames or word[:2] in ("o'", "mc"):
        return Role.SURNAME
    if "-" in word:
        return _compound_role(words, word)
    if is_ordinary:
        return Role.ORDINARY
    if _is_ordinary_form(words, word):
        return Role.INFLECTED
    return Role.SURNAME if len(word) > 5 and word.endswith(_SURNAME_ENDINGS) else Role.UNKNOWN  # noqa: PLR2004


def _compound_role(words: Lexicon, word: str) -> Role:
    """Return the role of a word with hyphens, by its parts."""
    parts = word.split("-")
    if parts[0] in words.given:
        return Role.GIVEN
    if parts[-1] in words.surnames:
        return Role.SURNAME
    if all(part in words.ordinary or _is_ordinary_form(words, part) for part in parts):
        return Role.ORDINARY
    return Role.SURNAME if parts[-1].endswith(_SURNAME_ENDINGS) else Role.UNKNOWN


def _is_ordinary_form(words: Lexicon, word: str) -> bool:
    """Tell whether a word is an inflected ordinary word, or ends as names do not."""
    if word.endswith(_ABSTRACT_ENDINGS):
        return True
    for ending in _INFLECTIONS.get(word[-1:], ()):
        if word.endswith(ending):
            stem = word[: -len(ending)]
            if len(stem) >= STEM_LENGTH_MIN and (stem in words.ordinary or stem + "e" in words.ordinary):
                return True
    return False


_ABSTRACT_ENDINGS = (
    "tion",
    "tions",
    "ment",
    "ments",
    "ness",
    "ities",
    "ity",
    "ship",
    "ology",
    "graphy",
    "able",
    "ible",
    "ful",
    "less",
    "ously",
    "ally",
)
_INFLECTIONS = {"s": ("s", "es", "ers"), "d": ("ed", "d"), "g": ("ing",), "y": ("ly",), "r": ("er",)}
STEM_LENGTH_MIN = 3
