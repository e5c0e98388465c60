"""A provider that asked to be left alone, or whose headers say that nothing is left: until when, and who goes first."""

from __future__ import annotations

import math
from typing import Annotated

import msgspec

from seawall.resilience.failures import Failure, FailureKind


class RateLimitOptions(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long a provider that limits us is left alone.

    Attributes:
        rest_s: after a rate limit that names no time; doubles with each one in a row. 0.01 to 3600.
        rest_max_s: no such rest is longer. 0.01 to 86400.
        retry_after_max_s: a provider that asks for more than this is tried again after this. 0 to 86400.
        quota_rest_s: after a quota is used up, which waiting does not mend; people do. 1 to 86400.
        trial_lease_s: the first attempt after a rest goes alone for at most this long. 0.1 to 3600.
        use_headers: pass a provider over before it says 429, while its headers say that nothing is left of its
            limit. Where there is nobody else to ask, it is asked all the same.
        window_max_s: headers that name a later reset than this count as naming this. 0.1 to 86400.
    """

    rest_s: Annotated[float, msgspec.Meta(ge=0.01, le=3600)] = 1.0
    rest_max_s: Annotated[float, msgspec.Meta(ge=0.01, le=86_400)] = 60.0
    retry_after_max_s: Annotated[float, msgspec.Meta(ge=0, le=86_400)] = 3600.0
    quota_rest_s: Annotated[float, msgspec.Meta(ge=1, le=86_400)] = 300.0
    trial_lease_s: Annotated[float, msgspec.Meta(ge=0.1, le=3600)] = 10.0
    use_headers: bool = True
    window_max_s: Annotated[float, msgspec.Meta(ge=0.1, le=86_400)] = 60.0


class RateWindow(msgspec.Struct, frozen=True, gc=False):
    """What a response says is left of its sender's limits, and in how many seconds they are whole again.

    None where it does not say; a number left without a reset says nothing.
    """

    requests_left: int | None = None
    requests_reset_s: float | None = None
    tokens_left: int | None = None
    tokens_reset_s: float | None = None


_LIMITS = frozenset({FailureKind.RATE_LIMITED, FailureKind.RAMP_LIMITED})
_EXPONENT_MAX = 16
_NEVER = -math.inf


class RateLimit:
    """One provider's rest. When it is over one attempt goes first (a trial); the others follow once it is well."""

    __slots__ = (
        "_heard_until",
        "_in_a_row",
        "_options",
        "_requests_until",
        "_spent_at",
        "_tokens_until",
        "_told_by",
        "_trial",
        "_trial_until",
        "sent",
        "until",
    )

    def __init__(self, options: RateLimitOptions) -> None:
        self._options = options
        self._in_a_row = 0
        self._trial = 0
        self._trial_until = _NEVER
        self._heard_until = _NEVER
        self.until = _NEVER
        self.sent = 0
        """How many attempts have been sent; an attempt keeps its own number, to date what its response says."""
        # What the response to the attempt of that number said: no requests left after so many, until then.
        self._told_by = 0
        self._spent_at: float = math.inf
        self._requests_until = self._tokens_until = _NEVER

    def take_options_of(self, other: RateLimit) -> None:
        """Go by another's options from now on; a rest that has begun is not changed."""
        self._options = other._options

    def admissible_at(self, now: float) -> float:
        """Return when an attempt may go: not after `now` means at once."""
        if self.until == self._heard_until == self._tokens_until == _NEVER and self.sent < self._spent_at:
            return now
        return max(self.last_resort_at(now), self._heard_until, self.window_until)

    def last_resort_at(self, now: float) -> float:
        """Return when one may go that has nobody else to ask: what other workers say does not bind it."""
        return now if self.until == _NEVER else max(self.until, self._trial_until)

    def own_rest_left_s(self, now: float) -> float:
        """Return the seconds left of a rest that the provider asked this worker for; 0 if there is none."""
        return max(0.0, max(self.until, self.window_until) - now)

    @property
    def window_until(self) -> float:
        """Until when the provider's headers say that nothing is left, those sent since counted in."""
        if self.sent >= self._spent_at:
            return max(self._requests_until, self._tokens_until)
        return self._tokens_until

    def note_window(self, now: float, sent_as: int, window: RateWindow) -> None:
        """Note what a response says, to the attempt of this number. An older attempt's response is old news.

        Attempts sent after that one may not be counted in it, so they are taken off what it says is left.
        """
        if sent_as < self._told_by or not self._options.use_headers:
            return
        self._told_by = sent_as
        longest_s = self._options.window_max_s
        left, reset_s = window.requests_left, window.requests_reset_s
        if left is None or reset_s is None:
            self._spent_at, self._requests_until = math.inf, _NEVER
        else:
            self._spent_at, self._requests_until = sent_as + left, now + min(reset_s, longest_s)
        left, reset_s = window.tokens_left, window.tokens_reset_s
        spent = left is not None and left <= 0 and reset_s is not None
        self._tokens_until = now + min(reset_s or 0.0, longest_s) if spent else _NEVER

    def resting_because(self, now: float) -> str | None:
        """Say why it may not be asked now, None if it may."""
        if self.until > now:
            return "resting as it asked"
        if self.window_until > now:
            return "its headers say that nothing is left of its rate limit"
        if self._heard_until > now:
            return "resting, as another worker says"
        return "first attempt after its rest under way" if self.last_resort_at(now) > now else None

    def adopt_rest(self, now: float, left_s: float) -> None:
        """Take another worker's word for a rest; 0 says that there is none."""
        self._heard_until = now + min(left_s, self._options.retry_after_max_s) if left_s > 0.0 else _NEVER

    def begin(self, now: float) -> int:
        """Note that an attempt goes. Returns its trial number, 0 where no rest went before."""
        self.sent += 1
        if self.until == _NEVER:
            return 0
        self._trial += 1
        self._trial_until = now + self._options.trial_lease_s
        return self._trial

    def answered(self, trial: int) -> None:
        """Note that the provider served an attempt: the rest is over. Attempts from before it say nothing."""
        if self.until == _NEVER:
            self._in_a_row = 0
        elif trial and trial == self._trial:
            self._in_a_row = 0
            self.until = self._trial_until = _NEVER

    def released(self, trial: int) -> None:
        """Note that a trial ended without telling anything: the next attempt is the trial."""
        if trial and trial == self._trial:
            self._trial_until = _NEVER

    def failed(self, now: float, trial: int, failure: Failure) -> None:
        """Note a failure and the rest it asks for, if any. A nearer time never shortens a rest.

        Attempts that were on their way when the rest began say nothing about how long it should be, unless
        the provider names a time.
        """
        rest_s = self._rest_s(failure)
        if rest_s is None or (now < self.until and failure.retry_after_s is None):
            self.released(trial)
            return
        if now >= self.until:
            self._in_a_row += 1
        self._trial += 1
        self._trial_until = _NEVER
        self.until = max(self.until, now + rest_s)

    def _rest_s(self, failure: Failure) -> float | None:
        options = self._options
        if failure.kind is FailureKind.QUOTA_EXHAUSTED:
            return options.quota_rest_s
        if failure.retry_after_s is not None:
            return min(max(0.0, failure.retry_after_s), options.retry_after_max_s)
        if failure.kind in _LIMITS:
            return min(options.rest_s * 2.0 ** min(self._in_a_row, _EXPONENT_MAX), options.rest_max_s)
        return None
