"""When which fault comes and goes: the method of a scenario, expanded."""

from __future__ import annotations

import dataclasses
from typing import Literal

from seawall_chaos.scenario import Scenario


@dataclasses.dataclass(frozen=True, slots=True)
class Window:
    """One stretch in which one entry of the method is in force; both counted from 1, times from the start."""

    entry: int
    window: int
    fault: str
    on: str
    start_s: float
    end_s: float

    @property
    def injection_id(self) -> str:
        """What a stack knows this window by."""
        return f"{self.entry}.{self.window}"


@dataclasses.dataclass(frozen=True, slots=True)
class Step:
    """One change: a window begins (`inject`) or ends (`heal`)."""

    at_s: float
    action: Literal["inject", "heal"]
    window: Window


def expand(scenario: Scenario) -> tuple[Window, ...]:
    """Every window of the method in the order of its start, the time scale applied."""
    scale = scenario.time_scale
    windows = [
        Window(
            entry=number,
            window=repeat + 1,
            fault=entry.fault,
            on=entry.on,
            start_s=round((start_s := entry.at + repeat * (entry.every or 0.0)) * scale, 6),
            end_s=round((start_s + entry.for_s) * scale, 6),
        )
        for number, entry in enumerate(scenario.method, 1)
        for repeat in range(entry.times)
    ]
    return tuple(sorted(windows, key=lambda window: (window.start_s, window.entry, window.window)))


def steps(windows: tuple[Window, ...]) -> tuple[Step, ...]:
    """What to do when. At the same instant, what ends comes before what begins."""
    changes = [Step(window.end_s, "heal", window) for window in windows]
    changes += [Step(window.start_s, "inject", window) for window in windows]
    order = {"heal": 0, "inject": 1}
    return tuple(sorted(changes, key=lambda s: (s.at_s, order[s.action], s.window.entry, s.window.window)))
