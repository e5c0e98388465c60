"""How busy the machine is: what every measured time has to be read with."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

_STAT = Path("/proc/stat")
_IDLE = slice(3, 5)  # idle and waiting for a disk
_GUEST = 8  # counted among the others already


class CpuTimes(NamedTuple):
    """CPU time of all cores since the machine started, in ticks."""

    busy: int
    whole: int


def cpu_times() -> CpuTimes | None:
    """The times now; None where the system does not tell."""
    try:
        first = _STAT.read_text(encoding="ascii").splitlines()[0]
    except OSError:
        return None
    ticks = [int(field) for field in first.split()[1:]][:_GUEST]
    return CpuTimes(sum(ticks) - sum(ticks[_IDLE]), sum(ticks))


def busy_share(before: CpuTimes | None, after: CpuTimes | None) -> float | None:
    """Which share of all cores was busy between two looks (0 to 1); None where nobody can say."""
    if before is None or after is None or after.whole == before.whole:
        return None
    return (after.busy - before.busy) / (after.whole - before.whole)
