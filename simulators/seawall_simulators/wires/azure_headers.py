"""The headers Azure adds to its answers. Resets and Retry-After are whole seconds."""

import math

from seawall_simulators.draw import Draw
from seawall_simulators.wire import Headers, RateLimitState
from seawall_simulators.wires.openai_headers import allowances

GATEWAY: Headers = (
    ("x-ms-region", "Sweden Central"),
    ("x-content-type-options", "nosniff"),
    ("strict-transport-security", "max-age=31536000; includeSubDomains; preload"),
)
UNLIMITED: Headers = (
    ("x-ratelimit-limit-requests", "10000"),
    ("x-ratelimit-limit-tokens", "1000000"),
    ("x-ratelimit-remaining-requests", "9999"),
    ("x-ratelimit-remaining-tokens", "999990"),
    ("x-ratelimit-reset-requests", "1"),
    ("x-ratelimit-reset-tokens", "1"),
)


def headers(request_id: str, model: str) -> Headers:
    """The headers of every answer; a deployment is named after its model here."""
    ids = (("apim-request-id", request_id), ("x-request-id", request_id))
    if not model or not model.isascii() or not model.isprintable():
        return (*ids, *GATEWAY)
    return (*ids, *GATEWAY, ("x-ms-rai-invoked", "true"), ("x-ms-deployment-name", model))


def request_id(draw: Draw) -> str:
    """A UUID, as all of Azure's ids are."""
    digits = draw.hex(32)
    return "-".join((digits[:8], digits[8:12], "4" + digits[13:16], "8" + digits[17:20], digits[20:]))


def rate_limit_headers(limits: RateLimitState) -> Headers:
    """Limit, remaining and reset of both allowances; one without a limit keeps its customary constants."""
    return allowances(limits, UNLIMITED, whole_seconds)


def whole_seconds(seconds: float) -> str:
    """A duration as Azure writes it."""
    return str(math.ceil(max(0.0, seconds)))
