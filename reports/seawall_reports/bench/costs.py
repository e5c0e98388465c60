"""The project's targets for the cost of the client, as ratios of one run, and whether its figures meet them."""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator, Mapping

from seawall_chaos.bench.figures import Contender as Rounds
from seawall_chaos.bench.figures import Figures
from seawall_reports.bench.document import Contender, Simulator, Target
from seawall_reports.bench.targets import AT_LEAST, AT_MOST, judged
from seawall_reports.measures import Interval
from seawall_reports.summarise import CONTENDER
from seawall_reports.wording import TIMES

COST, HARNESS = "cost of the client", "fake provider"
# What, figure, of which other contender the ratio is (None: the figure itself), unit, and what it has to keep.
DEMANDS: tuple[tuple[str, str, str | None, str, str, float], ...] = (
    ("CPU per call ÷ bare aiohttp", "cpu_us", "aiohttp", TIMES, AT_MOST, 1.8),
    ("CPU per call ÷ bare httpx2", "cpu_us", "httpx2", TIMES, AT_MOST, 1.0),
    ("CPU per call ÷ litellm.Router", "cpu_us", "litellm.Router", TIMES, AT_MOST, 0.05),
    ("calls/s at 64 callers ÷ bare aiohttp", "rate_per_s", "aiohttp", TIMES, AT_LEAST, 0.45),
    ("calls/s at 64 callers ÷ bare httpx2", "rate_per_s", "httpx2", TIMES, AT_LEAST, 2.0),
    ("import time ÷ import of openai", "import_ms", "openai", TIMES, AT_MOST, 0.5),
    ("import time", "import_ms", None, "ms", AT_MOST, 200),
    ("memory after import", "import_mb", None, "MB", AT_MOST, 40),
)
GROWTH_CALLS_MIN = 10_000
# What an allocator keeps or gives back between two looks at the same process is no growth.
GROWTH_MB_MAX = 2.0
PACKAGES_MAX = 15
CORE_US_MAX = 60
PROVIDER_MIN = {"chat": 20_000, "stream of 10 tokens": 4_000}


def contenders_of(figures: Figures) -> dict[str, Contender]:
    """What each contender costs: medians of its rounds."""
    return {name: _medians(each) for name, each in figures.contenders.items() if each.rounds}


def simulators_of(figures: Figures) -> list[Simulator]:
    """What the fake providers sustain."""
    return [Simulator(**each.model_dump(exclude={"rounds"})) for each in figures.simulators]


def cost_targets(figures: Figures) -> Iterator[Target]:
    """Every target for the cost of the client, then those for scale and for the fake providers."""
    known = figures.contenders
    doubt = "one round is not enough" if figures.quick else None
    for what, figure, other, unit, relation, bound in DEMANDS:
        measured, interval = _figure(known, figure, other)
        yield judged(
            what=what,
            of=COST,
            unit=unit,
            relation=relation,
            bound=bound,
            measured=measured,
            interval=interval,
            doubt=doubt if measured is not None else None,
        )
    yield from _own_targets(figures)
    for rate in figures.simulators:
        yield judged(
            what=f"{rate.what}, answers/s",
            of=HARNESS,
            unit="/s",
            relation=AT_LEAST,
            bound=PROVIDER_MIN.get(rate.what, math.nan),
            measured=rate.rate_per_s,
            doubt=doubt,
        )


def _own_targets(figures: Figures) -> Iterator[Target]:
    own = figures.contenders.get(CONTENDER)
    core_us = figures.core_us
    yield judged(
        what="policy core alone, CPU per call",
        of=COST,
        unit="µs",
        relation=AT_MOST,
        bound=CORE_US_MAX,
        measured=statistics.median(core_us) if core_us else None,
        interval=Interval(low=min(core_us), high=max(core_us)) if core_us else None,
    )
    grown = own.growth_mb if own else None
    calls = own.growth_calls if own else 0
    few = f"{calls} calls; {GROWTH_CALLS_MIN} are needed" if calls < GROWTH_CALLS_MIN else None
    yield judged(
        what=f"growth of memory over {calls or GROWTH_CALLS_MIN} calls",
        of=COST,
        unit="MB",
        relation=AT_MOST,
        bound=GROWTH_MB_MAX,
        measured=grown,
        doubt=few if grown is not None else None,
    )
    for what, bound, number in (
        ("required packages", PACKAGES_MAX, own.packages if own else None),
        ("SDKs of providers that its import loads", 0, len(own.sdks) if own else None),
    ):
        yield judged(what=what, of=COST, unit="", relation=AT_MOST, bound=bound, measured=number)
    for row in figures.scale:
        yield judged(
            what=row.what,
            of="scale",
            unit=row.unit,
            relation=row.relation,
            bound=row.bound,
            measured=row.measured,
        )


def _medians(each: Rounds) -> Contender:
    return Contender(
        **{
            figure: statistics.median(getattr(turn, figure) for turn in each.rounds)
            for figure in ("cpu_us", "rate_per_s", "import_ms", "import_mb")
        },
        growth_mb=each.growth_mb,
        growth_calls=each.growth_calls,
        packages=each.packages,
    )


def _figure(
    known: Mapping[str, Rounds], figure: str, other: str | None
) -> tuple[float | None, Interval | None]:
    """A figure, or the ratio of two of the same round: contenders take turns, so that both met the same minute."""
    own = known[CONTENDER].rounds if CONTENDER in known else []
    values = [float(getattr(each, figure)) for each in own]
    if other is not None:
        others = known[other].rounds if other in known else []
        values = [value / getattr(each, figure) for value, each in zip(values, others, strict=False)]
    if not values:
        return None, None
    return statistics.median(values), Interval(low=min(values), high=max(values))
