"""Hosts that only the machine or its own network can reach."""

from __future__ import annotations

import ipaddress
import re

_NAMES = frozenset(
    {"localhost", "metadata", "metadata.google.internal", "instance-data", "kubernetes.default"}
)
_SUFFIXES = (
    ".localhost",
    ".local",
    ".internal",
    ".lan",
    ".home.arpa",
    ".intranet",
    ".corp",
    ".svc",
    ".cluster.local",
)
_WILDCARD_DNS = re.compile(r"(?:^|[.-])((?:\d{1,3}[.-]){3}\d{1,3})\.(?:nip\.io|sslip\.io|xip\.io)\Z")
_BYTE_MAX = 0xFF
_NUMBER = re.compile(r"(?:0[xX][0-9a-fA-F]{1,16}|\d{1,12})\Z")


def is_private_host(host: str) -> bool:
    """Tell whether `host`, a name or an address in any spelling, is not on the public internet."""
    name = host.strip("[]").rstrip(".").lower().replace("\u3002", ".")
    if name in _NAMES or name.endswith(_SUFFIXES):
        return True
    if wildcard := _WILDCARD_DNS.search(name):
        name = wildcard[1].replace("-", ".")
    address = _address(name.partition("%")[0])
    if address is None:
        return False
    mapped = getattr(address, "ipv4_mapped", None) or getattr(address, "sixtofour", None)
    return not (mapped or address).is_global or address.is_multicast


def _address(name: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(name)
    except ValueError:
        return _loose_ipv4(name)


def _loose_ipv4(name: str) -> ipaddress.IPv4Address | None:
    """Read one to four numbers, each decimal, hexadecimal or octal, as resolvers do."""
    parts = name.split(".")
    if len(parts) > 4 or not all(_NUMBER.match(part) for part in parts):  # noqa: PLR2004
        return None
    try:
        numbers = [
            int(part, 8) if part[0] == "0" and part.isdigit() and part != "0" else int(part, 0)
            for part in parts
        ]
    except ValueError:
        return None
    *heads, tail = numbers
    if any(head > _BYTE_MAX for head in heads) or tail >= 1 << (8 * (5 - len(numbers))):
        return None
    value = tail
    for place, head in enumerate(heads):
        value |= head << (24 - 8 * place)
    return ipaddress.IPv4Address(value)
