"""Words around a name that say that it is one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from seawall.security.folded_text import FoldedText
from seawall.security.linear_pattern import LinearPattern, LinearPatternSet
from seawall.security.pii.lexicon import lexicon, plain

REACH = 44
LOWER_NAME_LENGTH_MIN = 5
LOWER_WORD = LinearPattern(r"[a-z\xdf-\xf6\xf8-\xff]{2,24}")
_RELATIVES = (
    r"wife|husband|partner|spouse|son|daughter|kid|child|brother|sister|mother|father|mom|mum|dad|uncle|aunt|cousin|nephew|niece|grandmother|grandfather|"
    r"grandma|grandpa|friend|boyfriend|girlfriend|fianc\xe9e?|boss|manager|colleague|coworker|neighbou?r|roommate|landlord|tenant|teacher|lawyer|doctor"
)
# Words after which any capitalised word is a name.
INTRODUCTION = LinearPattern(
    r"(?:^|[^a-z])(?:"
    r"(?:full|first|last|middle|given|sur|family|maiden|birth|legal|real|nick|user'?s?|customer'?s?|patient'?s?|client'?s?|my|his|her|their|your|whose|account|holder'?s?|partner'?s?|the)?[ _-]?name(?:'s| is| was)?"
    r"|(?:vor|nach|familien|zu)name|(?:pr\xe9)?nom(?: de famille)?|nombre(?: completo)?|apellidos?|nome|cognome|sobrenome|naam|voornaam|achternaam|imi\xea|nazwisko|namn|navn"
    r"|named|(?:named|call|called|name) (?:him|her|them|it|me)|last name\?|surname\?|name\?|who is|who's|i am called|(?:was|is|are|were|am|be|been|man|woman|person|someone|guy|boy|girl|kid|child) (?:called|named)|call me|calls me|people call me|me llamo|je m'appelle|ich hei\xdfe|ich bin|mi chiamo|ik heet|nazywam si\xea|jag heter|meu nome \xe9|mi nombre es|mein name ist|mon nom est|il mio nome \xe8"
    r"|regards|sincerely|best wishes|cheers|yours truly|gru\xdf|gr\xfc\xdfe|gr\xfc\xdfen|cordialement|saludos|atentamente|saluti|groeten"
    r"|attn|attention|c/o|recipient|sender|signed by|signed|beneficiary|payee|payer|account holder|card ?holder|cardholder name|holder|in the name of|on behalf of|account of|account for|belongs to|belonging to|owned by|assigned to|addressed to|registered to|according to|"
    r"kontoinhaber|inhaber|titulaire|titular|intestatario|bezitter|kunde|kundin|patientin|client|cliente|klant|kund"
    rf"|(?:my|his|her|our|their|your) (?:\w+ )?(?:{_RELATIVES})"
    r"|says|said|replied|directed by|starring|ex-[a-z]+|early|late|featuring|"
    r"actor|actress|singer|songwriter|guitarist|drummer|musician|producer|player|coach|director|artist|writer|poet|novelist|painter|scientist|chancellor|ceo|cto|cfo|chairman|founder|commenter|reporter|detective|co-founder|professor|attorney"
    r"|i'm|i am|this is|it's|witness,?|complaint (?:by|from)|invoice to|summoned|victim,?|suspect,?|customer|patient|employee|passenger|guest|attendee|applicant|candidate|defendant|plaintiff|witness|insured|policyholder|nurse|sir|co-worker"
    r"|ship to|bill to|deliver to|sold to|send to|mail to|billing address|shipping address|delivery address|contact person|contact name|point of contact|author|authors|written by|created by|prepared by|reviewed by|approved by|reported by|requested by|submitted by"
    r")['\"]?[ \xa0]{0,2}[:=,>-]{0,2}[ \xa0\n\t]{0,4}[\"'(]?$"
)
# The same, on one line: what follows a greeting that stands alone is the letter.
GREETING = LinearPattern(
    r"(?:^|[^a-z])(?:dear|hi|hello|hey|hallo|hola|bonjour|ciao|estimad[oa]|querid[oa]|ch[\xe8e]re?|lieber?|sehr geehrter?|sehr geehrte|prezad[oa]|geachte|beste|k\xe4re|kj\xe6re)['\"]?[ \xa0]{0,2}[:=,>-]{0,2}[ \xa0\t]{0,4}[\"'(]?$"
)
# Words after which a capitalised word may well be one.
HINT = LinearPattern(
    r"(?:^|[^a-z])(?:by|with|from|for|to|and|or|meet|ask|asked|tell|told|call|contact|email|mail|phone|remind|invite|thank|thanks|met|saw|know|knows|like|love|loves|hired|about|between|versus|vs|"
    r"actor|actress|singer|songwriter|guitarist|drummer|musician|producer|player|coach|director|artist|author|writer|poet|novelist|painter|scientist|president|minister|senator|chancellor|ceo|cto|cfo|chairman|founder|king|queen|starring|featuring|features|early|late|young|old|said|says|add|remove|"
    r"guardian|beneficiary|commenter|user|member|student|resident|tenant|student|agent|officer|detective|mayor|who|when|has|have|is|was|did|does|can|let|why is|where is|heard|hear)[ \xa0]?[:,(]?[ \xa0\"'(]{1,2}$"
)
# Words behind a name that only people go before.
TOLD = LinearPattern(
    r"^(?:'s)?(?:,? (?:said|says|told|asked|asks|can be reached|is reachable|has asked|had asked|yesterday and|replied|shouted|explained|wrote|writes|lives|lived|works|worked|was born|is born|born|died|married|loves|likes|wants|thinks|believes|called|calls|emailed|phoned|texted|"
    r"joined|signed|listed|spoke|speaks|speak|will be talking|is talking|is very|retired|moved|flew|travelled|traveled|and i|jr|sr|can i|can you|could you|please|lebt|wohnt|habite|vive|abita|woont|mieszka)[ ,.:]"
    r"|'s (?:wife|husband|son|daughter|brother|sister|mother|father|friend|house|phone|email|birthday|address|account|name|killers|novel|concert|version|team|boss|family|book|car|job|office|appointment|card)"
    r"|[ ,]*[(<][a-z0-9_.+-]{1,64}@|[ ,;]{1,2}[a-z0-9_.+-]{1,64}@|: \"|, can i| \((?:born|age|aged|b\.))"
)
PLACED = LinearPattern(
    r"(?:^|[^a-z])(?:in|at|near|toward|towards|across|throughout|via|into|visiting|visit|outside|inside|around|southern|northern|eastern|western|central|downtown|of the)[ ]$"
)
NAME_HEADER = LinearPattern(
    r"^(?:(?:full|first|last|middle|given|sur|family|customer|client|patient|employee|contact|account|holder|owner|user|person|student|member|guest|passenger|recipient|sender|author|manager)?[ _-]?name|"
    r"customer|client|patient|employee|contact|owner|person|recipient|sender|author|assignee|reporter|manager|nombre|apellidos?|nom|pr\xe9nom|vorname|nachname|name des kunden|nome|cognome|naam|attendee|passenger|student|member)$"
)
LOWER_INTRODUCTION = LinearPattern(
    r"(?:^|[^a-z])(?:my name is|my name's|i am called|call me|people call me|her maiden name is|his name is|her name is|their name is|last name\? {0,2})[ ]{1,2}([a-z\xdf-\xff]{2,24}(?:[ -][a-z\xdf-\xff]{2,24}){0,2})"
)
# In one pass over what stands in front of a word.
_LEADS = LinearPatternSet(pattern.source for pattern in (INTRODUCTION, GREETING, HINT, PLACED))
_INTRODUCTION, _GREETING, _HINT, _PLACED = range(4)
_TELLING = LinearPatternSet((TOLD.source,))


class Lead(NamedTuple):
    """What the words in front of a word do: announce a name, often stand before one, announce a place."""

    introduces: bool
    hints: bool
    places: bool


_NO_LEAD = Lead(introduces=False, hints=False, places=False)


class NameCues:
    """The cues of one text."""

    __slots__ = ("_text",)

    def __init__(self, text: FoldedText) -> None:
        self._text = text

    def lead(self, start: int) -> Lead:
        """Return what the words in front of `start` make of it."""
        found = _LEADS.present(self._text.before(start, REACH))
        if not found:
            return _NO_LEAD
        return Lead(_INTRODUCTION in found or _GREETING in found, _HINT in found, _PLACED in found)

    def states(self, start: int) -> bool:
        """Tell whether the words in front of `start` are "I am", which a nationality follows as well."""
        return self._text.before(start, 8).rstrip().endswith((b" am", b"'m", b"am"))

    def is_told_of(self, end: int) -> bool:
        """Tell whether the words from `end` on are said of people."""
        return bool(_TELLING.present(self._text.after(end, 40)))

    def fills_line(self, start: int, end: int) -> bool:
        """Tell whether nothing else stands on the line."""
        shadow = self._text.shadow
        before = shadow[max(0, start - 8) : start].rpartition(b"\n")
        opened = before[1] or start <= 8  # noqa: PLR2004
        return (
            bool(opened) and not before[2].strip(b" >?*-\t") and shadow[end : end + 1] in (b"", b"\n", b"\r")
        )

    def heads_names(self, start: int) -> bool:
        """Tell whether `start` is in a table column of names."""
        return NAME_HEADER.search(self._text.column_header(start)) is not None

    def lower_names(self) -> Iterator[tuple[int, int]]:
        """Yield names in lower case: those that are introduced, and in a text without capitals those on the list."""
        for match in LOWER_INTRODUCTION.finditer(self._text.lower):
            start, end = match.span(1)
            piece = self._text.text[start:end]
            if piece.islower() and (count := _leading_names(piece)):
                yield start, start + count
        if self._text.shadow == self._text.lower:
            yield from self._listed_in_lower_case()

    def _listed_in_lower_case(self) -> Iterator[tuple[int, int]]:
        words = lexicon()
        previous: tuple[int, int] | None = None
        for start, end in LOWER_WORD.spans(self._text.shadow):
            word = plain(self._text.text[start:end])
            if (
                previous
                and start == previous[1] + 1
                and word in words.surnames
                and word not in words.ordinary
            ):
                previous = previous[0], end
                continue
            if previous:
                yield previous
            is_name = (
                len(word) >= LOWER_NAME_LENGTH_MIN
                and word in words.given
                and word not in words.ordinary
                and word not in words.places
            )
            previous = (start, end) if is_name and self._text.stands_alone(start, end) else None
        if previous:
            yield previous


def _leading_names(piece: str) -> int:
    """Return how much of `piece` comes before the first ordinary word."""
    words, length = lexicon(), 0
    for word in piece.split(" "):
        if word in words.ordinary and word not in words.given:
            break
        length += len(word) + 1
    return max(0, length - 1)
