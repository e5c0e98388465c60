"""The headers Anthropic adds to its answers, and the versions of the API that are spoken."""

from datetime import UTC, datetime, timedelta

from seawall_simulators.draw import Draw
from seawall_simulators.wire import Headers, RateLimitState

OLD_VERSION = "2023-06-01"
NEW_VERSION = "2026-10-21"
VERSIONS = (OLD_VERSION, NEW_VERSION)
ORGANIZATION: Headers = (("anthropic-organization-id", "5ea0a110-0000-4000-8000-000000000000"),)
RESET = "2026-09-21T14:13:20Z"
LIMITS = {"requests": 4000, "input-tokens": 2000000, "output-tokens": 400000, "tokens": 2400000}
UNLIMITED: Headers = tuple(
    header
    for kind, limit in LIMITS.items()
    for header in (
        (f"anthropic-ratelimit-{kind}-limit", str(limit)),
        (f"anthropic-ratelimit-{kind}-remaining", str(limit - 1 if kind == "requests" else limit)),
        (f"anthropic-ratelimit-{kind}-reset", RESET),
    )
)


def request_id(draw: Draw) -> str:
    """Such as `req_011C` and twenty letters and digits."""
    return draw.id("req_011C", 20)


def rate_limit_headers(limits: RateLimitState) -> Headers:
    """Limit, remaining and reset (RFC 3339) of each allowance; one without a limit keeps its customary constants.

    A limit on tokens is said of tokens and of input tokens alike.
    """
    if limits.limit_requests is None and limits.limit_tokens is None:
        return UNLIMITED
    said = dict(UNLIMITED)
    requests = (limits.limit_requests, limits.remaining_requests, limits.reset_requests_s)
    tokens = (limits.limit_tokens, limits.remaining_tokens, limits.reset_tokens_s)
    for kind, (limit, remaining, reset_s) in (
        ("requests", requests),
        ("input-tokens", tokens),
        ("tokens", tokens),
    ):
        if limit is not None:
            said[f"anthropic-ratelimit-{kind}-limit"] = str(limit)
            said[f"anthropic-ratelimit-{kind}-remaining"] = str(max(0, remaining))
            said[f"anthropic-ratelimit-{kind}-reset"] = moment(reset_s)
    return tuple(said.items())


def moment(seconds_from_now: float) -> str:
    """A time of day to come, in whole seconds, rounded up."""
    then = datetime.now(UTC) + timedelta(seconds=max(0.0, seconds_from_now), microseconds=999_999)
    return then.strftime("%Y-%m-%dT%H:%M:%SZ")
