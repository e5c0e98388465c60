"""Requests and tokens per minute, as token buckets that refill continuously."""

from seawall_simulators.wire import RateLimitState

_MINUTE_S = 60.0


class Bucket:
    """Holds up to a minute's allowance and refills evenly."""

    __slots__ = ("_level", "_updated_s", "per_minute")

    def __init__(self, per_minute: int, now_s: float) -> None:
        self.per_minute = per_minute
        self._level = float(per_minute)
        self._updated_s = now_s

    def level(self, now_s: float) -> float:
        """What is left now."""
        refilled = self._level + (now_s - self._updated_s) * self.per_minute / _MINUTE_S
        self._level = min(float(self.per_minute), refilled)
        self._updated_s = max(now_s, self._updated_s)
        return self._level

    def wait_s(self, amount: float) -> float:
        """Seconds from the last look until this much is there; an amount beyond the allowance waits for all."""
        missing = min(amount, float(self.per_minute)) - self._level
        return max(0.0, missing) * _MINUTE_S / self.per_minute

    def take(self, amount: float) -> None:
        """Takes it; an amount beyond the allowance empties the bucket."""
        self._level = max(0.0, self._level - amount)


class RateLimiter:
    """Both allowances of one provider. A request is admitted by both or costs nothing."""

    def __init__(self, requests_per_minute: int | None, tokens_per_minute: int | None, now_s: float) -> None:
        self._requests = Bucket(requests_per_minute, now_s) if requests_per_minute else None
        self._tokens = Bucket(tokens_per_minute, now_s) if tokens_per_minute else None

    def admit(self, tokens: int, now_s: float) -> float | None:
        """None if the request is admitted and paid for, else the seconds until it would be."""
        wait_s = 0.0
        for bucket, amount in ((self._requests, 1), (self._tokens, tokens)):
            if bucket is not None:
                bucket.level(now_s)
                wait_s = max(wait_s, bucket.wait_s(amount))
        if wait_s > 0.0:
            return wait_s
        if self._requests is not None:
            self._requests.take(1)
        if self._tokens is not None:
            self._tokens.take(tokens)
        return None

    def state(self, now_s: float) -> RateLimitState:
        """What the headers say."""
        requests, tokens = self._requests, self._tokens
        return RateLimitState(
            limit_requests=requests.per_minute if requests else None,
            remaining_requests=int(requests.level(now_s)) if requests else 0,
            reset_requests_s=requests.wait_s(requests.per_minute) if requests else 0.0,
            limit_tokens=tokens.per_minute if tokens else None,
            remaining_tokens=int(tokens.level(now_s)) if tokens else 0,
            reset_tokens_s=tokens.wait_s(tokens.per_minute) if tokens else 0.0,
        )
