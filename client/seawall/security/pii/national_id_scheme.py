"""What a national numbering scheme is: its form, its proof, and the words that name it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from seawall.security.linear_pattern import LinearPattern


class Proof(Enum):
    """What is needed, besides a valid number, to believe that it is one."""

    FORM = "form"  # its form is so special that it needs no word beside it
    WORD = "word"  # any word for an id, as "id number" or "tax"
    NAME = "name"  # its own name: the check is too weak for anything less


@dataclass(frozen=True, slots=True)
class Scheme:
    """One country's number. `is_valid` is given it without separators, in upper case."""

    name: str
    form: str
    is_valid: Callable[[str], bool]
    proof: Proof
    cue: str | None = None
    pattern: LinearPattern = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "pattern", LinearPattern(self.form, ignore_case=True))


def is_date(year: int, month: int, day: int) -> bool:
    """Tell whether such a day exists."""
    try:
        dt.date(year, month, day)
    except ValueError:
        return False
    return True


def is_short_date(year: str, month: str, day: str) -> bool:
    """Tell whether such a day exists in some century, the year given by two digits."""
    return is_date(2000 + int(year), int(month), int(day))
