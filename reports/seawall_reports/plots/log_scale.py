"""Logarithmic scales of milliseconds."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from seawall_reports.wording import grouped

DECADES_FEW = 1.7


def log_ticks(low: float, high: float) -> list[float]:
    """Powers of ten from `low` to `high`; also twice and five times those where there would be few."""
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = (1, 2, 5) if math.log10(high / low) < DECADES_FEW else (1,)
    ticks = [step * 10.0**decade for decade in decades for step in steps]
    return [tick for tick in ticks if low <= tick <= high]


def log_share(values: npt.NDArray[np.floating], limits: tuple[float, float]) -> npt.NDArray[np.floating]:
    """Where values lie between the limits on a logarithmic scale: 0 at the lower one, 1 at the upper one."""
    low, high = np.log(limits[0]), np.log(limits[1])
    shares: npt.NDArray[np.floating] = (np.log(values) - low) / (high - low)
    return shares


def duration(milliseconds: float) -> str:
    """Milliseconds below a second, seconds from there on."""
    if milliseconds < 1000:  # noqa: PLR2004 - a second
        return f"{milliseconds:g} ms"
    return f"{grouped(f'{milliseconds / 1000:g}')} s"
