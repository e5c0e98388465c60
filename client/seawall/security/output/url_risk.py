"""What following a URL would give away or run."""

from __future__ import annotations

import base64
import binascii
import html
import re
from enum import StrEnum
from urllib.parse import SplitResult, unquote_plus, urlsplit

from seawall.security.output.private_address import is_private_host

URL_LENGTH_MAX = 1024
_VALUE_LENGTH_MAX = 120
_LABEL_LENGTH_MAX = 45
_SAFE_SCHEMES = frozenset({"", "http", "https", "mailto", "tel"})
_INVISIBLE = re.compile(r"[\x00-\x20\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]{0,31}):")
_EMAIL = re.compile(r"[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9-]{1,63}\.[A-Za-z]{2,24}")
_ASSIGNMENT = re.compile(
    r"(?i)(?:api|key|token|secret|passw|pwd|auth|cred|session|cookie|ssn|card|account|user|name|mail|phone|address)"
    r"[a-z_ .-]{0,24}[=:]"
)
_SECRET = re.compile(
    r"sk[-_](?:live|test|proj|ant)|AKIA[0-9A-Z]{12}|gh[pousr]_[A-Za-z0-9]{20}|eyJ[A-Za-z0-9_-]{10}|\d{3}-\d{2}-\d{4}"
)
_DATA_NAMES = re.compile(
    r"(?i)\A(?:d|data|secrets?|tokens?|api_?key|key|password|pwd|pass|exfil\w*|payload|leak|cookies?|e?mail|email_?address|"
    r"msg|messages?|conversation|history|chat|ctx|context|prompt|system|summary|info|content|body|text|user|username|"
    r"user_?info|ssn|card|dump|creds?|credentials?|stolen|log|session|sid|private|answer|memory|notes?|env|b64|base64|enc|encoded)\Z"
)
_TEMPLATE = re.compile(r"[{}<>]|\[[A-Z_ ]{2,}\]|\$\w")
_PACKED = re.compile(r"[A-Za-z0-9+/_-]{8,}={0,2}\Z")
_HEXADECIMAL = re.compile(r"(?:[0-9A-Fa-f]{2}){8,}\Z")
_EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,5}\Z")
_PLAIN_MIN = 0.97
_PLAIN_SIGNS = " \n\r\t_=:@.,-/+'\"{}"
_ESCAPE = re.compile(r"%(?!20)[0-9A-Fa-f]{2}")


class Risk(StrEnum):
    """Why a URL is not followed."""

    ACTIVE = "active"
    PRIVATE = "private"
    DATA = "data"


def url_risk(url: str, *, fetched: bool) -> Risk | None:
    """Return why `url` is not followed, if it is not. `fetched`: showing it is enough to request it."""
    plain = _INVISIBLE.sub("", html.unescape(url)).replace("\\", "/")
    scheme = _SCHEME.match(plain)
    if scheme and scheme[1].lower() not in _SAFE_SCHEMES:
        return Risk.ACTIVE
    try:
        parts = urlsplit(plain)
        host = parts.hostname or ""
    except ValueError:
        return Risk.ACTIVE
    if len(plain) > URL_LENGTH_MAX:
        return Risk.DATA
    if not host:
        return None
    if is_private_host(unquote_plus(host)):
        return Risk.PRIVATE
    return Risk.DATA if _carries_data(parts, fetched=fetched) else None


def _carries_data(parts: SplitResult, *, fetched: bool) -> bool:
    if parts.password or any(map(_is_data_label, _labels(parts.netloc))):
        return True
    if fetched and (parts.query or parts.username or _ESCAPE.search(parts.path)):
        return True
    segments = [_EXTENSION.sub("", unquote_plus(segment)) for segment in parts.path.split("/")]
    if fetched and _TEMPLATE.search(unquote_plus(parts.path)):
        return True
    if any(map(_is_data, segments)) or _is_data(unquote_plus(parts.fragment)):
        return True
    for pair in parts.query.split("&"):
        name, equals, value = pair.partition("=")
        if (equals and value and _DATA_NAMES.match(unquote_plus(name))) or _is_data(
            unquote_plus(value or name)
        ):
            return True
    return False


def _labels(netloc: str) -> list[str]:
    """Return the labels of a host below its registered name, in the case they were written in."""
    return netloc.rpartition("@")[2].partition(":")[0].split(".")[:-2]


def _is_data_label(label: str) -> bool:
    return len(label) > _LABEL_LENGTH_MAX or _unpacks(label)


def _is_data(value: str) -> bool:
    if len(value) > _VALUE_LENGTH_MAX or _unpacks(value) or is_card_number(value):
        return True
    return any(pattern.search(value) for pattern in (_EMAIL, _ASSIGNMENT, _SECRET))


def is_card_number(value: str) -> bool:
    """Tell whether the digits of a value are a payment card's."""
    digits = re.sub(r"[ -]", "", value)
    if not re.fullmatch(r"[3-6]\d{12,18}", digits):
        return False
    doubled = [int(digit) * (2 - place % 2) for place, digit in enumerate(reversed(digits), start=1)]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0  # noqa: PLR2004


def _unpacks(value: str) -> bool:
    """Tell whether the value is text in base64 or hexadecimal."""
    if _HEXADECIMAL.match(value):
        return _is_text(bytes.fromhex(value))
    if not _PACKED.match(value) or not re.search(r"[a-z]", value) or not re.search(r"[A-Z]", value):
        return False
    packed = value.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return _is_text(base64.b64decode(packed + "=" * (-len(packed) % 4)))
    except (binascii.Error, ValueError):
        return False


def _is_text(data: bytes) -> bool:
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return False
    plain = sum(char.isalnum() or char in _PLAIN_SIGNS for char in text)
    return plain >= _PLAIN_MIN * len(text) > 0
