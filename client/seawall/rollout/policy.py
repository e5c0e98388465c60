"""Which path answers a call. Does no I/O, reads no clock; randomness is handed in."""

from __future__ import annotations

import random
from hashlib import blake2b
from typing import cast

import msgspec

from seawall.rollout.options import RolloutOptions, Stage
from seawall.rollout.record import DecidedBy, Path

_WORDS = frozenset({"off", "shadow", "on"})
_PERCENT_CHARS_MAX = 16
_WHOLE = 1.0 - 1e-9  # ten tenths fall short of one by a rounding error


class RolloutPosition(msgspec.Struct, frozen=True, kw_only=True):
    """How far the rollout is, and who says so. `percent` matters in stage "percent" only."""

    stage: Stage
    percent: float
    decided_by: DecidedBy


class Choice(msgspec.Struct, frozen=True, kw_only=True):
    """Who answers one call."""

    position: RolloutPosition
    path: Path
    bucket: float


class RolloutPolicy:
    """Decides for each call. Shared by all calls of a manager, on one thread.

    Attributes:
        options: what is in force; `reconfigure` replaces them.
        killed: the kill switch in this process, apart from the one in the options.
        flag_position: what the flag said last that could be understood; None if nothing yet.
    """

    def __init__(self, options: RolloutOptions, rng: random.Random) -> None:
        self.options = options
        self.killed = False
        self.flag_position: RolloutPosition | None = None
        self._rng = rng
        self._shadow_credit = 0.0

    def reconfigure(self, options: RolloutOptions) -> None:
        """Go by these options from the next call on. The kill switch of this process stays as it is."""
        if options.flag != self.options.flag:
            self.flag_position = None
        self.options = options

    @property
    def position(self) -> RolloutPosition:
        """What is in force: the kill switches, then the flag's last word, then the settings."""
        options = self.options
        if self.killed or options.killed:
            return RolloutPosition(stage="off", percent=0.0, decided_by="kill")
        if options.flag is not None and self.flag_position is not None:
            return self.flag_position
        return RolloutPosition(stage=options.stage, percent=options.percent, decided_by="settings")

    def choose(self, key: str | int | None) -> Choice:
        """Choose the path for a key; without one, anew for each call."""
        position = self.position
        bucket = self._rng.random() * 100.0 if key is None else bucket_of(key, self.options.sticky_salt)
        new = position.stage == "on" or (position.stage == "percent" and bucket < position.percent)
        return Choice(position=position, path="new" if new else "old", bucket=bucket)

    def samples_shadow(self) -> bool:
        """Whether this call is in the share that is asked twice. Ask once per call.

        An even stride, not a draw: the share is then a bound, also over few calls.
        """
        self._shadow_credit += self.options.shadow_share
        if self._shadow_credit < _WHOLE:
            return False
        self._shadow_credit = max(0.0, self._shadow_credit - 1.0)
        return True


def bucket_of(key: str | int, salt: str) -> float:
    """Return where a key lies, from 0 up to 100: the same in every process and at every percentage."""
    digest = blake2b(f"{salt}\0{key}".encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) * 100.0 / (1 << 53)


def position_of_flag(value: object) -> RolloutPosition | None:
    """Return what a flag's value means; None for a value that means nothing, which is then ignored."""
    if not isinstance(value, str):
        return None
    word = value.strip().lower()
    if word in _WORDS:
        return RolloutPosition(stage=cast("Stage", word), percent=0.0, decided_by="flag")
    number = word.removesuffix("%").rstrip()
    if len(number) > _PERCENT_CHARS_MAX or not number.replace(".", "", 1).isdecimal() or not number.isascii():
        return None
    percent = float(number)
    return RolloutPosition(stage="percent", percent=percent, decided_by="flag") if percent <= 100.0 else None  # noqa: PLR2004
