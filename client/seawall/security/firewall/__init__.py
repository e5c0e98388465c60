"""The injection firewall: `Firewall().scan(text, channel)`. Needs the extra `security`."""

from seawall.security.firewall.firewall import Firewall, FirewallOptions, Thresholds, WhenExceeded
from seawall.security.firewall.readings import ReadingLimits
from seawall.security.firewall.verdict import Action, Channel, Finding, Verdict

__all__ = [
    "Action",
    "Channel",
    "Finding",
    "Firewall",
    "FirewallOptions",
    "ReadingLimits",
    "Thresholds",
    "Verdict",
    "WhenExceeded",
]
