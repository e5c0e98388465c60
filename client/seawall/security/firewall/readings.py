"""All readings of a text worth scanning: disguises taken off, encodings decoded, to a depth, number and size."""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator

import msgspec

from seawall.security.firewall.budget import Budget
from seawall.security.firewall.decoding import backwards, decode, mirrored, shifted
from seawall.security.firewall.encodings import ENCODINGS
from seawall.security.firewall.hidden_text import HiddenRun, revealed
from seawall.security.firewall.normalise import (
    LEETSPEAK,
    SPACED,
    normalise,
    without_leetspeak,
    without_lookalikes,
    without_spacing,
)
from seawall.security.firewall.rule_set import ATBASH, BACKWARDS, Keywords, RuleSet
from seawall.security.firewall.utf8_pattern import Utf8PatternSet
from seawall.security.firewall.view import View

_LEET, _SPACED = len(ENCODINGS), len(ENCODINGS) + 1
_SHAPES = Utf8PatternSet([*(encoding.pattern for encoding in ENCODINGS), LEETSPEAK, SPACED])


class ReadingLimits(msgspec.Struct, frozen=True, kw_only=True):
    """How far a text is taken apart. `growth_max`: characters of all readings per character of the text."""

    depth_max: int = 2
    views_max: int = 24
    growth_max: float = 12.0
    size_floor: int = 4096


class Reading(msgspec.Struct, frozen=True):
    """One view and the keywords it has."""

    view: View
    keywords: Keywords


def readings(
    text: str, hidden: tuple[HiddenRun, ...], rules: RuleSet, limits: ReadingLimits, budget: Budget
) -> Iterator[Reading]:
    """Yield the plain reading first, then others, nearest first. Raises BudgetExceededError."""
    budget.charge(len(text))
    queue = deque([(normalise(text), 0)])
    if hidden:
        queue.append((_clean(revealed(text, hidden)), 0))
    room = int(max(limits.size_floor, len(text) * limits.growth_max))
    seen: set[str] = set()
    while queue and len(seen) < limits.views_max:
        view, depth = queue.popleft()
        if not view.text or view.text in seen or len(view) > room:
            continue
        seen.add(view.text)
        room -= len(view)
        budget.charge(len(view))
        reading = Reading(view, rules.keywords(view))
        yield reading
        budget.charge(len(view))
        present = _SHAPES.present(view.text_bytes)
        budget.charge(len(view) * len(present))
        queue.extend((candidate, depth) for candidate in _undisguised(reading, present))
        if depth < limits.depth_max and "leetspeak" not in view.transforms:
            queue.extend((_clean(decoded), depth + 1) for decoded in decode(view, present))


def _clean(view: View) -> View:
    return view.followed_by(normalise(view.text))


def _undisguised(reading: Reading, present: Collection[int]) -> Iterator[View]:
    view = reading.view
    if plain := without_lookalikes(view):
        yield plain
    if _SPACED in present and (joined := without_spacing(view)):
        yield joined
    if _LEET in present and "leetspeak" not in view.transforms:
        yield from without_leetspeak(view)
    if not any(name == "reversed" or name.startswith("rot") or name == "atbash" for name in view.transforms):
        yield from _deciphered(reading)


def _deciphered(reading: Reading) -> Iterator[View]:
    for cipher in sorted(reading.keywords.ciphers)[:4]:
        if cipher == BACKWARDS:
            yield backwards(reading.view)
        elif cipher == ATBASH:
            yield mirrored(reading.view)
        else:
            yield shifted(reading.view, cipher)
