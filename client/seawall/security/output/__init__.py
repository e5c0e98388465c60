"""The output guard: `guard(text)` for whole answers, `StreamGuard` for streams. Needs the extra `security`."""

from seawall.security.output.finding import Finding, Threat
from seawall.security.output.guard import HELD_MAX, Guarded, StreamGuard, guard
from seawall.security.output.private_address import is_private_host
from seawall.security.output.url_risk import Risk, url_risk

__all__ = [
    "HELD_MAX",
    "Finding",
    "Guarded",
    "Risk",
    "StreamGuard",
    "Threat",
    "guard",
    "is_private_host",
    "url_risk",
]
