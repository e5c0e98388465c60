"""Network addresses: IPv4, IPv6 and MAC."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

from seawall.security.finding import Finding, Kind
from seawall.security.folded_text import FoldedText
from seawall.security.linear_pattern import LinearPattern
from seawall.security.pii.cue import Cue

V4 = LinearPattern(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}")
V6 = LinearPattern(r"(?:[0-9A-Fa-f]{0,4}:){2,7}[0-9A-Fa-f.]{0,15}")
MAC = LinearPattern(
    r"[0-9A-Fa-f]{2}(?::[0-9A-Fa-f]{2}){5}|[0-9A-Fa-f]{2}(?:-[0-9A-Fa-f]{2}){5}|[0-9A-Fa-f]{4}(?:\.[0-9A-Fa-f]{4}){2}"
)
VERSION = Cue(
    r"v|ver|vers|version|versions|release|released|upgrade|upgraded|update|section|chapter|build|firmware|rfc|kernel|driver|oid|clause"
)
_WORDLESS = ("0", "255")


def find_network_addresses(text: FoldedText) -> Iterator[Finding]:
    """Yield IP and MAC addresses that point at a machine: not loopback, netmasks or broadcast."""
    shadow = text.shadow
    if b"." in shadow:
        for start, end in V4.spans(shadow):
            if _is_v4(text, start, end):
                yield Finding(start, end, Kind.IP_ADDRESS, 0.95, "network.ipv4")
    if b":" in shadow:
        for start, end in V6.spans(shadow):
            yield from _v6(text, start, end)
    for start, end in MAC.spans(shadow):
        if _is_mac(text, start, end):
            yield Finding(start, end, Kind.MAC_ADDRESS, 0.97, "network.mac")


def _is_v4(text: FoldedText, start: int, end: int) -> bool:
    octets = text.shadow[start:end].split(b".")
    if any(int(octet) > 255 or (len(octet) > 1 and octet[:1] == b"0") for octet in octets):  # noqa: PLR2004
        return False
    if not text.stands_alone(start, end) or text.touches_digit(start, end):
        return False
    first, last = int(octets[0]), int(octets[3])
    if first in (0, 127) or (first == 255 and last in (0, 255)):  # noqa: PLR2004
        return False
    return not VERSION.nearness(text, start, reach=12)


def _v6(text: FoldedText, start: int, end: int) -> Iterator[Finding]:
    shadow = text.shadow
    if shadow[end - 1 : end] == b".":
        end -= 1
    if shadow[end - 1 : end] == b":" and shadow[end - 2 : end] != b"::":
        end -= 1
    if (
        not text.stands_alone(start, end)
        or shadow[start - 1 : start] == b":"
        or shadow[end : end + 1] == b":"
    ):
        return
    piece = shadow[start:end].decode("latin-1")
    groups = [group for group in piece.split(":") if group]
    if len(groups) < 3 and not any(char.isdigit() for group in groups[:-1] for char in group):  # noqa: PLR2004
        return  # `ab::cd` is a name in C++, Ruby and Rust
    try:
        address = ipaddress.IPv6Address(piece)
    except ValueError:
        return
    if not (address.is_loopback or address.is_unspecified):
        yield Finding(start, end, Kind.IP_ADDRESS, 0.95, "network.ipv6")


def _is_mac(text: FoldedText, start: int, end: int) -> bool:
    shadow = text.shadow
    separator = shadow[start + 2 : start + 3]
    digits = shadow[start:end].replace(b":", b"").replace(b"-", b"").replace(b".", b"").lower()
    alone = text.stands_alone(start, end)
    chained = shadow[start - 1 : start] == separator or (
        shadow[end : end + 1] == separator and shadow[end + 1 : end + 2].isalnum()
    )
    return alone and not chained and digits.strip(b"0f") != b""
