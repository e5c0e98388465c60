"""Wallet addresses of crypto-currencies."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from seawall.security.finding import Finding, Kind
from seawall.security.folded_text import FoldedText
from seawall.security.linear_pattern import LinearPattern

ETHEREUM = LinearPattern(r"0x[0-9a-fA-F]{40}")
BITCOIN = LinearPattern(r"[13][1-9A-HJ-NP-Za-km-z]{25,34}|(?:bc1|BC1)[ac-hj-np-zAC-HJ-NP-Z02-9]{11,71}")
_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_BECH32_GENERATOR = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_BECH32_CHECKS = (1, 0x2BC830A3)  # bech32, bech32m


def find_wallets(text: FoldedText) -> Iterator[Finding]:
    """Yield Ethereum addresses, and Bitcoin addresses with a valid checksum."""
    if b"0x" in text.shadow:
        for start, end in ETHEREUM.spans(text.shadow):
            if text.stands_alone(start, end):
                yield Finding(start, end, Kind.CRYPTO, 0.9, "wallet.ethereum")
    for start, end in BITCOIN.spans(text.shadow):
        if text.stands_alone(start, end) and _is_bitcoin(text.shadow[start:end].decode()):
            yield Finding(start, end, Kind.CRYPTO, 0.99, "wallet.bitcoin")


def _is_bitcoin(address: str) -> bool:
    return _is_bech32(address.lower()) if address[:3].lower() == "bc1" else _is_base58check(address)


def _is_base58check(address: str) -> bool:
    number = 0
    for char in address:
        number = number * 58 + _BASE58.index(char)
    if number.bit_length() > 200:  # noqa: PLR2004
        return False
    payload = number.to_bytes(25, "big")
    return hashlib.sha256(hashlib.sha256(payload[:21]).digest()).digest()[:4] == payload[21:]


def _is_bech32(address: str) -> bool:
    values = [ord(char) >> 5 for char in "bc"] + [0] + [ord(char) & 31 for char in "bc"]
    check = 1
    for value in values + [_BECH32.index(char) for char in address[3:]]:
        top = check >> 25
        check = (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_BECH32_GENERATOR):
            check ^= generator if top >> bit & 1 else 0
    return check in _BECH32_CHECKS
