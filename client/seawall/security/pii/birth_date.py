"""Dates of birth: a date that the words in front of it call so."""

from __future__ import annotations

from collections.abc import Iterator

from seawall.security.finding import Finding, Kind
from seawall.security.folded_text import FoldedText
from seawall.security.linear_pattern import LinearPattern
from seawall.security.pii.date import DATE

BIRTH_WORDS = (
    r"born|dob|d\.o\.b\.?|date of birth|birth ?date|birth[ _-]?day|birth_?dt|date-of-birth|date_of_birth|dateofbirth|bday|b-day|"
    r"geboren|geb\.|geb|geburtsdatum|geburtstag|n[\xe9e]\(?e?\)? le|n[\xe9e]e? le|date de naissance|naissance|"
    r"fecha de nacimiento|f\. ?nac\.?|nacid[oa]|nacimiento|nat[oa]|data di nascita|nascita|geboortedatum|geboren op|"
    r"urodzon[ya]|ur\.|data urodzenia|nascid[oa]|data de nascimento|nascimento|f\xf6dd|f\xf6delsedatum|f\xf8dt|f\xf8dselsdato|syntynyt|"
    r"narozen[a\xe1]?|sz\xfcletett|\xaa{2,6}"
)
# Up to four short words may stand between: "born in Leeds on", "date of birth (dd/mm/yyyy):".
BORN = LinearPattern(
    rf"(?:^|[^a-z])(?:{BIRTH_WORDS})(?P<between>(?:[ \t:=,(\"'\xa0\[\]-]|<|>){{1,6}}"
    rf"(?:(?:is|was|on|the|in|at|le|am|el|il|dnia|em|den|op|of|[a-z]{{2,12}},?)[ :(]{{1,2}}){{0,4}}"
    rf"(?:\((?:dd|mm|yyyy|[-/.])+\)[ :]{{0,3}})?[\"']?)(?P<date>{DATE})",
    ignore_case=True,
)
_DATE = LinearPattern(DATE, ignore_case=True)
_HEADER = LinearPattern(rf"^(?:{BIRTH_WORDS})$")


def find_birth_dates(text: FoldedText) -> Iterator[Finding]:
    """Yield dates of birth."""
    for match in BORN.finditer(text.shadow):
        start, end = match.span(2)
        if not text.shadow[end : end + 1].isdigit():
            yield Finding(start, end, Kind.DATE_OF_BIRTH, 0.9, "birth_date.named")
    for cell in text.cells:
        if _HEADER.search(cell.header) and (date := _DATE.search(text.shadow, cell.start, cell.end)):
            yield Finding(*date.span(), Kind.DATE_OF_BIRTH, 0.85, "birth_date.column")
