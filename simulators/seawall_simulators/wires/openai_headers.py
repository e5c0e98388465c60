"""The headers OpenAI adds to its answers, and the constants that stand for what only OpenAI knows."""

from collections.abc import Callable

from seawall_simulators.draw import Draw
from seawall_simulators.wire import Headers, RateLimitState

CREATED = 1790000000
"""The one moment at which everything was created: equal requests get equal bytes."""
FINGERPRINT = "fp_5eawa11000"
VERSION_HEADERS: Headers = (
    ("openai-version", "2020-10-01"),
    ("openai-organization", "org-seawall"),
    ("openai-processing-ms", "12"),
)
UNLIMITED: Headers = (
    ("x-ratelimit-limit-requests", "30000"),
    ("x-ratelimit-limit-tokens", "150000000"),
    ("x-ratelimit-remaining-requests", "29999"),
    ("x-ratelimit-remaining-tokens", "149999990"),
    ("x-ratelimit-reset-requests", "2ms"),
    ("x-ratelimit-reset-tokens", "0s"),
)


def headers(request_id: str, model: str) -> Headers:  # noqa: ARG001  (the model is in no header)
    """The headers of every answer."""
    return (*VERSION_HEADERS, ("x-request-id", request_id))


def request_id(draw: Draw) -> str:
    """Such as `req_` and 32 hexadecimal digits."""
    return "req_" + draw.hex(32)


def rate_limit_headers(limits: RateLimitState) -> Headers:
    """Limit, remaining and reset of both allowances; one without a limit keeps its customary constants."""
    return allowances(limits, UNLIMITED, go_duration)


def allowances(limits: RateLimitState, unlimited: Headers, duration: Callable[[float], str]) -> Headers:
    """The `x-ratelimit-` headers, with resets as `duration` writes seconds."""
    if limits.limit_requests is None and limits.limit_tokens is None:
        return unlimited
    said = dict(unlimited)
    for kind, limit, remaining, reset_s in (
        ("requests", limits.limit_requests, limits.remaining_requests, limits.reset_requests_s),
        ("tokens", limits.limit_tokens, limits.remaining_tokens, limits.reset_tokens_s),
    ):
        if limit is not None:
            said[f"x-ratelimit-limit-{kind}"] = str(limit)
            said[f"x-ratelimit-remaining-{kind}"] = str(max(0, remaining))
            said[f"x-ratelimit-reset-{kind}"] = duration(reset_s)
    return tuple(said.items())


def go_duration(seconds: float) -> str:
    """A duration as Go prints it: `12ms`, `1.5s`, `6m0s`, `1h0m3s`."""
    ms = max(0, round(seconds * 1000))
    if ms < 1000:  # noqa: PLR2004
        return f"{ms}ms" if ms else "0s"
    minutes, rest_ms = divmod(ms, 60_000)
    hours, minutes = divmod(minutes, 60)
    text = f"{rest_ms / 1000:g}s"
    if hours:
        return f"{hours}h{minutes}m{text}"
    return f"{minutes}m{text}" if minutes else text
