"""All readings of a text worth scanning: disguises taken off, encodings decoded, to a depth, number and size."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

import msgspec

from seawall.security.firewall.budget import Budget
from seawall.security.firewall.decoding import backwards, decode, mirrored, shifted
from seawall.security.firewall.encodings import ENCODINGS
from seawall.security.firewall.hidden_text import HiddenRun, revealed
from seawall.security.firewall.normalise import (
    normalise,
    without_leetspeak,
    without_lookalikes,
    without_spacing,
)
from seawall.security.firewall.rule_set import ATBASH, BACKWARDS, Keywords, RuleSet
from seawall.security.firewall.view import View


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
        queue.extend(_undisguised(reading, depth, budget))
        if depth < limits.depth_max:
            budget.charge(len(view) * len(ENCODINGS))
            queue.extend((_clean(decoded), depth + 1) for decoded in decode(view))


def _clean(view: View) -> View:
    return view.followed_by(normalise(view.text))


def _undisguised(reading: Reading, depth: int, budget: Budget) -> Iterator[tuple[View, int]]:
    view = reading.view
    budget.charge(len(view) * 3)
    candidates = [without_lookalikes(view), without_spacing(view)]
    if "leetspeak" not in view.transforms:
        candidates += [without_leetspeak(view), without_leetspeak(view, one_is_l=True)]
    if not any(name == "reversed" or name.startswith("rot") or name == "atbash" for name in view.transforms):
        candidates.extend(_deciphered(reading))
    yield from ((candidate, depth) for candidate in candidates if candidate is not None)


def _deciphered(reading: Reading) -> Iterator[View]:
    for cipher in sorted(reading.keywords.ciphers)[:4]:
        if cipher == BACKWARDS:
            yield backwards(reading.view)
        elif cipher == ATBASH:
            yield mirrored(reading.view)
        else:
            yield shifted(reading.view, cipher)
