"""No test reaches beyond loopback: every Python process of a test run loads this before anything else.

Standard library only, since mitmproxy's interpreter loads it too. An attempt is refused and written down, so
that code which swallows the refusal does not hide it from the test.
"""

import ipaddress
import os
import sys
import traceback

LOG_VARIABLE = "SEAWALL_TEST_LOOPBACK_LOG"
EVENTS = frozenset({"socket.connect", "socket.sendto", "socket.getaddrinfo"})
NAMES = frozenset({"", "localhost", "localhost.localdomain", "ip6-localhost"})


class BeyondLoopbackError(OSError):
    """A socket was about to leave this machine."""


def is_loopback(host):
    """Whether `host`, an address or a name, stays on this machine without asking a name server."""
    if host is None:
        return True
    if isinstance(host, bytes):
        host = host.decode("ascii", "replace")
    if not isinstance(host, str):
        return True
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host.lower() in NAMES
    return address.is_loopback or address.is_unspecified


def target(event, args):
    """The host that an audited socket event is about."""
    if event == "socket.getaddrinfo":
        return args[0]
    address = args[1]
    return address[0] if isinstance(address, tuple) else None


def guard(event, args):
    """Audit hook: refuse, and record, what would leave loopback."""
    if event not in EVENTS:
        return
    host = target(event, args)
    if is_loopback(host):
        return
    log = os.environ.get(LOG_VARIABLE)
    if log:
        where = " < ".join(
            f"{f.filename}:{f.lineno}" for f in reversed(traceback.extract_stack(limit=8)[:-1])
        )
        with open(log, "a", encoding="utf-8") as file:
            file.write(f"{event} {host!r} by {os.path.basename(sys.executable)} at {where}\n")
    raise BeyondLoopbackError(f"a test tried to reach {host!r}: only loopback is allowed")


sys.addaudithook(guard)
